//! The chart from its installation to its end.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::bench::Bench;
use crate::support::chart::{Chart, RELEASE, values};
use crate::support::inventory::{DEFINITION, Inventory, names};
use crate::support::manifest::{pull_secret, repository};
use crate::support::operator::Operator;
use crate::support::release::Release;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_release_brings_the_definition_runs_and_leaves_what_is_documented),
        bench.trial(an_upgrade_turns_the_whole_into_a_shard_that_takes_only_its_own_objects),
        bench.trial(the_service_of_source_controller_is_not_taken_over_silently),
        bench.trial(a_definition_that_differs_stays_or_is_replaced_as_helm_is_told),
    ]
}

const FILES: &[(&str, &[u8])] = &[("a.yaml", b"a: 1\n")];

async fn a_release_brings_the_definition_runs_and_leaves_what_is_documented(scene: Scene) {
    let (plane, namespace) = scene.bare_plane().await;
    let registry = scene.registry_of("me:secret").await;
    registry.push("app:v1", FILES).await;
    let chart = Chart::of(&scene, &plane, &namespace.name);
    let inventory = Inventory::of(plane.client().await, &namespace.name);
    let values = values(&json!({"storage": {"persistent": true}, "eventsAddress": ""}));

    let notes = chart.install(&values).await.unwrap();

    let promise = "while it holds the Lease source-controller-leader-election, as source-controller does";
    assert!(notes.contains(promise), "{notes}");
    let cluster_role = format!("{}-{RELEASE}", namespace.name);
    assert_eq!(
        inventory.objects().await,
        names(&[
            "Deployment/sluice",
            "Service/source-controller",
            "Service/sluice-webhooks",
            "ServiceAccount/sluice",
            "Secret/sh.helm.release.v1.sluice.v1",
            "PersistentVolumeClaim/sluice",
            "Role/sluice-leader-election",
            "RoleBinding/sluice-leader-election",
            &format!("ClusterRole/{cluster_role}"),
            &format!("ClusterRoleBinding/{cluster_role}"),
        ])
    );

    let release = Release::new(chart.render(&values).await.unwrap());
    let pod = release.kubeconfig(&plane).await;
    let mut operator = Operator::start(&scene.folder("operator"), &pod, &release).await;
    let spec = json!({"ref": {"tag": "v1"}, "secretRef": {"name": "pull"}});
    let url = format!("{}/app", registry.host());
    let pull = pull_secret("pull", &registry.host(), "me", "secret");
    namespace.apply(&pull).await;
    for name in ["app", "gone"] {
        namespace.apply(&repository(name, &url, &spec)).await;
        namespace.until_ready(name).await;
    }
    namespace.delete("gone").await;
    namespace.until("gone", "end", Value::is_null).await;
    assert_eq!(operator.terminate().await, 0);
    assert!(!operator.output().contains("forbidden"), "{}", operator.output());
    let events = namespace.events("app").await;
    assert!(events.iter().any(|(reason, _)| reason == "NewArtifact"), "{events:?}");

    chart.uninstall().await.unwrap();

    let left = ["Secret/pull", "Lease/source-controller-leader-election"];
    assert_eq!(inventory.objects().await, names(&left));
    inventory.definition().await;
}

async fn an_upgrade_turns_the_whole_into_a_shard_that_takes_only_its_own_objects(scene: Scene) {
    let plane = scene.plane().await;
    let namespace = &scene.namespace;
    let registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let url = format!("{}/app", registry.host());
    let chart = Chart::of(&scene, plane, &namespace.name);
    let inventory = Inventory::of(plane.client().await, &namespace.name);
    chart.install(&values(&json!({}))).await.unwrap();

    let shard = json!({"mode": "beside", "shard": "one", "watchAllNamespaces": false, "eventsAddress": ""});
    let shard = values(&shard);
    let notes = chart.upgrade(&shard).await.unwrap();

    assert!(
        notes.contains("while it holds the Lease source-controller-leader-election-3bbc7129,"),
        "{notes}"
    );

    assert_eq!(
        inventory.objects().await,
        names(&[
            "Deployment/sluice",
            "Service/sluice",
            "Service/sluice-webhooks",
            "ServiceAccount/sluice",
            "Secret/sh.helm.release.v1.sluice.v1",
            "Secret/sh.helm.release.v1.sluice.v2",
            "Role/sluice",
            "RoleBinding/sluice",
            "Role/sluice-leader-election",
            "RoleBinding/sluice-leader-election",
        ])
    );
    let release = Release::new(chart.render(&shard).await.unwrap());
    let pod = release.kubeconfig(plane).await;
    let mut operator = Operator::start(&scene.folder("operator"), &pod, &release).await;
    let other = repository("other", &url, &json!({"ref": {"tag": "v1"}}));
    namespace.apply(&other).await;
    let mut own = repository("own", &url, &json!({"ref": {"tag": "v1"}}));
    own["metadata"]["labels"] = json!({"sharding.fluxcd.io/key": "one"});
    namespace.apply(&own).await;
    namespace.until_ready("own").await;
    assert_eq!(operator.terminate().await, 0);
    let other = namespace.object("other").await;
    assert!(other["metadata"]["finalizers"].is_null());
    assert_eq!(other["status"], json!({"observedGeneration": -1}));
    chart.uninstall().await.unwrap();
}

async fn the_service_of_source_controller_is_not_taken_over_silently(scene: Scene) {
    let plane = scene.plane().await;
    let chart = Chart::of(&scene, plane, &scene.namespace.name);
    let inventory = Inventory::of(plane.client().await, &scene.namespace.name);
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "source-controller"},
        "spec": {"ports": [{"port": 80}]},
    });
    scene.namespace.apply(&service).await;

    let error = chart.install(&values(&json!({}))).await.unwrap_err();

    assert!(
        error.contains("Service \"source-controller\"") && error.contains("cannot be imported"),
        "{error}"
    );
    assert_eq!(inventory.objects().await, names(&["Service/source-controller"]));
}

async fn a_definition_that_differs_stays_or_is_replaced_as_helm_is_told(scene: Scene) {
    let (plane, namespace) = scene.another_plane().await;
    let chart = Chart::of(&scene, &plane, &namespace.name);
    let inventory = Inventory::of(plane.client().await, &namespace.name);
    let ours = inventory.definition().await;
    let mut theirs = ours.data["spec"]["versions"].clone();
    theirs[0]["additionalPrinterColumns"] = json!([]);
    let patch = Patch::Merge(json!({"spec": {"versions": theirs}}));
    let parameters = PatchParams { field_manager: Some("flux".to_owned()), ..PatchParams::default() };
    let definitions = inventory.definitions();
    let theirs = definitions.patch(DEFINITION, &parameters, &patch).await.unwrap();
    let values = values(&json!({}));

    let error = chart.install(&values).await.unwrap_err();
    assert!(error.contains("conflict with \"flux\""), "{error}");
    assert_eq!(inventory.objects().await, BTreeSet::new());

    chart.install_with(&["--skip-crds"], &values).await.unwrap();
    chart.upgrade(&values).await.unwrap();
    let kept = inventory.definition().await;
    assert_eq!(kept.resource_version(), theirs.resource_version());
    chart.uninstall().await.unwrap();

    chart.install_with(&["--force-conflicts"], &values).await.unwrap();
    let replaced = inventory.definition().await;
    assert_eq!(replaced.data["spec"], ours.data["spec"]);
}
