//! What a hook takes at once, and what becomes of what comes faster.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sluice_actors::receiver::{Ending, Hook};

use crate::scene::{SECOND, Scene, main_tag, play, push};

const BURST: u16 = 1_000;
const BETWEEN: Duration = Duration::from_millis(10);

/// A hook and two objects, all of whose burst has been used up by pushes to the first.
async fn exhausted(scene: &mut Scene) -> Arc<Hook> {
    let hook = scene.given("a", "hook", &json!({})).await;
    for name in ["first", "second"] {
        scene.follow("a", name, &format!("ghcr.io/example/{name}"), &main_tag());
    }
    for number in 0..BURST {
        let receipt = scene.deliver(&hook, vec![push("example/first", Some(number))]).await;
        assert_eq!(receipt.ending, Ending::Accepted, "{number}");
    }
    assert_eq!(scene.woken().await.len(), usize::from(BURST));
    hook
}

#[tokio::test(start_paused = true)]
async fn whom_a_delivery_above_the_rate_concerns_is_woken_once_the_rate_allows() {
    play(async |mut scene| {
        let hook = exhausted(&mut scene).await;

        let receipt = scene.deliver(&hook, vec![push("example/second", None)]).await;

        assert_eq!(receipt.ending, Ending::Throttled);
        assert_eq!(receipt.objects.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a/second"]);
        assert!(receipt.retry_after.unwrap() <= BETWEEN, "{receipt:?}");
        assert!(scene.woken().await.is_empty());
        scene.pass(BETWEEN + Duration::from_millis(1)).await;
        assert_eq!(scene.woken().await, ["a/second"]);
        scene.pass(60 * SECOND).await;
        assert!(scene.woken().await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn all_that_come_too_early_wake_an_object_once_and_none_hides_another() {
    play(async |mut scene| {
        let hook = exhausted(&mut scene).await;

        for number in 0..500 {
            scene.deliver(&hook, vec![push("example/second", Some(number))]).await;
        }
        scene.pass(SECOND).await;

        let nudges = scene.nudges().await;
        assert_eq!(nudges.len(), 1, "{nudges:?}");
        assert_eq!(nudges[0].told.digest, None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_is_full_takes_a_hundred_a_second() {
    play(async |mut scene| {
        let hook = exhausted(&mut scene).await;
        let mut taken = 0;

        for number in 0..2_000 {
            scene.pass(Duration::from_millis(1)).await;
            let receipt = scene.deliver(&hook, vec![push("example/first", Some(number))]).await;
            taken += usize::from(receipt.ending == Ending::Accepted);
        }

        assert!((195..=205).contains(&taken), "{taken}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_say_nothing_of_what_was_pushed_wake_an_object_twice_a_second_at_most() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.follow("a", "first", "ghcr.io/example/first", &main_tag());

        for _ in 0..10_000 {
            scene.deliver(&hook, vec![push("example/first", None)]).await;
            scene.pass(Duration::from_millis(1)).await;
        }
        scene.pass(10 * SECOND).await;

        let woken = scene.woken().await.len();
        assert!((10..=22).contains(&woken), "{woken}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_hook_never_uses_up_what_another_may_take() {
    play(async |mut scene| {
        exhausted(&mut scene).await;
        let other = scene.given("a", "other", &json!({})).await;

        let receipt = scene.deliver(&other, vec![push("example/second", Some(1))]).await;

        assert_eq!(receipt.ending, Ending::Accepted);
        assert_eq!(scene.woken().await, ["a/second"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_repeated_or_ignored_uses_up_nothing() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.follow("a", "first", "ghcr.io/example/first", &main_tag());
        assert_eq!(scene.named(&hook, "one", vec![push("example/first", Some(0))]).await, Ending::Accepted);

        for _ in 0..5_000 {
            scene.refuse(&hook).await;
            assert_eq!(
                scene.named(&hook, "one", vec![push("example/first", Some(0))]).await,
                Ending::Repeated
            );
            assert_eq!(scene.deliver(&hook, Vec::new()).await.ending, Ending::Ignored);
        }

        assert_eq!(scene.woken().await, ["a/first"]);
        for number in 1..BURST {
            let receipt = scene.deliver(&hook, vec![push("example/first", Some(number))]).await;
            assert_eq!(receipt.ending, Ending::Accepted, "{number}");
        }
    })
    .await;
}
