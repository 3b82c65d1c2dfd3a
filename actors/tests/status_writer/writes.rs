//! How often a status is written, and in what order.

use std::time::Duration;

use serde_json::json;

use crate::cluster::Kind;
use crate::scene::{key, news, object, play, ready, reconciling};

#[tokio::test(start_paused = true)]
async fn a_new_object_costs_a_finalizer_a_status_and_an_event() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        scene.add_finalizer(&app).await.unwrap();
        scene.write(&app, ready("v1")).await;
        scene.announce(&app, vec![news("stored")]).await;
        scene.rest().await;

        let expected =
            ["Object default/app", "Status default/app", "Notification stored", "Event NewArtifact x1"];
        assert_eq!(scene.cluster.transcript(), expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_there_already_is_not_written() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.write(&app, ready("v1")).await;
        scene.rest().await;

        scene.write(&app, ready("v1")).await;
        scene.rest().await;

        assert_eq!(scene.cluster.transcript(), ["Status default/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn after_statuses_that_were_there_another_one_is_written_and_a_foreign_change_is_written_over() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for revision in ["v1", "v1", "v1", "v2", "v2"] {
            scene.write(&app, ready(revision)).await;
            scene.rest().await;
        }

        scene.cluster.change(&key("app"), |object| object["status"]["observedGeneration"] = json!(7));
        scene.show("app").await;
        scene.write(&app, ready("v2")).await;
        scene.rest().await;

        let written = scene.cluster.of(Kind::Status).into_iter().map(|write| write.body["status"].clone());
        let changed: Vec<_> = written.map(|status| status["artifact"]["revision"].clone()).collect();
        assert_eq!(changed, [json!("v1"), json!("v2"), json!(null)]);
        assert_eq!(scene.cluster.object(&key("app"))["status"]["observedGeneration"], 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_the_api_server_prunes_is_sent_once() {
    play(async |scene| {
        scene.cluster.prune("sourceVerificationFingerprint");
        let app = scene.given(object("app")).await;
        let mut status = ready("v1");
        status.fingerprint = Some("sha256:cd".to_owned());

        for _ in 0..3 {
            scene.write(&app, status.clone()).await;
            scene.rest().await;
        }

        assert_eq!(scene.cluster.transcript(), ["Status default/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_the_drafts_that_wait_for_a_write_the_latest_wins() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        for revision in ["v1", "v2", "v3", "v4"] {
            scene.write(&app, ready(revision)).await;
        }
        scene.rest().await;

        let written: Vec<_> = scene.cluster.of(Kind::Status);
        let revisions: Vec<_> =
            written.iter().map(|write| write.body["status"]["artifact"]["revision"].clone()).collect();
        assert_eq!(revisions, [json!("v1"), json!("v4")]);
        assert_eq!(scene.counters.superseded(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_does_not_take_the_place_of_a_final_draft() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        scene.write(&app, ready("v1")).await;
        scene.progress(&app, reconciling()).await;
        scene.rest().await;

        let status = scene.cluster.object(&key("app"))["status"].clone();
        assert_eq!(status["conditions"][0]["type"], "Ready");
        assert_eq!(scene.cluster.transcript().len(), 1);
        assert_eq!(scene.counters.progress_dropped(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_is_dropped_while_writes_wait_for_a_permit() {
    play(async |scene| {
        for number in 0..17 {
            let busy = scene.given(object(&format!("busy-{number}"))).await;
            scene.write(&busy, ready("v1")).await;
        }
        let app = scene.given(object("app")).await;

        scene.progress(&app, reconciling()).await;
        scene.rest().await;

        assert_eq!(scene.cluster.of(Kind::Status).len(), 17);
        assert_eq!(scene.counters.progress_dropped(), 1);
        scene.progress(&app, reconciling()).await;
        scene.rest().await;
        assert_eq!(scene.cluster.of(Kind::Status).len(), 18);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn sixteen_requests_are_under_way_and_of_one_object_one() {
    play(async |scene| {
        for number in 0..50 {
            let app = scene.given(object(&format!("app-{number}"))).await;
            scene.write(&app, ready("v1")).await;
            scene.announce(&app, vec![news("stored")]).await;
            scene.write(&app, ready("v2")).await;
        }
        scene.rest().await;

        assert_eq!(scene.cluster.most_under_way(), 16);
        assert_eq!(scene.cluster.of(Kind::Event).len(), 50);
        for number in 0..50 {
            let status = scene.cluster.object(&key(&format!("app-{number}")))["status"].clone();
            assert_eq!(status["artifact"]["revision"], "v2");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_flush_ends_when_every_final_status_is_written() {
    play(async |scene| {
        scene.flush().await;
        for number in 0..40 {
            let app = scene.given(object(&format!("app-{number}"))).await;
            scene.write(&app, ready("v1")).await;
        }

        scene.flush().await;

        for number in 0..40 {
            let status = scene.cluster.object(&key(&format!("app-{number}")))["status"].clone();
            assert_eq!(status["observedGeneration"], 1);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_observation_older_than_our_own_write_changes_nothing() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.write(&app, ready("v1")).await;
        scene.rest().await;

        scene.observe(&app).await;
        scene.write(&app, ready("v1")).await;
        scene.pass(Duration::from_secs(5)).await;

        assert_eq!(scene.cluster.transcript(), ["Status default/app"]);
    })
    .await;
}
