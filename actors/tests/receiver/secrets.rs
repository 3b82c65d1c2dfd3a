//! A hook follows its Secret.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_actors::cluster::ReadError;
use sluice_actors::receiver::{Gate, Hook};
use sluice_actors::watcher::DependencyChanged;
use sluice_actors::{Dependency, DependencyKind, Key};

use crate::scene::{SECOND, Scene, object, play};

fn path_of(scene: &Scene, key: &Key) -> String {
    scene.cluster.hook(key)["status"]["path"].as_str().unwrap().to_owned()
}

fn ready(scene: &Scene, key: &Key) -> (Value, Value) {
    let ready = scene.cluster.hook(key)["status"]["conditions"][0].clone();
    (ready["status"].clone(), ready["reason"].clone())
}

fn knows(hook: &Hook, token: &str) -> bool {
    matches!(&hook.gate, Gate::Secret(known) if known.bytes() == token.as_bytes())
}

#[tokio::test(start_paused = true)]
async fn another_token_is_another_path_and_the_old_one_is_gone() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let before = path_of(&scene, &hook.key);

        scene.cluster.token(&hook.key, "another");
        scene.rotated(&hook.key).await;

        let after = path_of(&scene, &hook.key);
        assert_ne!(before, after);
        assert!(scene.hooks.find(&before).is_none());
        assert!(knows(&scene.hooks.find(&after).unwrap(), "another"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_read_slowly_never_replaces_what_it_became_meanwhile() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        scene.cluster.token(&hook.key, "in between");
        scene.cluster.delay_read(10 * SECOND);
        scene.rotated(&hook.key).await;

        scene.cluster.token(&hook.key, "last");
        scene.rotated(&hook.key).await;
        scene.pass(60 * SECOND).await;

        assert!(knows(&scene.hooks.find(&path_of(&scene, &hook.key)).unwrap(), "last"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_its_secret_a_hook_is_closed_at_the_same_path_until_it_is_back() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let path = path_of(&scene, &hook.key);

        scene.cluster.remove_secret(&hook.key);
        let dependency = Dependency { kind: DependencyKind::Secret, key: hook.key.clone() };
        scene.depends(DependencyChanged::Deleted(dependency)).await;

        let closed = scene.hooks.find(&path).unwrap();
        assert!(matches!(&closed.gate, Gate::Closed(why) if why == "the Secret a/hook is not there"));
        assert_eq!(ready(&scene, &hook.key), (json!("False"), json!("SecretNotFound")));
        assert_eq!(path_of(&scene, &hook.key), path);

        scene.cluster.token(&hook.key, "token of a/hook");
        scene.rotated(&hook.key).await;

        assert!(knows(&scene.hooks.find(&path).unwrap(), "token of a/hook"));
        assert_eq!(ready(&scene, &hook.key), (json!("True"), json!("Listening")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_without_a_token_closes_its_hook() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;

        scene.cluster.token(&hook.key, "");
        scene.rotated(&hook.key).await;

        let closed = scene.hooks.find(&path_of(&scene, &hook.key)).unwrap();
        assert!(matches!(&closed.gate, Gate::Closed(why) if why == "the Secret a/hook has no token"));
        assert_eq!(ready(&scene, &hook.key), (json!("False"), json!("SecretInvalid")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_read_is_read_again_until_it_can() {
    play(async |scene| {
        let key = Key::new("a", "hook");
        scene.cluster.unreadable(&key, ReadError::Unreadable("connection refused".to_owned()));
        scene.cluster.put(object("a", "hook", &json!({})));
        scene.show(&key).await;
        assert_eq!(ready(&scene, &key), (json!("False"), json!("SecretUnreadable")));
        scene.pass(Duration::from_millis(14_500)).await;
        assert_eq!(scene.cluster.read(), 3);

        scene.cluster.token(&key, "token");
        scene.pass(5 * SECOND).await;

        assert!(knows(&scene.hooks.find(&path_of(&scene, &key)).unwrap(), "token"));
        scene.pass(60 * SECOND).await;
        assert_eq!(scene.cluster.read(), 4);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn secrets_that_a_hook_does_not_name_are_not_read_and_a_new_list_reads_its_own() {
    play(async |scene| {
        let hook = scene.given("a", "hook", &json!({})).await;
        let before = scene.cluster.read();

        for key in [Key::new("a", "other"), Key::new("b", "hook")] {
            scene.rotated(&key).await;
        }
        let account = Dependency::new(DependencyKind::ServiceAccount, "a", "hook");
        scene.depends(DependencyChanged::Applied { dependency: account, version: "2".into() }).await;
        scene.depends(DependencyChanged::RelistStarted(DependencyKind::Secret)).await;
        scene.depends(DependencyChanged::RelistFinished(DependencyKind::ServiceAccount)).await;
        assert_eq!(scene.cluster.read(), before);

        scene.cluster.token(&hook.key, "another");
        scene.depends(DependencyChanged::RelistFinished(DependencyKind::Secret)).await;

        assert_eq!(scene.cluster.read(), before + 1);
        assert!(knows(&scene.hooks.find(&path_of(&scene, &hook.key)).unwrap(), "another"));
    })
    .await;
}
