//! Whose a change of an artifact is: what is ours, late or lost, and what is a hand-over, is no conflict (D46).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluice_actors::Object;
use sluice_actors::cluster::WriteError;

use crate::cluster::{Kind, LATENCY};
use crate::scene::{Scene, key, object, play, ready, reconciling};

/// Longer than what counts as one take-over, and much shorter than two intervals.
const LATER: Duration = Duration::from_secs(5);

fn edit(scene: &Scene, url: &str) {
    scene.cluster.change(&key("app"), |object| object["status"]["artifact"]["url"] = json!(url));
}

/// The object as upstream has it before it is ours.
fn of_upstream(revision: &str) -> Value {
    let mut theirs = object("app");
    theirs["status"]["artifact"] = json!({
        "digest": "sha256:cd", "path": "ocirepository/default/app/sha256:cd.tar.gz", "revision": revision,
        "url": "http://localhost/ocirepository/default/app/sha256:cd.tar.gz", "size": 8,
        "lastUpdateTime": "2025-12-31T00:00:00Z",
    });
    theirs
}

#[tokio::test(start_paused = true)]
async fn a_write_of_ours_that_is_seen_before_its_answer_is_ours() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.answer_after(LATER);

        for revision in ["v1", "v2", "v3"] {
            scene.write(&app, ready(revision)).await;
            scene.pass(2 * LATENCY).await;
            scene.show("app").await;
            scene.pass(LATER).await;
            scene.show("app").await;
        }

        assert_eq!(scene.cluster.of(Kind::Status).len(), 3);
        assert_eq!(scene.counters.ownership_conflicts(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn writes_of_ours_that_are_seen_late_and_out_of_order_are_ours() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        let mut seen: Vec<Arc<Object>> = vec![Arc::clone(&app)];
        for revision in ["v1", "v2", "v3"] {
            scene.write(&app, ready(revision)).await;
            scene.rest().await;
            seen.push(Arc::new(Object::parse(&scene.cluster.object(&key("app"))).unwrap()));
        }

        for object in seen.iter().chain(seen.iter().rev()) {
            scene.observe(object).await;
            scene.pass(LATER).await;
        }

        assert_eq!(scene.counters.ownership_conflicts(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_ours_and_hides_one_change_only() {
    play(async |scene| {
        let app = scene.owned("app").await;
        scene.cluster.lose_answer();

        scene.write(&app, ready("v2")).await;
        scene.flush().await;
        scene.show("app").await;

        let expected = ["v1", "v2", "v2"].map(|revision| json!(revision));
        let patches = scene.cluster.of(Kind::Status);
        let revisions: Vec<_> =
            patches.iter().map(|patch| patch.body["status"]["artifact"]["revision"].clone()).collect();
        assert_eq!(revisions, expected);
        assert_eq!(scene.counters.ownership_conflicts(), 0);
        edit(&scene, "http://other/");
        scene.show("app").await;
        assert_eq!(scene.counters.ownership_conflicts(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_ends_in_a_write_hides_no_take_over() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for _ in 0..3 {
            scene.cluster.fail(Kind::Status, WriteError::Failed("connection refused".to_owned()));
        }
        scene.write(&app, ready("v1")).await;
        scene.flush().await;

        edit(&scene, "http://other/");
        scene.show("app").await;

        assert_eq!(scene.counters.ownership_conflicts(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_conflict_brings_to_light_is_judged_once() {
    play(async |scene| {
        let app = scene.owned("app").await;
        edit(&scene, "http://other/");

        scene.write(&app, ready("v2")).await;
        scene.rest().await;
        scene.pass(LATER).await;
        scene.show("app").await;

        assert_eq!(scene.cluster.of(Kind::Get).len(), 1);
        assert_eq!(scene.counters.ownership_conflicts(), 1);
        assert_eq!(scene.cluster.object(&key("app"))["status"]["artifact"]["revision"], "v2");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_change_by_another_that_is_seen_while_our_write_fails_is_theirs() {
    play(async |scene| {
        let app = scene.owned("app").await;
        edit(&scene, "http://other/");

        scene.write(&app, ready("v2")).await;
        scene.show("app").await;
        assert_eq!(scene.counters.ownership_conflicts(), 0);
        scene.rest().await;

        assert_eq!(scene.counters.ownership_conflicts(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_change_by_another_right_after_our_write_is_theirs_though_it_is_seen_before_the_answer() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.answer_after(LATER);
        scene.write(&app, ready("v1")).await;
        scene.pass(2 * LATENCY).await;

        edit(&scene, "http://other/");
        scene.show("app").await;
        scene.pass(LATER).await;

        assert_eq!(scene.counters.ownership_conflicts(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn edits_of_everything_but_the_artifact_are_no_conflict() {
    play(async |scene| {
        let app = scene.owned("app").await;

        let edits: [fn(&mut Value); 5] = [
            |object| object["spec"]["interval"] = json!("5m"),
            |object| object["metadata"]["labels"] = json!({ "team": "a" }),
            |object| object["metadata"]["annotations"] = json!({ "reconcile.fluxcd.io/requestedAt": "now" }),
            |object| object["metadata"]["finalizers"] = json!(["example.com/held"]),
            |object| object["status"]["conditions"] = json!([]),
        ];
        for change in edits {
            scene.cluster.change(&key("app"), change);
            scene.write(&app, ready("v1")).await;
            scene.pass(LATER).await;
            scene.show("app").await;
        }

        assert_eq!(scene.counters.ownership_conflicts(), 0);
        assert_eq!(scene.cluster.of(Kind::Event).len(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_upstream_or_a_former_leader_of_ours_writes_last_is_a_hand_over() {
    play(async |scene| {
        scene.given(of_upstream("v1")).await;
        scene.cluster.change(&key("app"), |object| {
            object["status"]["artifact"] = Value::Null;
        });
        scene.pass(LATER).await;
        let app = scene.show("app").await;
        scene.given(of_upstream("v2")).await;
        scene.pass(LATER).await;
        scene.given(of_upstream("v3")).await;

        scene.progress(&app, reconciling()).await;
        scene.write(&app, ready("v3")).await;
        scene.rest().await;
        scene.show("app").await;

        assert_eq!(scene.counters.ownership_conflicts(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_former_leaders_write_that_we_learn_of_by_a_conflict_is_a_hand_over() {
    play(async |scene| {
        let app = scene.given(of_upstream("v1")).await;
        scene.cluster.put(of_upstream("v2"));

        scene.write(&app, ready("v2")).await;
        scene.rest().await;
        scene.show("app").await;

        assert_eq!(
            scene.cluster.transcript(),
            ["Status default/app", "Get default/app", "Status default/app"]
        );
        assert_eq!(scene.counters.ownership_conflicts(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_recreated_or_returns_to_our_shard_begins_anew() {
    play(async |scene| {
        scene.owned("app").await;

        let mut reborn = of_upstream("v1");
        reborn["metadata"]["uid"] = json!("another");
        let reborn = scene.given(reborn).await;
        scene.pass(LATER).await;
        scene.write(&reborn, ready("v1")).await;
        scene.rest().await;
        scene.forget(&reborn).await;
        edit(&scene, "http://other/");
        scene.pass(LATER).await;
        scene.show("app").await;

        assert_eq!(scene.counters.ownership_conflicts(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_artifact_that_is_taken_off_a_deleted_object_is_nobodys_take_over() {
    play(async |scene| {
        scene.owned("app").await;

        scene.cluster.change(&key("app"), |object| {
            object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:01Z");
            object["status"]["artifact"] = Value::Null;
        });
        scene.show("app").await;

        assert_eq!(scene.counters.ownership_conflicts(), 0);
    })
    .await;
}
