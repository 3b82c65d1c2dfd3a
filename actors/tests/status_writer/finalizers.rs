//! Our finalizer among those of others.

use reconcile::Reason;
use serde_json::json;
use sluice_actors::FINALIZER;
use sluice_actors::cluster::WriteError;

use crate::cluster::Kind;
use crate::scene::{key, object, play, ready};

#[tokio::test(start_paused = true)]
async fn our_finalizer_is_added_behind_those_of_others_and_once() {
    play(async |scene| {
        let mut held = object("app");
        held["metadata"]["finalizers"] = json!(["b.example.com/x", "a.example.com/x"]);
        let app = scene.given(held).await;

        scene.add_finalizer(&app).await.unwrap();
        scene.add_finalizer(&app).await.unwrap();

        let finalizers = scene.cluster.object(&key("app"))["metadata"]["finalizers"].clone();
        assert_eq!(finalizers, json!(["b.example.com/x", "a.example.com/x", FINALIZER]));
        assert_eq!(scene.cluster.transcript(), ["Object default/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn our_finalizer_is_removed_without_those_of_others() {
    play(async |scene| {
        let mut held = object("app");
        held["metadata"]["finalizers"] = json!(["b.example.com/x", FINALIZER, "a.example.com/x"]);
        let app = scene.given(held).await;

        scene.remove_finalizer(&app).await.unwrap();
        scene.remove_finalizer(&app).await.unwrap();

        let finalizers = scene.cluster.object(&key("app"))["metadata"]["finalizers"].clone();
        assert_eq!(finalizers, json!(["b.example.com/x", "a.example.com/x"]));
        assert_eq!(scene.cluster.transcript(), ["Object default/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_keeps_the_finalizer_that_somebody_else_added_meanwhile() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.change(&key("app"), |object| {
            object["metadata"]["finalizers"] = json!(["example.com/x"]);
        });

        scene.add_finalizer(&app).await.unwrap();

        let finalizers = scene.cluster.object(&key("app"))["metadata"]["finalizers"].clone();
        assert_eq!(finalizers, json!(["example.com/x", FINALIZER]));
        assert_eq!(
            scene.cluster.transcript(),
            ["Object default/app", "Get default/app", "Object default/app"]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_finalizer_is_given_up_after_five_conflicts_and_can_be_asked_for_again() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for _ in 0..5 {
            scene.cluster.fail(Kind::Object, WriteError::Conflict);
        }

        let failure = scene.add_finalizer(&app).await.unwrap_err();

        assert_eq!(failure.reason, Reason::PatchOperationFailed);
        assert_eq!(scene.cluster.of(Kind::Object).len(), 5);
        scene.cluster.fail(Kind::Object, WriteError::Conflict);
        scene.add_finalizer(&app).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_has_no_finalizer_to_remove_and_takes_none() {
    play(async |scene| {
        let mut held = object("app");
        held["metadata"]["finalizers"] = json!([FINALIZER]);
        let (gone, other) = (scene.given(held).await, scene.given(object("other")).await);
        scene.cluster.delete(&key("app"));
        scene.cluster.delete(&key("other"));

        scene.remove_finalizer(&gone).await.unwrap();
        let failure = scene.add_finalizer(&other).await.unwrap_err();

        assert_eq!(failure.message, "the object is gone");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_finalizer_that_cannot_be_written_fails_its_asker_at_once() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        let busy = WriteError::Busy { message: "too many requests".to_owned(), retry_after: None };
        for error in [WriteError::Failed("connection refused".to_owned()), WriteError::NotLeader, busy] {
            scene.cluster.fail(Kind::Object, error.clone());

            let failure = scene.add_finalizer(&app).await.unwrap_err();

            assert_eq!((failure.reason, failure.message), (Reason::PatchOperationFailed, error.to_string()));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_finalizer_goes_before_a_status_that_waits_for_its_back_off() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Status, WriteError::Failed("connection refused".to_owned()));
        scene.write(&app, ready("v1")).await;
        scene.pass(std::time::Duration::from_millis(100)).await;

        scene.add_finalizer(&app).await.unwrap();
        scene.pass(std::time::Duration::from_millis(100)).await;

        let expected = ["Status default/app", "Object default/app", "Status default/app"];
        assert_eq!(scene.cluster.transcript(), expected);
    })
    .await;
}
