//! What a replica does that cannot tell the Watcher: it asks the objects through the cluster.

use std::time::Duration;

use hooks::Push;
use serde_json::json;
use sluice_actors::cluster::WriteError;
use sluice_actors::receiver::Ending;

use crate::scene::{SECOND, Scene, main_tag, play, push};

fn follow_all(scene: &Scene, count: usize) -> Vec<String> {
    let names = (0..count).map(|number| format!("app-{number:03}"));
    names
        .map(|name| {
            scene.follow("a", &name, "ghcr.io/example/app", &main_tag());
            format!("a/{name}")
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_does_not_lead_asks_whom_a_push_concerns_and_nobody_else() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let concerned = follow_all(&scene, 3);
        scene.follow("a", "other", "ghcr.io/example/other", &main_tag());
        scene.follow("b", "app", "ghcr.io/example/app", &main_tag());
        scene.resign().await;

        assert_eq!(scene.deliver(&hook, vec![push("example/app", None)]).await.ending, Ending::Accepted);
        scene.pass(SECOND).await;

        assert_eq!(scene.cluster.asked(), concerned);
        assert!(scene.woken().await.is_empty());
        let (_, requested_at) = &scene.cluster.requests()[0];
        assert!(requested_at.ends_with('Z'), "{requested_at}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_has_not_seen_all_objects_asks_through_the_cluster_too() {
    let start = async {
        let mut scene = Scene::on(&std::sync::Arc::default());
        scene.lead().await;
        let hook = scene.given("a", "hook", &json!({})).await;
        follow_all(&scene, 1);

        scene.deliver(&hook, vec![push("example/app", Some(1))]).await;
        scene.pass(SECOND).await;
        assert_eq!(scene.cluster.asked(), ["a/app-000"]);
        assert!(scene.woken().await.is_empty());

        scene.known.complete();
        scene.deliver(&hook, vec![push("example/app", Some(2))]).await;
        scene.pass(SECOND).await;
        assert_eq!(scene.cluster.asked().len(), 1);
        assert_eq!(scene.woken().await, ["a/app-000"]);
    };
    tokio::task::LocalSet::new().run_until(start).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_is_written_again_until_it_is_written() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        follow_all(&scene, 1);
        scene.resign().await;
        for _ in 0..5 {
            scene.cluster.fail_request(WriteError::Failed("connection refused".to_owned()));
        }

        scene.deliver(&hook, vec![push("example/app", None)]).await;
        scene.pass(60 * SECOND).await;

        let requests = scene.cluster.requests();
        assert_eq!(requests.len(), 6);
        assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_may_be_told_too_early_is_asked_for_once_more() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        follow_all(&scene, 1);
        scene.resign().await;
        let early = |number| Push { early: true, ..push("example/app", Some(number)) };

        scene.deliver(&hook, vec![early(1)]).await;
        scene.pass(3 * SECOND).await;
        scene.deliver(&hook, vec![early(2)]).await;
        scene.pass(4 * SECOND).await;
        assert_eq!(scene.cluster.requests().len(), 2, "the second push may not be shown yet");
        scene.pass(60 * SECOND).await;

        assert_eq!(scene.cluster.requests().len(), 3);
        scene.deliver(&hook, vec![early(3)]).await;
        scene.lead().await;
        scene.pass(60 * SECOND).await;
        assert_eq!(scene.cluster.requests().len(), 4);
        assert_eq!(scene.woken().await, ["a/app-000"], "by now this replica leads and can tell itself");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_forgets_nobody_who_was_to_be_woken() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let concerned = follow_all(&scene, 20);
        let early = Push { early: true, ..push("example/app", None) };
        scene.cluster.fail_request(WriteError::Failed("connection refused".to_owned()));
        scene.resign().await;

        scene.deliver(&hook, vec![push("example/app", None)]).await;
        scene.pass(Duration::from_millis(500)).await;
        let asked =
            |name: &String| scene.cluster.requests().iter().filter(|(asked, _)| asked == name).count();
        let before: Vec<_> = concerned.iter().map(asked).collect();
        scene.deliver(&hook, vec![early]).await;
        scene.hand_over().await;

        // The second push is an echo of the first, to be woken for later, and early.
        let after: Vec<_> = concerned.iter().map(asked).collect();
        assert!(
            before.iter().zip(&after).all(|(before, after)| before + 2 <= *after),
            "{before:?} {after:?}"
        );
        let written = scene.cluster.requests().len();
        scene.pass(60 * SECOND).await;
        assert_eq!(scene.cluster.requests().len(), written, "nothing was left to do");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_helps_nobody_is_given_up() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        follow_all(&scene, 1);
        scene.resign().await;
        for error in [WriteError::Gone, WriteError::Refused("forbidden".to_owned())] {
            let before = scene.cluster.requests().len();
            scene.cluster.fail_request(error);
            scene.pass(2 * SECOND).await;

            scene.deliver(&hook, vec![push("example/app", None)]).await;
            scene.pass(60 * SECOND).await;

            assert_eq!(scene.cluster.requests().len(), before + 1);
        }

        for _ in 0..100 {
            scene.cluster.fail_request(WriteError::NotLeader);
        }
        let before = scene.cluster.requests().len();
        scene.deliver(&hook, vec![push("example/app", None)]).await;
        scene.pass(300 * SECOND).await;
        assert_eq!(scene.cluster.requests().len(), before + 60);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn eight_objects_are_asked_at_a_time() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let concerned = follow_all(&scene, 100);
        scene.resign().await;

        scene.deliver(&hook, vec![push("example/app", None)]).await;
        scene.pass(Duration::from_millis(135)).await;

        assert_eq!(scene.cluster.most_under_way(), 8);
        assert_eq!(scene.cluster.asked(), concerned);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_asks_an_object_twice_a_second_at_most() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        follow_all(&scene, 1);
        scene.resign().await;

        for _ in 0..5_000 {
            scene.deliver(&hook, vec![push("example/app", None)]).await;
            scene.pass(Duration::from_millis(1)).await;
        }
        scene.pass(10 * SECOND).await;

        let asked = scene.cluster.requests().len();
        assert!((5..=12).contains(&asked), "{asked}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_its_objects_has_them_asked_by_a_value_of_its_own_and_within_the_rate() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        follow_all(&scene, 1);
        let mut taken = Vec::new();

        for number in 0..1_500 {
            let request = format!("request {number}");
            let receipt =
                scene.delivery(&hook, None, vec![push("example/app", Some(number))], Some(&request)).await;
            if receipt.ending == Ending::Accepted {
                taken.push(("a/app-000".to_owned(), request));
            }
            scene.settle().await;
        }
        scene.pass(SECOND).await;

        let asked = scene.cluster.requests();
        assert!(taken.len() < 1_200, "{}", taken.len());
        assert!(asked.iter().all(|request| taken.contains(request)), "{asked:?}");
        assert_eq!(asked.last(), taken.last());
        let woken = scene.woken().await.len();
        assert!(woken <= 51, "{woken}");
    })
    .await;
}
