//! Whom a delivery wakes, and how often.

use std::time::Duration;

use reference::Digest;
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::receiver::{Ending, Gate, HookChanged};

use crate::scene::{HOME, SECOND, main_tag, object, play, push};

#[tokio::test(start_paused = true)]
async fn a_delivery_wakes_who_follows_the_tag_at_its_place_and_nobody_else() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let digest = format!("sha256:{}", "a".repeat(64));
        for (name, url, reference) in [
            ("tag", "ghcr.io/example/app", main_tag()),
            ("branch", "ghcr.io/example/app", json!({ "branch": "main" })),
            ("other-tag", "ghcr.io/example/app", json!({ "tag": "other" })),
            ("range", "ghcr.io/example/app", json!({ "semver": "*" })),
            ("pinned", "ghcr.io/example/app", json!({ "digest": digest, "tag": "main" })),
            ("other-host", "quay.io/example/app", main_tag()),
            ("other-port", "ghcr.io:5000/example/app", main_tag()),
            ("other-path", "ghcr.io/example/app/chart", main_tag()),
        ] {
            scene.follow("a", name, url, &reference);
        }

        let receipt = scene.deliver(&hook, vec![push("example/app", None)]).await;

        assert_eq!(receipt.ending, Ending::Accepted);
        assert_eq!(scene.woken().await, ["a/branch", "a/tag"]);
        let unmatched = scene.deliver(&hook, vec![push("example/nobody", None)]).await;
        assert_eq!((unmatched.ending, unmatched.objects), (Ending::Unmatched, Vec::new()));
        scene.pass(60 * SECOND).await;
        assert!(scene.woken().await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_wakes_objects_of_its_namespace_and_the_operators_own_those_of_all() {
    play(async |mut scene| {
        for namespace in ["a", "b", HOME] {
            scene.follow(namespace, "app", "ghcr.io/example/app", &main_tag());
        }
        let narrow = scene.given("a", "hook", &json!({})).await;
        let at_home = scene.given(HOME, "narrow", &json!({})).await;
        let wide = scene.given(HOME, "wide", &json!({ "allNamespaces": true })).await;

        scene.deliver(&narrow, vec![push("example/app", Some(1))]).await;
        assert_eq!(scene.woken().await, ["a/app"]);
        scene.deliver(&at_home, vec![push("example/app", Some(1))]).await;
        assert_eq!(scene.woken().await, ["flux-system/app"]);
        scene.deliver(&wide, vec![push("example/app", Some(1))]).await;
        assert_eq!(scene.woken().await, ["a/app", "b/app", "flux-system/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_for_all_namespaces_is_not_allowed_in_any_other() {
    play(async |scene| {
        let key = Key::new("a", "wide");
        let hook = scene.given("a", "wide", &json!({})).await;
        let path = scene.cluster.hook(&key)["status"]["path"].as_str().unwrap().to_owned();
        assert_eq!(hook.namespace.as_deref(), Some("a"));
        let mut widened = object("a", "wide", &json!({ "allNamespaces": true }));
        widened["metadata"]["generation"] = json!(2);
        widened["status"] = scene.cluster.hook(&key)["status"].clone();

        scene.cluster.put(widened);
        scene.show(&key).await;

        let hook = scene.hooks.find(&path).expect("it says why it takes nothing");
        assert!(matches!(&hook.gate, Gate::Closed(why) if why.contains("the operator's namespace")));
        let ready = scene.cluster.hook(&key)["status"]["conditions"][0].clone();
        assert_eq!((&ready["status"], &ready["reason"]), (&json!("False"), &json!("NotAllowed")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_was_taken_before_wakes_nobody_and_each_hook_has_its_own_names() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let other = scene.given("a", "other", &json!({})).await;
        scene.follow("a", "app", "ghcr.io/example/app", &main_tag());
        let pushed = |number| vec![push("example/app", Some(number))];

        assert_eq!(scene.named(&hook, "one", pushed(1)).await, Ending::Accepted);
        for number in 1..10 {
            assert_eq!(scene.named(&hook, "one", pushed(number)).await, Ending::Repeated);
        }
        assert_eq!(scene.woken().await, ["a/app"]);
        assert_eq!(scene.named(&hook, "two", pushed(2)).await, Ending::Accepted);
        assert_eq!(scene.named(&other, "one", pushed(1)).await, Ending::Accepted);
        assert_eq!(scene.woken().await, ["a/app", "a/app"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_for_each_platform_wakes_once_and_once_more_when_they_end() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.follow("a", "app", "ghcr.io/example/app", &main_tag());

        for _ in 0..8 {
            scene.deliver(&hook, vec![push("example/app", None)]).await;
            scene.pass(Duration::from_millis(50)).await;
        }

        assert_eq!(scene.woken().await, ["a/app"]);
        scene.pass(SECOND).await;
        assert_eq!(scene.woken().await, ["a/app"]);
        scene.pass(60 * SECOND).await;
        assert!(scene.woken().await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_object_of_several_pushes_of_one_delivery_is_woken_once() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.follow("a", "app", "ghcr.io/example/app", &main_tag());
        let digest = |number| push("example/app", Some(number)).digest;

        scene.deliver(&hook, vec![push("example/app", Some(1)); 3]).await;
        scene.deliver(&hook, vec![push("example/app", Some(1)), push("example/app", Some(2))]).await;

        let told: Vec<Option<Digest>> =
            scene.nudges().await.into_iter().map(|nudge| nudge.told.digest).collect();
        assert_eq!(told, [digest(1), None]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_is_gone_wakes_nobody() {
    play(async |mut scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.follow("a", "app", "ghcr.io/example/app", &main_tag());
        let path = scene.cluster.hook(&hook.key)["status"]["path"].as_str().unwrap().to_owned();

        scene.changed(HookChanged::Deleted(hook.key.clone())).await;

        assert!(scene.hooks.find(&path).is_none());
        assert_eq!(scene.deliver(&hook, vec![push("example/app", None)]).await.ending, Ending::Unavailable);
        assert!(scene.woken().await.is_empty());
    })
    .await;
}
