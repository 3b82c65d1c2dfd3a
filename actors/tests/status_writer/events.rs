//! Events in the cluster: none lost without need, none twice.

use std::time::Duration;

use serde_json::json;
use sluice_actors::cluster::WriteError;

use crate::cluster::{Kind, LATENCY};
use crate::scene::{news, object, play, ready, trace, warning};

/// How long no status is written before events are.
const LULL: Duration = Duration::from_millis(100);

fn told(scene: &crate::scene::Scene) -> Vec<String> {
    scene.cluster.of(Kind::Event).into_iter().map(|event| event.about).collect()
}

#[tokio::test(start_paused = true)]
async fn an_event_that_repeats_itself_raises_the_count_of_the_earlier_one() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        for _ in 0..3 {
            scene.announce(&app, vec![trace("up to date")]).await;
            scene.rest().await;
        }

        assert_eq!(told(&scene), ["ArtifactUpToDate x1", "ArtifactUpToDate x2", "ArtifactUpToDate x3"]);
        let names: Vec<_> =
            scene.cluster.of(Kind::Event).into_iter().map(|event| event.body["name"].clone()).collect();
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
    })
    .await;
}

/// When the events were sent, after the first status was.
fn sent_after_the_status(scene: &crate::scene::Scene) -> Vec<Duration> {
    let written = scene.cluster.of(Kind::Status)[0].at;
    scene.cluster.of(Kind::Event).into_iter().map(|event| event.at - written).collect()
}

