//! Notifications in the background (D10).

use std::time::Duration;

use sluice_actors::cluster::WriteError;

use crate::cluster::Kind;
use crate::scene::{Scene, news, object, play, ready, trace};

fn down() -> WriteError {
    WriteError::Failed("connection refused".to_owned())
}

/// Whoever takes notifications refuses every try of one.
fn stay_down(scene: &Scene) {
    for _ in 0..10 {
        scene.cluster.fail(Kind::Notification, down());
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_no_interest_to_others_is_not_posted() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        scene.announce(&app, vec![trace("up to date")]).await;
        scene.rest().await;

        assert_eq!(scene.cluster.transcript(), ["Event ArtifactUpToDate x1"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_whoever_takes_notifications() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Notification, down());
        scene.announce(&app, vec![news("stored")]).await;
        scene.pass(Duration::from_millis(10)).await;

        scene.flush().await;

        assert_eq!(
            scene.cluster.of(Kind::Notification).len(),
            2,
            "whoever takes them is back after a second"
        );
        assert_eq!(scene.counters.notifications_dropped(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_some_seconds_at_most_and_counts_what_it_gives_up() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        stay_down(&scene);
        scene.announce(&app, vec![news("stored")]).await;
        let before = tokio::time::Instant::now();
        scene.flush().await;
        assert_eq!(before.elapsed().as_secs(), 5);
        assert_eq!(scene.counters.notifications_dropped(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_is_tried_five_times_and_holds_up_nothing() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        stay_down(&scene);

        scene.announce(&app, vec![news("stored")]).await;
        scene.write(&app, ready("v1")).await;
        scene.pass(Duration::from_millis(500)).await;

        assert_eq!(scene.cluster.of(Kind::Status).len(), 1);
        assert_eq!(scene.cluster.of(Kind::Notification).len(), 1);
        scene.pass(Duration::from_mins(5)).await;
        let times: Vec<_> = scene.cluster.of(Kind::Notification).iter().map(|post| post.at).collect();
        let gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
        assert_eq!(gaps, [1, 2, 4, 8]);
        assert_eq!(scene.counters.notifications_dropped(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_notification_that_arrives_late_tells_when_it_arose() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Notification, down());

        scene.announce(&app, vec![news("stored")]).await;
        scene.pass(Duration::from_secs(10)).await;

        let posts = scene.cluster.of(Kind::Notification);
        assert_eq!(posts.len(), 2);
        assert_eq!(posts[1].body["time"], crate::scene::START);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_notification_is_not_repeated() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Notification, WriteError::Refused("400 Bad Request".to_owned()));

        scene.announce(&app, vec![news("stored")]).await;
        scene.pass(Duration::from_mins(5)).await;

        assert_eq!(scene.cluster.of(Kind::Notification).len(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_too_many_notifications_the_oldest_goes() {
    play(async |scene| {
        for number in 0..1_010 {
            let app = scene.given(object(&format!("app-{number}"))).await;
            scene.announce(&app, vec![news(&format!("number {number}"))]).await;
        }
        scene.pass(Duration::from_mins(1)).await;

        // Four are under way while the others wait.
        let posts = scene.cluster.of(Kind::Notification);
        assert_eq!(posts.len(), 1_004);
        assert_eq!(posts[4].about, "number 10");
        assert_eq!(scene.counters.notifications_dropped(), 6);
    })
    .await;
}
