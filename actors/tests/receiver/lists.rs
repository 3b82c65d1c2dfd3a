//! What the watch of hooks shows, and what it shows no more.

use std::sync::Arc;

use serde_json::json;
use sluice_actors::Key;
use sluice_actors::receiver::{Gate, HookChanged, Webhook};

use crate::scene::{SECOND, Scene, object, play};

fn path_of(scene: &Scene, key: &Key) -> String {
    scene.cluster.hook(key)["status"]["path"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_path_is_unknown_only_once_all_hooks_of_the_first_list_are_prepared() {
    play(async |scene| {
        let key = Key::new("a", "hook");
        scene.cluster.token(&key, "token");
        scene.cluster.put(object("a", "hook", &json!({})));
        scene.cluster.delay_read(10 * SECOND);
        scene.changed(HookChanged::RelistStarted).await;
        scene.show(&key).await;
        assert!(!scene.hooks.is_complete());

        scene.changed(HookChanged::RelistFinished).await;
        scene.pass(9 * SECOND).await;
        assert!(!scene.hooks.is_complete());
        scene.pass(2 * SECOND).await;

        assert!(scene.hooks.is_complete());
        assert!(scene.hooks.find(&path_of(&scene, &key)).is_some());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_hooks_knows_all_of_them() {
    play(async |scene| {
        scene.changed(HookChanged::RelistStarted).await;
        assert!(!scene.hooks.is_complete());

        scene.changed(HookChanged::RelistFinished).await;

        assert!(scene.hooks.is_complete());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_new_list_does_not_show_takes_no_deliveries_any_more() {
    play(async |scene| {
        let (stays, goes) =
            (scene.given("a", "stays", &json!({})).await, scene.given("a", "goes", &json!({})).await);
        let (stays_at, goes_from) = (path_of(&scene, &stays.key), path_of(&scene, &goes.key));

        scene.changed(HookChanged::RelistStarted).await;
        scene.show(&stays.key).await;
        assert!(scene.hooks.find(&goes_from).is_some(), "it may still come");
        scene.changed(HookChanged::RelistFinished).await;

        assert!(scene.hooks.find(&goes_from).is_none());
        assert!(scene.hooks.find(&stays_at).is_some());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_was_read_for_an_earlier_life_never_opens_a_later_one() {
    play(async |scene| {
        let key = Key::new("a", "hook");
        scene.cluster.token(&key, "early");
        scene.cluster.put(object("a", "hook", &json!({})));
        scene.cluster.delay_read(10 * SECOND);
        scene.show(&key).await;
        let mut later = object("a", "hook", &json!({ "type": "generic-hmac" }));
        later["metadata"]["uid"] = json!("another");
        scene.cluster.put(later);
        scene.cluster.token(&key, "late");

        scene.show(&key).await;
        let path = path_of(&scene, &key);
        scene.pass(60 * SECOND).await;

        let hook = scene.hooks.find(&path).expect("the later one takes deliveries");
        assert_eq!(hook.sender, hooks::Sender::GenericHmac);
        assert!(matches!(&hook.gate, Gate::Secret(token) if token.bytes() == b"late"));
        assert_eq!(path_of(&scene, &key), path);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_hook_takes_the_path_of_another() {
    play(async |scene| {
        let victim = scene.given("a", "hook", &json!({})).await;
        let path = path_of(&scene, &victim.key);
        let mut thief = object("b", "thief", &json!({}));
        thief["status"] = json!({ "path": path });
        let thief = Webhook::parse(&scene.cluster.put(thief)).unwrap();
        let key = thief.key.clone();

        scene.changed(HookChanged::Applied(Arc::new(thief))).await;
        let found = scene.hooks.find(&path).expect("it is taken");
        assert_eq!((&found.key, matches!(found.gate, Gate::Secret(_))), (&victim.key, true));

        scene.changed(HookChanged::Deleted(key)).await;
        let found = scene.hooks.find(&path).expect("it is taken");
        assert_eq!(found.key, victim.key);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_generation_is_another_hook_and_the_same_one_is_not_prepared_again() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let before = scene.cluster.read();
        scene.show(&hook.key).await;
        assert_eq!(scene.cluster.read(), before);
        let mut suspended = object("a", "hook", &json!({ "suspend": true }));
        suspended["metadata"]["generation"] = json!(2);
        suspended["status"] = scene.cluster.hook(&hook.key)["status"].clone();

        scene.cluster.put(suspended);
        scene.show(&hook.key).await;

        let path = path_of(&scene, &hook.key);
        let closed = scene.hooks.find(&path).unwrap();
        assert!(matches!(&closed.gate, Gate::Closed(why) if why == "it is suspended"));
    })
    .await;
}