#[tokio::test(start_paused = true)]
async fn an_event_does_not_contend_with_the_status_that_somebody_waits_for() {
    play(async |scene| {
        scene.stored("app").await;
        scene.rest().await;

        assert_eq!(scene.cluster.most_under_way(), 1);
        assert_eq!(sent_after_the_status(&scene), [LATENCY + LULL]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn events_wait_until_the_statuses_of_all_objects_are_written() {
    play(async |scene| {
        for number in 0..20 {
            scene.stored(&format!("app-{number}")).await;
            scene.pass(LULL / 2).await;
        }
        assert_eq!(scene.cluster.of(Kind::Status).len(), 20);
        assert_eq!(told(&scene), Vec::<String>::new());

        scene.rest().await;

        assert_eq!(told(&scene).len(), 20);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_waits_ten_seconds_when_statuses_never_cease() {
    play(async |scene| {
        scene.stored("app").await;

        for number in 0..300 {
            let app = scene.given(object(&format!("app-{number}"))).await;
            scene.write(&app, ready("v1")).await;
            scene.pass(LULL / 2).await;
        }

        let [event] = &sent_after_the_status(&scene)[..] else { panic!("{:?}", told(&scene)) };
        assert!((Duration::from_secs(10)..Duration::from_secs(10) + LULL).contains(event), "{event:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_those_who_stop_no_event_waits_for_a_lull() {
    play(async |scene| {
        scene.stored("app").await;

        scene.flush().await;

        assert_eq!(told(&scene), ["NewArtifact x1"]);
        assert_eq!(sent_after_the_status(&scene), [Duration::ZERO]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_does_not_wait_for_a_status_that_cannot_be_written() {
    play(async |scene| {
        scene.cluster.fail(Kind::Status, WriteError::Failed("no route to host".to_owned()));
        scene.stored("app").await;
        scene.rest().await;

        assert_eq!(scene.cluster.of(Kind::Status).len(), 1);
        assert_eq!(sent_after_the_status(&scene), [LATENCY + LULL]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_outlives_the_object_whose_status_it_waits_for() {
    for reborn in [false, true] {
        play(async |scene| {
            let app = scene.stored("app").await;

            if reborn {
                let mut another = object("app");
                another["metadata"]["uid"] = json!("another");
                scene.given(another).await;
            } else {
                scene.forget(&app).await;
            }
            scene.rest().await;

            assert_eq!(told(&scene), ["NewArtifact x1"]);
            scene.flush().await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_with_another_text_or_reason_or_for_another_life_is_none_that_repeats_itself() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for announcement in [news("stored one"), news("stored two"), trace("stored one")] {
            scene.announce(&app, vec![announcement]).await;
            scene.rest().await;
        }
        let mut reborn = object("app");
        reborn["metadata"]["uid"] = json!("another");
        let reborn = scene.given(reborn).await;
        scene.announce(&reborn, vec![news("stored one")]).await;
        scene.rest().await;

        let expected = ["NewArtifact x1", "NewArtifact x1", "ArtifactUpToDate x1", "NewArtifact x1"];
        assert_eq!(told(&scene), expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_cluster_has_forgotten_is_recorded_anew() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.announce(&app, vec![news("stored")]).await;
        scene.rest().await;
        scene.cluster.fail(Kind::Event, WriteError::Gone);

        scene.announce(&app, vec![news("stored")]).await;
        scene.rest().await;

        assert_eq!(told(&scene), ["NewArtifact x1", "NewArtifact x2", "NewArtifact x1"]);
        let events = scene.cluster.of(Kind::Event);
        assert_ne!(events[0].body["name"], events[2].body["name"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_lasts_is_told_once_an_interval() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        for _ in 0..10 {
            scene.announce(&app, vec![warning("unknown tag")]).await;
            scene.pass(Duration::from_mins(1)).await;
        }

        assert_eq!(told(&scene), ["OCIArtifactPullFailed x1"]);
        assert_eq!(scene.cluster.of(Kind::Notification).len(), 1);
        scene.announce(&app, vec![warning("unknown tag")]).await;
        scene.rest().await;
        assert_eq!(told(&scene), ["OCIArtifactPullFailed x1", "OCIArtifactPullFailed x2"]);
        assert_eq!(scene.cluster.of(Kind::Notification).len(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_returns_after_another_one_is_told_again() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        for text in ["unknown tag", "timed out", "unknown tag"] {
            scene.announce(&app, vec![warning(text)]).await;
            scene.rest().await;
        }

        assert_eq!(scene.cluster.of(Kind::Notification).len(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_returns_after_a_recovery_is_told_again() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        scene.announce(&app, vec![warning("unknown tag")]).await;
        scene.write(&app, ready("v1")).await;
        scene.announce(&app, vec![warning("unknown tag")]).await;
        scene.rest().await;

        assert_eq!(told(&scene), ["OCIArtifactPullFailed x1", "OCIArtifactPullFailed x2"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_failures_of_every_pass_are_told_once_an_interval() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        for _ in 0..5 {
            scene.announce(&app, vec![warning("damaged"), warning("timed out")]).await;
            scene.rest().await;
        }

        assert_eq!(scene.cluster.of(Kind::Event).len(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn annotations_of_the_object_that_are_meant_for_events_go_with_them() {
    play(async |scene| {
        let mut annotated = object("app");
        annotated["metadata"]["annotations"] =
            json!({ "event.toolkit.fluxcd.io/team": "payments", "example.com/key": "not copied" });
        let app = scene.given(annotated).await;

        scene.announce(&app, vec![news("stored")]).await;
        scene.rest().await;

        let event = scene.cluster.of(Kind::Event).remove(0);
        assert_eq!(event.body["metadata"], json!({ "event.toolkit.fluxcd.io/team": "payments" }));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_too_many_events_the_oldest_goes() {
    play(async |scene| {
        let app = scene.given(object("app")).await;

        for number in 0..11 {
            scene.announce(&app, vec![news(&format!("number {number}"))]).await;
        }
        scene.rest().await;

        assert_eq!(scene.cluster.of(Kind::Event).len(), 8);
        assert_eq!(scene.counters.events_dropped(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_is_tried_five_times_under_one_name() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for _ in 0..10 {
            scene.cluster.fail(Kind::Event, WriteError::Failed("connection refused".to_owned()));
        }

        scene.announce(&app, vec![news("stored")]).await;
        scene.pass(Duration::from_mins(5)).await;

        let events = scene.cluster.of(Kind::Event);
        assert_eq!(events.len(), 5);
        assert!(events.iter().all(|event| event.body == events[0].body));
        assert_eq!(scene.counters.events_dropped(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_answer_was_lost_counts_as_recorded() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Event, WriteError::Conflict);

        scene.announce(&app, vec![news("stored")]).await;
        scene.pass(Duration::from_mins(5)).await;

        assert_eq!(told(&scene), ["NewArtifact x1"]);
        assert_eq!(scene.counters.events_dropped(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_be_told_of_a_forgotten_object_is_tried_once_more() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        for _ in 0..9 {
            scene.cluster.fail(Kind::Event, WriteError::Failed("connection refused".to_owned()));
        }
        scene.announce(&app, vec![trace("collected"), trace("removed")]).await;
        scene.pass(Duration::from_millis(100)).await;

        scene.forget(&app).await;
        scene.pass(Duration::from_mins(5)).await;

        assert_eq!(scene.cluster.of(Kind::Event).len(), 3);
        assert_eq!(scene.counters.events_dropped(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_an_event_that_is_tried_again() {
    play(async |scene| {
        let app = scene.given(object("app")).await;
        scene.cluster.fail(Kind::Event, WriteError::Failed("away".into()));
        scene.announce(&app, vec![news("stored")]).await;

        scene.flush().await;

        assert_eq!(told(&scene), ["NewArtifact x1", "NewArtifact x1"]);
    })
    .await;
}
