//! What is left of Sluice after its end, and how it goes (docs/migrate.md).

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use crate::support::api::Namespace;
use crate::support::bench::Bench;
use crate::support::chart::{Chart, values};
use crate::support::files::artifacts_in;
use crate::support::inventory::{Inventory, names};
use crate::support::manifest::repository;
use crate::support::namespace_controller::Leaving;
use crate::support::operator::Operator;
use crate::support::release::Release;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_namespace_goes_while_sluice_runs_and_waits_for_its_finalizers_without_it),
        bench.trial(a_claim_of_ones_own_stays_with_its_artifacts),
    ]
}

const FILES: &[(&str, &[u8])] = &[("a.yaml", b"a: 1\n")];

async fn a_namespace_goes_while_sluice_runs_and_waits_for_its_finalizers_without_it(scene: Scene) {
    let (plane, namespace) = scene.another_plane().await;
    let client = plane.client().await;
    let inventory = Inventory::of(client.clone(), &namespace.name);
    let early = Namespace::create(client.clone(), &format!("{}-early", namespace.name)).await;
    let registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let release = scene.release(&json!({"watchAllNamespaces": true})).await;
    let kubeconfig = release.place(&plane).await;
    let mut operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    let app = repository("app", &format!("{}/app", registry.host()), &json!({"ref": {"tag": "v1"}}));
    for namespace in [&early, &namespace] {
        namespace.apply(&app).await;
        namespace.until_ready("app").await;
    }

    Leaving::begin(client.clone(), &early.name).await.end().await;
    assert!(!operator.data().join("ocirepository").join(&early.name).join("app").exists());
    assert_eq!(operator.terminate().await, 0);

    let leaving = Leaving::begin(client, &namespace.name).await;
    assert_eq!(leaving.emptied().await, names(&["app"]));
    let uid = inventory.ask_for_the_end_of_the_definition().await;
    let held = namespace.object("app").await;
    assert_eq!(held["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));
    assert_eq!(leaving.emptied().await, names(&["app"]));
    assert!(inventory.definition().await.metadata.deletion_timestamp.is_some());

    namespace.change("app", json!({"metadata": {"finalizers": null}})).await;

    leaving.end().await;
    inventory.until_without_definition(&uid).await;
}

async fn a_claim_of_ones_own_stays_with_its_artifacts(scene: Scene) {
    let plane = scene.plane().await;
    let namespace = &scene.namespace;
    let registry = scene.registry().await;
    let digest = registry.push("app:v1", FILES).await;
    let claim = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "mine"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    namespace.apply(&claim).await;
    let chart = Chart::of(&scene, plane, &namespace.name);
    let storage = json!({"persistent": true, "existingClaim": "mine"});
    let values = values(&json!({"storage": storage, "watchAllNamespaces": false, "eventsAddress": ""}));
    chart.install(&values).await.unwrap();
    let release = Release::new(chart.render(&values).await.unwrap());
    let pod = release.kubeconfig(plane).await;
    let mut operator = Operator::start(&scene.folder("operator"), &pod, &release).await;
    let url = format!("{}/app", registry.host());
    namespace.apply(&repository("app", &url, &json!({"ref": {"tag": "v1"}}))).await;
    namespace.until_ready("app").await;

    assert_eq!(operator.terminate().await, 0);
    chart.uninstall().await.unwrap();

    let inventory = Inventory::of(plane.client().await, &namespace.name);
    let left = ["PersistentVolumeClaim/mine", "Lease/source-controller-leader-election"];
    assert_eq!(inventory.objects().await, names(&left));
    assert_eq!(scene.lease().await.holder_identity.as_deref(), Some(""), "nobody holds it");
    assert_eq!(artifacts_in(&operator.artifacts("app")), [format!("{digest}.tar.gz")]);
}
