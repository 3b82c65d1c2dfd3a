//! What cannot be used: the condition says why, nothing is written, and nobody else notices.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::condition;
use crate::support::bench::Bench;
use crate::support::files::{archive_of, artifacts_in, below, noise};
use crate::support::manifest::{pull_secret, repository};
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(wrong_passwords_missing_secrets_and_missing_tags_are_named),
        bench.trial(corrupt_layers_and_hostile_archives_write_nothing),
    ]
}

fn is_failed(object: &Value, reason: &str) {
    let (failed, ready) = (condition(object, "FetchFailed"), condition(object, "Ready"));
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("True"), &json!(reason)), "{object:#}");
    assert_eq!((&ready["reason"], &ready["message"]), (&failed["reason"], &failed["message"]));
    assert!(object["status"]["artifact"].is_null(), "{object:#}");
}

async fn wrong_passwords_missing_secrets_and_missing_tags_are_named(scene: Scene) {
    let registry = scene.registry_of("me:right").await;
    registry.push("app:v1", &[("a.yaml", b"a: 1\n")]).await;
    let operator = scene.operator().await;
    let (namespace, host) = (&scene.namespace, registry.host());
    let app = format!("{host}/app");
    namespace.apply(&pull_secret("right", &host, "me", "right")).await;
    namespace.apply(&pull_secret("wrong", &host, "me", "wrong")).await;
    let healthy = json!({"ref": {"tag": "v1"}, "secretRef": {"name": "right"}});
    namespace.apply(&repository("healthy", &app, &healthy)).await;
    let before = namespace.until_ready("healthy").await;

    for (name, spec) in [
        ("password", json!({"ref": {"tag": "v1"}, "secretRef": {"name": "wrong"}})),
        ("secret", json!({"ref": {"tag": "v1"}, "secretRef": {"name": "absent"}})),
        ("tag", json!({"ref": {"tag": "v2"}, "secretRef": {"name": "right"}})),
    ] {
        namespace.apply(&repository(name, &app, &spec)).await;
    }

    let object = namespace.until_failed("password", "UNAUTHORIZED").await;
    is_failed(&object, "OCIArtifactPullFailed");
    let missing = format!("failed to get secret '{}/absent': secrets \"absent\" not found", namespace.name);
    is_failed(&namespace.until_failed("secret", &missing).await, "AuthenticationFailed");
    let unknown =
        format!("failed to determine artifact digest: GET http://{app}/manifests/v2: MANIFEST_UNKNOWN");
    let unknown = unknown.replace(&app, &format!("{host}/v2/app"));
    is_failed(&namespace.until_failed("tag", &unknown).await, "OCIArtifactPullFailed");

    for name in ["password", "secret", "tag"] {
        assert_eq!(below(&operator.artifacts(name)), Vec::<std::path::PathBuf>::new(), "{name}");
    }
    assert_eq!(namespace.object("healthy").await, before);
    let log = operator.output();
    assert!(!log.contains("wrong\"") && !log.contains("bWU6d3Jvbmc"), "a password is in the log:\n{log}");
}

async fn corrupt_layers_and_hostile_archives_write_nothing(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("healthy:v1", &[("a.yaml", b"a: 1\n")]).await;
    registry.push("corrupt:v1", &[("noise", &noise(100_000, 7))]).await;
    registry.corrupt_blobs_of(100_000);
    let escape = format!("../../../../../../../../{}-escaped", scene.namespace.name);
    registry.push_layer("escape:v1", archive_of(&escape, b"out")).await;
    let absolute = std::env::temp_dir().join(format!("{}-absolute", scene.namespace.name));
    registry.push_layer("absolute:v1", archive_of(absolute.to_str().unwrap(), b"out")).await;
    registry.push_layer("text:v1", b"this is no archive".to_vec()).await;
    let operator = scene.operator().await;
    let namespace = &scene.namespace;
    for name in ["healthy", "corrupt", "escape", "absolute", "text"] {
        let url = format!("{}/{name}", registry.host());
        namespace.apply(&repository(name, &url, &json!({"ref": {"tag": "v1"}}))).await;
    }

    let before = namespace.until_ready("healthy").await;
    for (name, text) in [
        ("corrupt", "failed to extract layer contents from artifact"),
        ("escape", "tar contained invalid name error \"../"),
        ("absolute", "tar contained invalid name error \"/"),
        ("text", "requires gzip-compressed body: gzip: invalid header"),
    ] {
        is_failed(&namespace.until_failed(name, text).await, "OCIArtifactLayerOperationFailed");
        assert_eq!(artifacts_in(&operator.artifacts(name)), Vec::<String>::new(), "{name}");
    }

    assert_eq!(namespace.object("healthy").await, before);
    let escaped = below(scene.root()).into_iter().filter(|path| path.ends_with("-escaped"));
    assert_eq!(escaped.count(), 0);
    assert!(!absolute.exists());
    assert!(!std::path::Path::new("/").join(format!("{}-escaped", namespace.name)).exists());
}
