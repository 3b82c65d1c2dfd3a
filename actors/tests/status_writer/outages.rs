//! An API server that does not answer, or not as hoped.

use std::time::Duration;

use sluice_actors::cluster::WriteError;

use crate::cluster::Kind;
use crate::scene::{key, object, play, ready, reconciling};

fn down() -> WriteError {
    WriteError::Failed("connection refused".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_draft_outlives_an_outage_and_its_tries_become_rarer() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for _ in 0..8 {
            scene.cluster.fail(Kind::Status, down());
        }

        scene.write(&app, ready("v1")).await;
        scene.flush().await;

        let times: Vec<_> = scene.cluster.of(Kind::Status).iter().map(|write| write.at).collect();
        let gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
        assert_eq!(gaps, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(scene.cluster.object(&key("app"))["status"]["observedGeneration"], 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_draft_is_written_after_an_outage() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Status, down());
        scene.write(&app, ready("v1")).await;
        scene.pass(Duration::from_millis(500)).await;

        scene.write(&app, ready("v2")).await;
        scene.flush().await;

        let last = scene.cluster.of(Kind::Status).pop().unwrap();
        assert_eq!(scene.cluster.of(Kind::Status).len(), 2);
        assert_eq!(last.body["status"]["artifact"]["revision"], "v2");
        assert_eq!(scene.counters.superseded(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        let (message, retry_after) = ("too many requests".to_owned(), Some(Duration::from_secs(45)));
        scene.cluster.fail(Kind::Status, WriteError::Busy { message, retry_after });

        scene.write(&app, ready("v1")).await;
        scene.flush().await;

        let writes = scene.cluster.of(Kind::Status);
        assert_eq!((writes[1].at - writes[0].at).as_secs(), 45);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_status_waits_for_the_lease() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Status, WriteError::NotLeader);

        scene.write(&app, ready("v1")).await;
        scene.flush().await;

        assert_eq!(scene.cluster.object(&key("app"))["status"]["observedGeneration"], 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_status_is_given_up_until_the_next_one() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Status, WriteError::Refused("status.url: Invalid value".to_owned()));

        scene.write(&app, ready("v1")).await;
        scene.flush().await;
        scene.pass(Duration::from_secs(100)).await;

        assert_eq!(scene.cluster.of(Kind::Status).len(), 1);
        scene.write(&app, ready("v1")).await;
        scene.flush().await;
        assert_eq!(scene.cluster.of(Kind::Status).len(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_is_not_tried_again() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Status, down());

        scene.progress(&app, reconciling()).await;
        scene.pass(Duration::from_secs(100)).await;

        assert_eq!(scene.cluster.of(Kind::Status).len(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_object_is_tried_no_more_and_holds_up_no_flush() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Status, down());
        scene.write(&app, ready("v1")).await;
        scene.pass(Duration::from_millis(100)).await;

        scene.forget(&app).await;
        scene.flush().await;
        scene.pass(Duration::from_secs(100)).await;

        assert_eq!(scene.cluster.transcript(), ["Status default/app"]);
    })
    .await;
}
