//! Another operator that writes the same object: it is told of once, and has the object after the second time (D46).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluice_actors::Object;

use crate::cluster::Kind;
use crate::scene::{Scene, key, news, object, play, ready, reconciling};

/// That of the objects here.
const INTERVAL: Duration = Duration::from_mins(10);

/// Another operator's pass over the object, as the watch shows it.
async fn take_over(scene: &Scene, name: &str) -> Arc<Object> {
    let number = scene.cluster.requests().len();
    scene.cluster.change(&key(name), |object| {
        object["status"]["artifact"]["url"] = json!(format!("http://other/{number}.tar.gz"));
    });
    scene.show(name).await
}

/// One that another operator has taken over at each of two passes.
async fn left(scene: &Scene, name: &str) -> Arc<Object> {
    let object = scene.owned(name).await;
    take_over(scene, name).await;
    scene.write(&object, ready("v1")).await;
    scene.pass(INTERVAL).await;
    take_over(scene, name).await;
    scene.rest().await;
    object
}

fn artifact(scene: &Scene, name: &str) -> Value {
    scene.cluster.object(&key(name))["status"]["artifact"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_take_over_is_told_once_and_written_over() {
    play(async |scene| {
        let app = scene.owned("app").await;

        take_over(&scene, "app").await;
        scene.rest().await;
        scene.write(&app, ready("v1")).await;
        scene.rest().await;
        scene.show("app").await;
        scene.pass(INTERVAL).await;

        let told: Vec<_> = scene.cluster.of(Kind::Event).into_iter().map(|event| event.about).collect();
        assert_eq!(told, ["OwnershipConflict x1"]);
        assert_eq!(scene.cluster.of(Kind::Notification).len(), 1);
        assert_eq!((scene.counters.ownership_conflicts(), scene.counters.left()), (1, 0));
        assert_eq!(artifact(&scene, "app")["url"], ready("v1").artifact.unwrap().url);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn after_the_second_take_over_nothing_is_written_or_told() {
    play(async |scene| {
        let app = left(&scene, "app").await;
        let before = scene.cluster.transcript();

        for revision in ["v2", "v3"] {
            scene.progress(&app, reconciling()).await;
            scene.write(&app, ready(revision)).await;
            scene.announce(&app, vec![news("stored")]).await;
            scene.pass(INTERVAL).await;
            take_over(&scene, "app").await;
        }

        let about: Vec<_> = scene.cluster.of(Kind::Event).into_iter().map(|event| event.about).collect();
        assert_eq!(about, ["OwnershipConflict x1"]);
        assert_eq!(scene.cluster.transcript(), before);
        assert_eq!((scene.counters.ownership_conflicts(), scene.counters.left()), (2, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_second_take_over_after_more_than_two_intervals_is_a_first_one() {
    play(async |scene| {
        let app = scene.owned("app").await;
        take_over(&scene, "app").await;
        scene.write(&app, ready("v1")).await;
        scene.pass(3 * INTERVAL).await;

        take_over(&scene, "app").await;
        scene.write(&app, ready("v1")).await;
        scene.rest().await;

        assert_eq!((scene.counters.ownership_conflicts(), scene.counters.left()), (2, 0));
        assert_eq!(artifact(&scene, "app")["url"], ready("v1").artifact.unwrap().url);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_label_brings_the_newest_draft_back_at_once_and_no_progress() {
    play(async |scene| {
        let app = left(&scene, "app").await;
        scene.write(&app, ready("v2")).await;
        scene.progress(&app, reconciling()).await;
        scene.rest().await;
        assert_ne!(artifact(&scene, "app")["revision"], "v2");

        scene.cluster.change(&key("app"), |object| object["metadata"]["labels"] = json!({ "team": "a" }));
        scene.show("app").await;
        scene.rest().await;

        assert_eq!(artifact(&scene, "app")["revision"], "v2");
        assert_eq!(scene.counters.left(), 0);
        scene.announce(&app, vec![news("stored")]).await;
        scene.rest().await;
        assert_eq!(scene.cluster.of(Kind::Event).last().unwrap().about, "NewArtifact x1");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_label_brings_our_last_status_back_where_nothing_newer_was_drafted() {
    play(async |scene| {
        left(&scene, "app").await;

        scene.cluster.change(&key("app"), |object| object["metadata"]["labels"] = json!({ "team": "a" }));
        scene.show("app").await;
        scene.rest().await;

        let status = &scene.cluster.object(&key("app"))["status"];
        assert_eq!(status["artifact"]["url"], ready("v1").artifact.unwrap().url);
        assert_eq!(status["conditions"][0]["type"], "Ready");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_new_generation_ends_the_silence_and_what_was_drafted_before_it() {
    play(async |scene| {
        let app = left(&scene, "app").await;
        scene.write(&app, ready("v2")).await;
        scene.rest().await;
        let writes = scene.cluster.of(Kind::Status).len();

        scene.cluster.change(&key("app"), |object| object["metadata"]["generation"] = json!(2));
        scene.show("app").await;
        scene.rest().await;
        assert_eq!(scene.cluster.of(Kind::Status).len(), writes);
        scene.write(&app, ready("v3")).await;
        scene.rest().await;

        assert_eq!(artifact(&scene, "app")["revision"], "v3");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_left_once_may_be_left_again() {
    play(async |scene| {
        let app = left(&scene, "app").await;
        scene.cluster.change(&key("app"), |object| object["metadata"]["labels"] = json!({ "team": "a" }));
        scene.show("app").await;
        scene.rest().await;

        take_over(&scene, "app").await;
        scene.write(&app, ready("v1")).await;
        scene.pass(INTERVAL).await;
        take_over(&scene, "app").await;
        scene.write(&app, ready("v1")).await;
        scene.rest().await;

        assert_eq!((scene.counters.ownership_conflicts(), scene.counters.left()), (4, 1));
        assert_ne!(artifact(&scene, "app")["url"], ready("v1").artifact.unwrap().url);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_what_is_not_written() {
    play(async |scene| {
        let app = left(&scene, "app").await;
        scene.write(&app, ready("v2")).await;
        let before = scene.cluster.requests().len();

        scene.flush().await;

        assert_eq!(scene.cluster.requests().len(), before);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn our_finalizer_is_put_on_and_taken_off_all_the_same() {
    play(async |scene| {
        let app = left(&scene, "app").await;
        scene.write(&app, ready("v2")).await;
        let writes = scene.cluster.of(Kind::Status).len();

        scene.add_finalizer(&app).await.unwrap();
        assert_eq!(
            scene.cluster.object(&key("app"))["metadata"]["finalizers"],
            json!(["finalizers.fluxcd.io"])
        );
        scene.remove_finalizer(&app).await.unwrap();

        assert_eq!(scene.cluster.object(&key("app"))["metadata"]["finalizers"], json!([]));
        assert_eq!(scene.cluster.of(Kind::Status).len(), writes);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_or_reborn_is_left_to_nobody() {
    play(async |scene| {
        let one = left(&scene, "one").await;
        left(&scene, "two").await;
        assert_eq!(scene.counters.left(), 2);

        scene.forget(&one).await;
        assert_eq!(scene.counters.left(), 1);
        let mut reborn = object("two");
        reborn["metadata"]["uid"] = json!("another");
        let reborn = scene.given(reborn).await;
        scene.write(&reborn, ready("v2")).await;
        scene.rest().await;

        assert_eq!(scene.counters.left(), 0);
        assert_eq!(artifact(&scene, "two")["revision"], "v2");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_waits_for_a_server_is_held_back_when_the_object_is_left() {
    play(async |scene| {
        let app = scene.owned("app").await;
        take_over(&scene, "app").await;
        scene.write(&app, ready("v1")).await;
        scene.pass(INTERVAL).await;
        for _ in 0..2 {
            let away = sluice_actors::cluster::WriteError::NotLeader;
            scene.cluster.fail(Kind::Status, away);
        }
        scene.write(&app, ready("v2")).await;
        scene.rest().await;
        let writes = scene.cluster.of(Kind::Status).len();

        take_over(&scene, "app").await;
        scene.flush().await;
        scene.pass(INTERVAL).await;

        assert_eq!(scene.cluster.of(Kind::Status).len(), writes);
    })
    .await;
}
