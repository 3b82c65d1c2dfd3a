//! What a hook's status says of what came, and how often it is written.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_actors::DependencyKind;
use sluice_actors::Key;
use sluice_actors::cluster::WriteError;
use sluice_actors::receiver::{Ending, refused};
use sluice_actors::watcher::DependencyChanged;

use crate::scene::{SECOND, main_tag, play, push};

/// What comes together is written together, and a moment for the write.
const SOON: Duration = Duration::from_millis(310);

fn key() -> Key {
    Key::new("a", "hook")
}

#[tokio::test(start_paused = true)]
async fn what_came_is_written_soon_and_seldom_however_much_comes() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.follow("a", "app", "ghcr.io/example/app", &main_tag());
        scene.pass(10 * SECOND).await;
        let before = scene.cluster.patches().len();

        scene.deliver(&hook, vec![push("example/app", Some(0))]).await;
        scene.pass(SOON).await;
        assert_eq!(scene.cluster.patches().len(), before + 1);
        assert_eq!(scene.cluster.hook(&key())["status"]["deliveries"], json!({ "accepted": 1 }));

        for number in 1..=2_000 {
            scene.deliver(&hook, vec![push("example/app", Some(number))]).await;
            hook.tally.count(Ending::Unauthenticated, refused(Ending::Unauthenticated, String::new()));
            scene.refuse(&hook).await;
            scene.pass(Duration::from_millis(10)).await;
        }
        scene.pass(10 * SECOND).await;

        let times: Vec<_> = scene.cluster.patches().into_iter().map(|(_, at)| at).skip(before).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 5 * SECOND), "{times:?}");
        assert!((4..=6).contains(&times.len()), "{times:?}");
        let counted = scene.cluster.hook(&key())["status"]["deliveries"].clone();
        assert_eq!(counted, json!({ "accepted": 2_001, "unauthenticated": 2_000 }));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_recorded_is_not_written_again() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let before = scene.cluster.patches().len();

        scene.show(&hook.key).await;
        scene.rotated(&hook.key).await;
        scene.depends(DependencyChanged::RelistFinished(DependencyKind::Secret)).await;
        scene.lead().await;
        scene.pass(3_600 * SECOND).await;

        assert_eq!(scene.cluster.patches().len(), before);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn counts_add_up_after_a_conflict() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let mut theirs = scene.cluster.hook(&key());
        theirs["status"]["deliveries"] = json!({ "accepted": 5, "unmatched": 2 });
        scene.pass(10 * SECOND).await;
        scene.cluster.put(theirs);
        let before = scene.cluster.patches().len();

        scene.deliver(&hook, vec![push("example/app", None)]).await;
        scene.pass(3 * SECOND).await;
        let tries = scene.cluster.patches().len() - before;
        assert!((1..=10).contains(&tries), "{tries}");
        scene.show(&key()).await;
        scene.pass(10 * SECOND).await;

        let counted = scene.cluster.hook(&key())["status"]["deliveries"].clone();
        assert_eq!(counted, json!({ "accepted": 5, "unmatched": 3 }));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_is_made_again_after_a_while_and_counts_once() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.pass(10 * SECOND).await;
        let before = scene.cluster.patches().len();
        for _ in 0..3 {
            scene.cluster.fail_patch(WriteError::Failed("connection refused".to_owned()));
        }

        scene.deliver(&hook, vec![push("example/app", None)]).await;
        scene.pass(60 * SECOND).await;

        let times: Vec<_> = scene.cluster.patches().into_iter().map(|(_, at)| at).skip(before).collect();
        assert_eq!(times.len(), 4);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 5 * SECOND), "{times:?}");
        assert_eq!(scene.cluster.hook(&key())["status"]["deliveries"], json!({ "unmatched": 1 }));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_last_delivery_is_shown_and_what_tells_of_no_push_stands_behind_those_that_do() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        for number in 0..20 {
            scene.follow("a", &format!("app-{number:02}"), "ghcr.io/example/app", &main_tag());
        }
        scene.pass(10 * SECOND).await;

        scene.deliver(&hook, vec![push("example/app", None); 20]).await;
        scene.deliver(&hook, Vec::new()).await;
        scene.pass(10 * SECOND).await;

        let status = scene.cluster.hook(&key())["status"].clone();
        assert_eq!(status["deliveries"], json!({ "accepted": 1, "ignored": 1 }));
        let last = &status["lastDelivery"];
        assert_eq!((&last["result"], &last["woken"]), (&json!("accepted"), &json!(20)));
        assert_eq!(last["pushes"], json!(vec!["ghcr.io/example/app:main"; 10]));
        assert_eq!(last["objects"].as_array().map(Vec::len), Some(10));

        hook.tally.count(Ending::Malformed, refused(Ending::Malformed, "the reason".to_owned()));
        scene.refuse(&hook).await;
        scene.pass(10 * SECOND).await;

        let last = scene.cluster.hook(&key())["status"]["lastDelivery"].clone();
        assert_eq!((&last["result"], &last["message"]), (&json!("malformed"), &json!("the reason")));
        assert_eq!((&last["pushes"], &last["objects"]), (&Value::Null, &Value::Null));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_status_and_no_debug_output_has_the_secret() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.follow("a", "app", "ghcr.io/example/app", &main_tag());
        scene.deliver(&hook, vec![push("example/app", None)]).await;
        scene.cluster.token(&key(), "another token of a/hook");
        scene.rotated(&key()).await;
        scene.pass(10 * SECOND).await;

        let patches = format!("{:?}", scene.cluster.patches());
        let hooks = format!("{:?} {:?} {:?}", hook, hook.gate, scene.hooks);
        for told in [patches, hooks] {
            assert!(!told.contains("token of a/hook"), "{told}");
            let bytes = format!("{:?}", b"token of a/hook");
            assert!(!told.contains(bytes.trim_matches(['[', ']'])), "{told}");
        }
    })
    .await;
}
