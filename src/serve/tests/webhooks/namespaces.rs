//! No hook reaches further than it may.

use serde_json::json;
use sluice_actors::Key;

use super::stage::{HOME, header, play, said};

const PUSH: &[u8] = br#"{"url":"oci://ghcr.io/example/web","tag":"main"}"#;

#[test]
fn a_hook_wakes_its_own_namespace_and_the_operators_may_wake_all() {
    play(async |mut stage| {
        let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
        for namespace in ["a", "b", HOME] {
            stage.follow(namespace, "app", "ghcr.io/example/web", &json!({ "tag": "main" }));
        }
        let mut wide = spec.clone();
        wide["allNamespaces"] = json!(true);
        wide["secretRef"]["name"] = json!("wide");
        let paths = [
            (stage.hook("a", "hook", "token", &spec).await, vec!["a/app"]),
            (stage.hook("b", "hook", "token", &spec).await, vec!["b/app"]),
            (stage.hook(HOME, "hook", "token", &spec).await, vec!["flux-system/app"]),
            (stage.hook(HOME, "wide", "token", &wide).await, vec!["a/app", "b/app", "flux-system/app"]),
        ];

        for (path, expected) in &paths {
            let answer = stage.post(path, &header("Authorization", "token"), PUSH).await;

            assert_eq!(said(&answer), json!({ "result": "accepted", "woken": expected.len() }));
            assert_eq!(stage.woken().await, *expected);
        }
    });
}

#[test]
fn a_hook_for_all_namespaces_outside_the_operators_takes_nothing() {
    play(async |mut stage| {
        stage.follow("b", "app", "ghcr.io/example/web", &json!({ "tag": "main" }));
        let key = Key::new("a", "wide");
        stage.cluster.token(&key, "token");
        let spec = json!({ "type": "generic", "secretRef": { "name": "wide" }, "allNamespaces": true });

        stage.applied("a", "wide", &spec).await;

        let status = stage.cluster.until(|shown| shown.statuses.get(&key).cloned()).await;
        let ready = &status["conditions"][0];
        assert_eq!((&ready["status"], &ready["reason"]), (&json!("False"), &json!("NotAllowed")));
        assert!(status["path"].is_null(), "{status}");
        assert!(stage.woken().await.is_empty());
    });
}

#[test]
fn the_secret_of_one_namespace_opens_nothing_in_another() {
    play(async |mut stage| {
        let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
        stage.follow("b", "app", "ghcr.io/example/web", &json!({ "tag": "main" }));
        let ours = stage.hook("a", "hook", "token of a", &spec).await;
        let theirs = stage.hook("b", "hook", "token of b", &spec).await;

        let answer = stage.post(&theirs, &header("Authorization", "token of a"), PUSH).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        let answer = stage.post(&ours, &header("Authorization", "token of a"), PUSH).await;
        assert_eq!(said(&answer), json!({ "result": "unmatched", "woken": 0 }));

        assert!(stage.woken().await.is_empty());
    });
}
