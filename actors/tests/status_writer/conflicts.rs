//! Other writers of the same object, and other lives of it.

use std::time::Duration;

use reconcile::Status;
use serde_json::json;
use sluice_actors::Object;
use sluice_actors::cluster::WriteError;

use crate::cluster::Kind;
use crate::scene::{key, news, object, play, ready};

#[tokio::test(start_paused = true)]
async fn a_conflict_costs_one_read_and_keeps_a_foreign_condition() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        let foreign = json!({
            "type": "ExampleChecked", "status": "True", "reason": "Looked", "message": "by somebody else",
            "lastTransitionTime": "2025-12-31T00:00:00Z",
        });
        let condition = foreign.clone();
        scene.cluster.change(&key("app"), |object| {
            object["status"]["conditions"] = json!([condition]);
        });

        scene.write(&app, ready("v1")).await;
        scene.rest().await;

        assert_eq!(
            scene.cluster.transcript(),
            ["Status default/app", "Get default/app", "Status default/app"]
        );
        let conditions = scene.cluster.object(&key("app"))["status"]["conditions"].clone();
        let kinds: Vec<_> = conditions.as_array().unwrap().iter().map(|one| one["type"].clone()).collect();
        assert_eq!(kinds, ["Ready", "ArtifactInStorage", "ExampleChecked"]);
        assert_eq!(conditions[2], foreign);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_settled_by_a_newer_observation_without_a_read() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.change(&key("app"), |object| {
            object["metadata"]["labels"] = json!({ "team": "a" });
        });
        let newer = Object::parse(&scene.cluster.object(&key("app"))).unwrap().into();

        scene.write(&app, ready("v1")).await;
        scene.observe(&newer).await;
        scene.rest().await;

        assert_eq!(scene.cluster.transcript(), ["Status default/app", "Status default/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_is_faster_is_tried_less_and_less_often() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for _ in 0..4 {
            scene.cluster.fail(Kind::Status, WriteError::Conflict);
        }

        scene.write(&app, ready("v1")).await;
        scene.pass(Duration::from_secs(2)).await;

        let times: Vec<_> = scene.cluster.of(Kind::Status).iter().map(|write| write.at).collect();
        let gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
        // A conflict and a read take 10 ms each; the first one is followed up without a pause.
        assert_eq!(gaps.len(), 4);
        for (gap, pause) in gaps.iter().zip([0, 100, 200, 400]) {
            assert!((20 + pause..25 + pause).contains(gap), "{gaps:?}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_status_of_an_object_that_is_gone_is_given_up() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.delete(&key("app"));

        scene.write(&app, ready("v1")).await;
        scene.flush().await;
        scene.pass(Duration::from_secs(100)).await;

        assert_eq!(scene.cluster.transcript(), ["Status default/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_status_never_reaches_another_life_of_its_object() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        let mut reborn = object("app");
        reborn["metadata"]["uid"] = json!("another");
        scene.cluster.put(reborn);

        scene.write(&app, ready("v1")).await;
        scene.flush().await;

        assert_eq!(scene.cluster.transcript(), ["Status default/app", "Get default/app"]);
        assert_eq!(scene.cluster.object(&key("app"))["status"]["observedGeneration"], -1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_an_earlier_life_is_not_heard() {
    play(async |scene| {
        let old = scene.given(object("app")).await;
        let mut reborn = object("app");
        reborn["metadata"]["uid"] = json!("another");
        let new = scene.given(reborn).await;

        scene.write(&old, ready("v1")).await;
        scene.announce(&old, vec![news("old")]).await;
        scene.forget(&old).await;
        scene.remove_finalizer(&old).await.unwrap();
        scene.write(&new, ready("v2")).await;
        scene.rest().await;

        assert_eq!(scene.cluster.transcript(), ["Status default/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_never_observed_is_read_first() {
    play(async |scene| {
        let app = Object::parse(&scene.cluster.put(object("app"))).unwrap();

        scene.write(&app, Status { observed_generation: 1, ..Status::default() }).await;
        scene.rest().await;

        assert_eq!(scene.cluster.transcript(), ["Get default/app", "Status default/app"]);
    })
    .await;
}
