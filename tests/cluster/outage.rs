//! A registry or an API server goes away and comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use libtest_mimic::Trial;
use serde_json::json;

use crate::support::api::{artifact, condition};
use crate::support::bench::Bench;
use crate::support::manifest::repository;
use crate::support::operator::Operator;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_registry_that_is_down_costs_no_artifact_and_is_used_as_soon_as_it_is_back),
        bench.trial(an_api_server_that_restarts_is_followed_without_asking_registries_again),
    ]
}

/// From the return of a registry to Ready (D48).
const RETURN_LIMIT: Duration = Duration::from_secs(3);

const FILES: &[(&str, &[u8])] = &[("a.yaml", b"a: 1\n")];

async fn a_registry_that_is_down_costs_no_artifact_and_is_used_as_soon_as_it_is_back(scene: Scene) {
    let mut registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let _operator = scene.operator().await;
    let namespace = &scene.namespace;
    let names = ["one", "two", "three"];
    for name in names {
        namespace
            .apply(&repository(name, &format!("{}/app", registry.host()), &json!({"ref": {"tag": "v1"}})))
            .await;
    }
    join_all(names.map(|name| namespace.until_ready(name))).await;

    registry.stop();
    join_all(names.map(|name| namespace.poke(name, "while down"))).await;

    for name in names {
        let object = namespace.until_failed(name, "connection refused").await;
        assert_eq!(condition(&object, "FetchFailed")["reason"], "OCIArtifactPullFailed");
        assert_eq!(condition(&object, "ArtifactInStorage")["status"], "True");
        let message = condition(&object, "Ready")["message"].as_str().unwrap_or_default();
        let refused = format!("dial tcp {}: connect: connection refused", registry.host());
        assert!(
            message.starts_with("failed to determine artifact digest: ") && message.ends_with(&refused),
            "{message}"
        );
        let (url, digest) = artifact(&object);
        scene.tools.consume(url, digest, &scene.folder(name)).await.unwrap();
    }

    registry.resume().await;
    let back = Instant::now();
    join_all(names.map(|name| namespace.until_ready(name))).await;
    assert!(back.elapsed() <= RETURN_LIMIT, "Ready {:?} after the registry's return", back.elapsed());
}

async fn an_api_server_that_restarts_is_followed_without_asking_registries_again(scene: Scene) {
    let registry = scene.registry().await;
    let first = registry.push("moving:main", FILES).await;
    registry.push("still:v1", FILES).await;
    let (mut plane, namespace) = scene.another_plane().await;
    let release = scene.release(&json!({})).await;
    let kubeconfig = release.place(&plane).await;
    let operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    let moving = json!({"ref": {"tag": "main"}, "interval": "1s"});
    namespace.apply(&repository("moving", &format!("{}/moving", registry.host()), &moving)).await;
    let still = json!({"ref": {"tag": "v1"}});
    namespace.apply(&repository("still", &format!("{}/still", registry.host()), &still)).await;
    namespace.until_revision("moving", &format!("main@{first}")).await;
    let before = namespace.until_ready("still").await;
    let mark = registry.mark();

    plane.stop_api();
    let second = registry.push("moving:main", &[("a.yaml", b"a: 2\n")]).await;
    let (url, digest) = artifact(&before);
    scene.tools.consume(url, digest, &scene.folder("meanwhile")).await.unwrap();
    let stored = operator.artifacts("moving").join(format!("{second}.tar.gz"));
    while !stored.exists() {
        tokio::time::sleep(crate::support::process::POLL).await;
    }
    plane.start_api().await;

    namespace.until_revision("moving", &format!("main@{second}")).await;
    assert_eq!(namespace.object("still").await, before);
    let asked: Vec<_> = registry.since(mark).into_iter().filter(|line| line.contains("/still/")).collect();
    assert_eq!(asked, Vec::<String>::new());
}
