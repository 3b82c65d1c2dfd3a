//! What the other tests stand on does what they think it does.

use std::sync::Arc;

use hyper::Method;
use libtest_mimic::Trial;
use serde_json::json;

use crate::support::bench::Bench;
use crate::support::manifest::repository;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(objects_are_kept_and_only_operators_count_as_writers),
        bench.trial(a_registry_keeps_what_was_pushed_over_a_stop),
        bench.trial(a_gate_holds_a_request_and_the_rest_of_a_body),
    ]
}

async fn objects_are_kept_and_only_operators_count_as_writers(scene: Scene) {
    scene.namespace.apply(&repository("app", "example.com/app", &json!({"ref": {"branch": "main"}}))).await;
    let object = scene.namespace.object("app").await;
    assert_eq!(object["spec"]["ref"]["branch"], "main");
    assert!(scene.writes().await.is_empty());
}

async fn a_registry_keeps_what_was_pushed_over_a_stop(scene: Scene) {
    let mut registry = scene.registry_of("me:secret").await;
    let digest = registry.push("app:v1", &[("a.yaml", b"a: 1\n")]).await;
    registry.tag("app:v1", "v2").await;
    registry.stop();
    let url = format!("http://{}/v2/app/manifests/v2", registry.host());
    assert!(reqwest::get(&url).await.is_err());

    registry.resume().await;
    let mark = registry.mark();
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 401);
    let request =
        reqwest::Client::new().get(&url).header("accept", "application/vnd.oci.image.manifest.v1+json");
    let answer = request.basic_auth("me", Some("secret")).send().await.unwrap();
    assert_eq!(answer.headers()["docker-content-digest"].to_str().unwrap(), digest);
    assert_eq!(registry.since(mark), ["GET /v2/app/manifests/v2 401", "GET /v2/app/manifests/v2 200"]);
}

async fn a_gate_holds_a_request_and_the_rest_of_a_body(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("app:v1", &[("a.yaml", b"a: 1\n")]).await;
    let gate = scene.gate(&registry).await;
    let url = format!("http://{}/v2/app/manifests/v1", gate.host());
    let whole = reqwest::get(&url).await.unwrap().bytes().await.unwrap();

    let hold = gate.hold(Method::GET, "/manifests/");
    let waiting = tokio::spawn(reqwest::get(url.clone()));
    hold.reached(1).await;
    assert!(!waiting.is_finished());
    drop(hold);
    assert_eq!(waiting.await.unwrap().unwrap().bytes().await.unwrap(), whole);

    let hold = gate.hold_after(10, Method::GET, "/manifests/");
    let mut answer = reqwest::get(&url).await.unwrap();
    let mut received = Vec::new();
    while received.len() < 10 {
        received.extend_from_slice(&answer.chunk().await.unwrap().unwrap());
    }
    hold.reached(1).await;
    assert_eq!(received, whole[..10]);
    drop(hold);
    while let Some(chunk) = answer.chunk().await.unwrap() {
        received.extend_from_slice(&chunk);
    }
    assert_eq!(received, whole);

    let hold = gate.hold(Method::GET, "/manifests/");
    let waiting = tokio::spawn(reqwest::get(url));
    hold.reached(1).await;
    assert_eq!((hold.count(), hold.abandoned()), (1, 0));
    waiting.abort();
    while hold.abandoned() == 0 {
        tokio::task::yield_now().await;
    }
}
