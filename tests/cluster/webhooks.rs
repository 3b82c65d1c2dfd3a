//! Webhooks with the real registry as their sender: a push is Ready moments later, and nobody polls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::{condition, install_definition, is_ready};
use crate::support::bench::Bench;
use crate::support::manifest::{repository, secret};
use crate::support::operator::Operator;
use crate::support::registry::{Notified, Registry};
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_push_to_the_real_registry_is_ready_at_once),
        bench.trial(a_hook_wakes_whom_the_push_concerns_and_says_so),
        bench.trial(a_hook_says_what_it_waits_for_and_follows_its_secret),
        bench.trial(a_pipeline_triggers_and_waits_for_whom_it_woke),
        bench.trial(a_cluster_without_the_definition_has_artifacts_and_no_webhooks),
    ]
}

/// What each hook of these tests is told.
pub(crate) const TOKEN: &str = "what-only-the-registry-knows";
const PUSHES: usize = 50;

/// A `RegistryWebhook` of this type.
pub(crate) fn hook(name: &str, kind: &str, more: &Value) -> Value {
    let mut spec = json!({"type": kind, "secretRef": {"name": name}});
    for (field, value) in more.as_object().expect("a spec has fields") {
        spec[field] = value.clone();
    }
    json!({
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "RegistryWebhook",
        "metadata": {"name": name},
        "spec": spec,
    })
}

/// Applies a hook and its Secret; returns its path once it takes deliveries.
pub(crate) async fn hooked(scene: &Scene, name: &str, kind: &str) -> String {
    scene.namespace.apply(&secret(name, "token", TOKEN)).await;
    scene.namespace.apply(&hook(name, kind, &json!({}))).await;
    let object = scene.namespace.until_hook(name, "Ready", is_ready).await;
    object["status"]["path"].as_str().unwrap().to_owned()
}

async fn notifying(scene: &Scene, operator: &Operator) -> Registry {
    let path = hooked(scene, "registry", "distribution").await;
    let mut registry = scene.registry().await;
    registry
        .notify(Notified { url: operator.hook(&path), header: format!("Authorization: Bearer {TOKEN}") })
        .await;
    registry
}

/// Pushes and waits until the object shows it; how long that took.
async fn time_of(scene: &Scene, registry: &Registry, number: usize, poke: bool) -> Duration {
    let content = format!("number: {number}\n");
    let digest = registry.push("app:main", &[("a.yaml", content.as_bytes())]).await;
    let pushed = Instant::now();
    if poke {
        scene.namespace.poke("app", &number.to_string()).await;
    }
    scene.namespace.until_revision("app", &format!("main@{digest}")).await;
    pushed.elapsed()
}

fn shown(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    eprintln!("{what}: from push to Ready p50 {:?}, p95 {:?}, of {}", at(50), at(95), times.len());
}

async fn a_push_to_the_real_registry_is_ready_at_once(scene: Scene) {
    let operator = scene.operator().await;
    let registry = notifying(&scene, &operator).await;
    let first = registry.push("app:main", &[("a.yaml", b"number: -1\n")]).await;
    let url = format!("{}/app", registry.host());
    let spec = json!({"ref": {"tag": "main"}, "interval": "1h"});
    scene.namespace.apply(&repository("app", &url, &spec)).await;
    scene.namespace.until_revision("app", &format!("main@{first}")).await;

    let mut told = Vec::new();
    for number in 0..PUSHES {
        told.push(time_of(&scene, &registry, number, false).await);
    }
    let silent = scene.registry().await;
    silent.push("app:main", &[("a.yaml", b"number: -1\n")]).await;
    let polled = repository("app", &format!("{}/app", silent.host()), &spec);
    scene.namespace.apply(&polled).await;
    scene.namespace.until_ready("app").await;
    let mut poked = Vec::new();
    for number in 0..PUSHES {
        poked.push(time_of(&scene, &silent, number, true).await);
    }

    let object = scene
        .namespace
        .until_hook("registry", "all deliveries counted", |hook| {
            hook["status"]["deliveries"]["accepted"].as_i64() >= Some(PUSHES.try_into().unwrap())
        })
        .await;
    let last = &object["status"]["lastDelivery"];
    assert!(last["time"].is_string() && last["message"].is_string(), "{last}");
    shown("told by the webhook", told);
    shown("asked by the annotation", poked);
}

