//! The main job: the manifests of `examples/`, from a registry that asks for a password to what a consumer unpacks.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::support::api::artifact;
use crate::support::bench::Bench;
use crate::support::manifest::examples;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![bench.trial(the_examples_become_ready_and_are_consumed)]
}

/// What `examples/registry-credentials.yaml` says.
const USER: &str = "example:a-token-that-may-read-packages";

async fn the_examples_become_ready_and_are_consumed(scene: Scene) {
    let registry = scene.registry_of(USER).await;
    let files: &[(&str, &[u8])] =
        &[("deploy/app.yaml", b"kind: Deployment\n"), ("kustomization.yaml", b"resources: []\n")];
    let release = registry.push("example/manifests/podinfo:v1.0.0", files).await;
    let branch = registry.push("example/manifests/podinfo:main", &[("app.yaml", b"kind: Service\n")]).await;
    registry.push_chart("example/charts", "podinfo", "1.2.3").await;
    let chart = registry.push_chart("example/charts", "podinfo", "1.10.0").await;
    registry.push_chart("example/charts", "podinfo", "2.0.0").await;
    let _operator = scene.operator().await;

    for manifest in examples(&registry.host()) {
        scene.namespace.apply(&manifest).await;
    }

    let object = scene.namespace.until_revision("release", &format!("v1.0.0@{release}")).await;
    let (url, digest) = artifact(&object);
    let consumed = scene.tools.consume(url, digest, &scene.folder("release")).await.unwrap();
    let names: Vec<&str> = consumed.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["deploy/app.yaml", "kustomization.yaml"]);

    let object = scene.namespace.until_revision("branch", &format!("main@{branch}")).await;
    let (url, digest) = artifact(&object);
    assert_eq!(scene.tools.consume(url, digest, &scene.folder("branch")).await.unwrap().len(), 1);

    let object = scene.namespace.until_revision("chart", &format!("1.10.0@{chart}")).await;
    let (url, digest) = artifact(&object);
    assert_eq!(
        scene.tools.consume_chart(url, digest, &scene.folder("chart")).await.unwrap(),
        "podinfo 1.10.0"
    );

    let events = scene.namespace.events("release").await;
    let announced = format!("stored artifact with revision 'v1.0.0@{release}'");
    assert!(
        events.iter().any(|(reason, message)| reason == "NewArtifact" && message.starts_with(&announced)),
        "{events:?}"
    );
}
