//! Another operator on the same object, played by the test: it is told of once, and has the object after the second time (D46).

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::{Namespace, artifact};
use crate::support::bench::Bench;
use crate::support::manifest::repository;
use crate::support::operator::Operator;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(an_object_that_is_taken_over_twice_is_left_alone_until_a_label_changes),
        bench.trial(a_write_of_ours_that_the_watch_shows_before_its_answer_comes_is_no_take_over),
    ]
}

/// Changes that are no further apart count as one take-over.
const TOGETHER: Duration = Duration::from_secs(1);

async fn an_object_that_is_taken_over_twice_is_left_alone_until_a_label_changes(scene: Scene) {
    let registry = scene.registry().await;
    let operator = scene.operator().await;
    let namespace = &scene.namespace;
    for name in ["app", "witness"] {
        registry.push(&format!("{name}:main"), &[("a.yaml", b"a: 1\n")]).await;
        let spec = json!({"ref": {"tag": "main"}});
        namespace.apply(&repository(name, &format!("{}/{name}", registry.host()), &spec)).await;
    }
    let ours = namespace.until_ready("app").await;
    namespace.until_ready("witness").await;

    take_over(namespace, "app", "http://other.example.com/1").await;
    let event = namespace.until_event("app", "OwnershipConflict").await;
    assert_eq!(event["type"], "Warning");
    assert_eq!(measured(&operator, "sluice_ownership_conflicts_total").await, 1);
    let returned = namespace.poked("app", "after the first").await;
    assert_eq!(artifact(&returned), artifact(&ours));

    let seen = Instant::now();
    for number in 0.. {
        namespace.poked("app", &format!("still ours {number}")).await;
        if seen.elapsed() > TOGETHER {
            break;
        }
    }
    take_over(namespace, "app", "http://other.example.com/2").await;
    while measured(&operator, "sluice_objects_left").await == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(measured(&operator, "sluice_ownership_conflicts_total").await, 2);

    let is_ours = |object: &Value| artifact(object) == artifact(&ours);
    let label = async {
        let mark = registry.mark();
        namespace.poke("app", "in vain").await;
        while !registry.since(mark).iter().any(|line| line.contains("/app/")) {
            tokio::task::yield_now().await;
        }
        namespace.poked("witness", "after it").await;
        namespace.change("app", json!({"metadata": {"labels": {"team": "a"}}})).await;
    };
    let (returned, ()) = tokio::join!(namespace.until("app", "return of our artifact", is_ours), label);

    assert_eq!(returned["metadata"]["labels"]["team"], "a", "it was written before: {returned:#}");
    assert_eq!(returned["status"]["lastHandledReconcileAt"], "in vain");
    assert_eq!(measured(&operator, "sluice_objects_left").await, 0);
    let event = namespace.until_event("app", "OwnershipConflict").await;
    assert_eq!(event["count"], 1);
    let told = namespace.events("app").await;
    assert_eq!(told.iter().filter(|(reason, _)| reason == "OwnershipConflict").count(), 1);
}

async fn a_write_of_ours_that_the_watch_shows_before_its_answer_comes_is_no_take_over(scene: Scene) {
    let registry = scene.registry().await;
    let (api, kubeconfig) = scene.api_gate().await;
    let release = scene.release(&json!({})).await;
    let operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    let namespace = &scene.namespace;
    for name in ["app", "witness"] {
        registry.push(&format!("{name}:main"), &[("a.yaml", b"a: 1\n")]).await;
        let spec = json!({"ref": {"tag": "main"}});
        namespace.apply(&repository(name, &format!("{}/{name}", registry.host()), &spec)).await;
        namespace.until_ready(name).await;
    }
    let second = registry.push("app:main", &[("a.yaml", b"a: 2\n")]).await;

    let hold = api.hold_after(20, Method::PUT, "/app/status$");
    namespace.poke("app", "now").await;
    namespace.until_revision("app", &format!("main@{second}")).await;
    namespace.poked("witness", "after it").await;
    hold.reached(1).await;
    drop(hold);
    namespace.poked("app", "again").await;

    assert_eq!(measured(&operator, "sluice_ownership_conflicts_total").await, 0);
}

/// Does what an operator does that finds no file of its own: it takes the artifact off, pulls, and shows its own.
async fn take_over(namespace: &Namespace, name: &str, url: &str) {
    namespace.change_status(name, json!({"status": {"artifact": null}})).await;
    let artifact = json!({
        "digest": format!("sha256:{}", "ab".repeat(32)),
        "path": "ocirepository/elsewhere/other.tar.gz",
        "revision": format!("main@sha256:{}", "cd".repeat(32)),
        "url": url,
        "lastUpdateTime": "2026-01-01T00:00:00Z",
    });
    namespace.change_status(name, json!({"status": {"artifact": artifact}})).await;
}

/// The value of a series without labels.
async fn measured(operator: &Operator, series: &str) -> u64 {
    let text = operator.metrics().await;
    let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {series} in\n{text}"))
}