async fn a_hook_wakes_whom_the_push_concerns_and_says_so(scene: Scene) {
    let operator = scene.operator().await;
    let registry = notifying(&scene, &operator).await;
    let first = registry.push("app:1.0.0", &[("a.yaml", b"number: 1\n")]).await;
    registry.tag("app:1.0.0", "main").await;
    let url = format!("{}/app", registry.host());
    let hourly = |reference: Value| json!({"ref": reference, "interval": "1h"});
    for (name, reference) in [
        ("range", json!({"semver": "1.x"})),
        ("named", json!({"tag": "main"})),
        ("pinned", json!({"digest": first})),
    ] {
        scene.namespace.apply(&repository(name, &url, &hourly(reference))).await;
        scene.namespace.until_ready(name).await;
    }
    let before = scene.namespace.object("named").await;

    let second = registry.push("app:1.1.0", &[("a.yaml", b"number: 2\n")]).await;
    registry.push("app:2.0.0", &[("a.yaml", b"number: 3\n")]).await;

    scene.namespace.until_revision("range", &format!("1.1.0@{second}")).await;
    let unmatched = |hook: &Value| {
        let last = &hook["status"]["lastDelivery"];
        last["pushes"] == json!([format!("{url}:2.0.0")]) && last["result"] == "unmatched"
    };
    let object = scene.namespace.until_hook("registry", "a push that nobody follows", unmatched).await;
    assert_eq!(object["status"]["lastDelivery"]["woken"], 0, "{object:#}");
    assert!(object["status"]["deliveries"]["accepted"].as_i64() >= Some(1), "{object:#}");
    let after = scene.namespace.object("named").await;
    assert_eq!(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
}

async fn a_hook_says_what_it_waits_for_and_follows_its_secret(scene: Scene) {
    let operator = scene.operator().await;
    scene.namespace.apply(&hook("app", "generic", &json!({}))).await;
    let waits = |hook: &Value| condition(hook, "Ready")["reason"] == "SecretNotFound";
    scene.namespace.until_hook("app", "complaint", waits).await;

    let path = hooked(&scene, "app", "generic").await;
    let body = json!({"url": "oci://ghcr.io/example/app", "tag": "main"});
    let status = async |path: &str, token| post(&operator, path, token, &body).await.0;
    assert_eq!(status(&path, TOKEN).await, 202);
    scene.namespace.apply(&secret("app", "token", "another")).await;
    let moved = |hook: &Value| is_ready(hook) && hook["status"]["path"] != json!(path);
    let object = scene.namespace.until_hook("app", "another path", moved).await;

    let other = object["status"]["path"].as_str().unwrap();
    assert_eq!(status(&path, TOKEN).await, 404);
    assert_eq!(status(other, TOKEN).await, 401);
    assert_eq!(status(other, "another").await, 202);
}

/// Delivers a push of this tag to a hook of type `generic`; returns the answer.
pub(crate) async fn deliver(operator: &Operator, path: &str, url: &str, tag: &str) -> Value {
    post(operator, path, TOKEN, &json!({"url": url, "tag": tag})).await.1
}

/// The answer to a delivery tells that it woke so many, or that this was not known within the 80 ms that an answer waits for it.
pub(crate) fn woke(answer: &Value, count: usize) {
    assert_eq!(answer["result"], "accepted", "{answer:#}");
    assert!(answer["woken"].is_null() || answer["woken"] == count, "{answer:#}");
}

async fn post(operator: &Operator, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(operator.hook(path)).bearer_auth(token).body(body.to_string());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn a_pipeline_triggers_and_waits_for_whom_it_woke(scene: Scene) {
    let operator = scene.operator().await;
    let path = hooked(&scene, "pipeline", "generic-hmac").await;
    let registry = scene.registry().await;
    registry.push("app:main", &[("a.yaml", b"number: 1\n")]).await;
    let url = format!("{}/app", registry.host());
    let spec = json!({"ref": {"tag": "main"}, "interval": "1h"});
    for name in ["one", "two"] {
        scene.namespace.apply(&repository(name, &url, &spec)).await;
        scene.namespace.until_ready(name).await;
    }
    let secret_file = scene.folder("pipeline").join("token");
    std::fs::write(&secret_file, TOKEN).unwrap();
    let trigger = async |tag: &str| {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_sluice"))
            .args(["trigger", &format!("oci://{url}"), "--tag", tag, "--wait"])
            .args(["--hook", &operator.hook(&path), "--secret-file", secret_file.to_str().unwrap()])
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };

    let digest = registry.push("app:main", &[("a.yaml", b"number: 2\n")]).await;
    let (status, said) = trigger("main").await;

    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(&format!("{}/one is Ready with main@{digest}", scene.namespace.name)), "{said}");
    assert!(said.ends_with("2 of 2 Ready\n"), "{said}");
    let object = scene.namespace.object("two").await;
    assert_eq!(object["status"]["artifact"]["revision"], format!("main@{digest}"));

    registry.push_layer("app:main", b"no archive".to_vec()).await;
    let (status, said) = trigger("main").await;

    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains(&format!("{}/two has failed: ", scene.namespace.name)), "{said}");
    assert!(said.ends_with("0 of 2 Ready\n"), "{said}");

    let (status, said) = trigger("nobody-follows-this").await;
    assert_eq!((status, said.contains("no object follows this tag")), (Some(0), true), "{said}");
}

async fn a_cluster_without_the_definition_has_artifacts_and_no_webhooks(scene: Scene) {
    let (plane, namespace) = scene.bare_plane().await;
    let client = plane.client().await;
    install_definition(&client, "ocirepositories.source.toolkit.fluxcd.io").await;
    let release = scene.release(&json!({})).await;
    let kubeconfig = release.place(&plane).await;
    let operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    let registry = scene.registry().await;
    let digest = registry.push("app:main", &[("a.yaml", b"number: 1\n")]).await;
    let url = format!("{}/app", registry.host());

    namespace.apply(&repository("app", &url, &json!({"ref": {"tag": "main"}, "interval": "1h"}))).await;

    namespace.until_revision("app", &format!("main@{digest}")).await;
    let body = json!({"url": format!("oci://{url}"), "tag": "main"});
    assert_eq!(post(&operator, "/hook/aa", TOKEN, &body).await.0, 503);

    install_definition(&client, "registrywebhooks.sluice.dev").await;
    namespace.apply(&secret("app", "token", TOKEN)).await;
    namespace.apply(&hook("app", "generic", &json!({}))).await;
    let object = namespace.until_hook("app", "Ready", is_ready).await;
    let path = object["status"]["path"].as_str().unwrap();
    woke(&post(&operator, path, TOKEN, &body).await.1, 1);
}
