//! What the objects of the chart are let into, and what they may do.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use k8s_openapi::api::authorization::v1::SelfSubjectRulesReview;
use kube::api::{Api, DynamicObject, PostParams};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::resource;
use crate::support::bench::Bench;
use crate::support::chart::{Chart, only, values};
use crate::support::controlplane::client_of;
use crate::support::release::Release;
use crate::support::scene::Scene;
use crate::support::waiting::{if_so, until};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_pod_of_the_chart_is_let_into_a_restricted_namespace),
        bench.trial(the_service_account_may_do_what_the_operator_does_and_nothing_else),
    ]
}

async fn a_pod_of_the_chart_is_let_into_a_restricted_namespace(scene: Scene) {
    let plane = scene.plane().await;
    let client = plane.client().await;
    let name = format!("{}-restricted", scene.namespace.name);
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
    let namespaces: Api<DynamicObject> = Api::all_with(client.clone(), &resource("v1", "Namespace"));
    let namespace = serde_json::from_value(namespace).unwrap();
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let rendered = Chart::of(&scene, plane, &scene.namespace.name).render(&values(&json!({}))).await.unwrap();
    let template = &only(&rendered, "Deployment")["spec"]["template"];
    let pods: Api<DynamicObject> = Api::namespaced_with(client.clone(), &name, &resource("v1", "Pod"));
    let admit = async |pod_name: &str, spec: &Value| {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod_name}, "spec": spec});
        let pod = serde_json::from_value(pod).unwrap();
        pods.create(&PostParams::default(), &pod).await.map(drop)
    };

    admit("as-rendered", &template["spec"]).await.unwrap();

    for pointer in [
        "/securityContext/runAsNonRoot",
        "/securityContext/seccompProfile",
        "/containers/0/securityContext/capabilities",
        "/containers/0/securityContext/allowPrivilegeEscalation",
    ] {
        let mut spec = template["spec"].clone();
        *spec.pointer_mut(pointer).unwrap() = Value::Null;
        let error = admit("laxer", &spec).await.unwrap_err().to_string();
        assert!(error.contains("violates PodSecurity"), "{pointer}: {error}");
    }
    let context = &template["spec"]["containers"][0]["securityContext"];
    assert_eq!(context["readOnlyRootFilesystem"], true);
}

/// What the bearer may do in a namespace beyond asking who it is: `VERB RESOURCE [NAME]`.
async fn permissions(kubeconfig: &Path, namespace: &str) -> BTreeSet<String> {
    let reviews: Api<SelfSubjectRulesReview> = Api::all(client_of(kubeconfig).await);
    let mut question = SelfSubjectRulesReview::default();
    question.spec.namespace = Some(namespace.to_owned());
    let answer = reviews.create(&PostParams::default(), &question).await.unwrap();
    let mut permissions = BTreeSet::new();
    for rule in answer.status.unwrap().resource_rules {
        let names = rule.resource_names.unwrap_or_else(|| vec![String::new()]);
        for resource in rule.resources.unwrap_or_default() {
            for (verb, name) in rule.verbs.iter().flat_map(|verb| names.iter().map(move |name| (verb, name)))
            {
                permissions.insert(format!("{verb} {resource} {name}").trim_end().to_owned());
            }
        }
    }
    permissions.retain(|permission| !permission.starts_with("create self"));
    permissions
}

/// Waits until these are the permissions: roles take effect a moment after they are written.
async fn until_permitted(kubeconfig: &Path, namespace: &str, expected: &BTreeSet<String>) {
    until(&format!("permissions {expected:?} in {namespace}"), async || {
        let permissions = permissions(kubeconfig, namespace).await;
        if_so(permissions == *expected, permissions)
    })
    .await;
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

const ABOUT_OBJECTS: &[&str] = &[
    "get ocirepositories",
    "list ocirepositories",
    "watch ocirepositories",
    "patch ocirepositories",
    "update ocirepositories/status",
    "create events",
    "patch events",
    "get secrets",
    "get serviceaccounts",
];
const ABOUT_WEBHOOKS: &[&str] = &[
    "get registrywebhooks",
    "list registrywebhooks",
    "watch registrywebhooks",
    "patch registrywebhooks/status",
];
const ABOUT_DEPENDENCIES: &[&str] =
    &["list secrets", "watch secrets", "list serviceaccounts", "watch serviceaccounts"];

fn about_the_lease(name: &str) -> Vec<String> {
    let mut lines: Vec<_> = ["get", "update"].iter().map(|verb| format!("{verb} leases {name}")).collect();
    lines.push("create leases".to_owned());
    lines
}

async fn the_service_account_may_do_what_the_operator_does_and_nothing_else(scene: Scene) {
    let plane = scene.plane().await;
    let (own, other) = (&*scene.namespace.name, "default");
    let chart = Chart::of(&scene, plane, own);

    chart.install(&values(&json!({}))).await.unwrap();

    let release = Release::new(chart.render(&values(&json!({}))).await.unwrap());
    let bearer = release.kubeconfig(plane).await;
    let everywhere = set(&[ABOUT_OBJECTS, ABOUT_WEBHOOKS, ABOUT_DEPENDENCIES].concat());
    until_permitted(&bearer, other, &everywhere).await;
    let mut at_home = everywhere;
    at_home.extend(about_the_lease("source-controller-leader-election"));
    until_permitted(&bearer, own, &at_home).await;

    let narrow = json!({
        "mode": "beside",
        "shard": "one",
        "watchAllNamespaces": false,
        "watchDependencies": false,
        "webhooks": {"enabled": false},
    });
    chart.upgrade(&values(&narrow)).await.unwrap();

    until_permitted(&bearer, other, &BTreeSet::new()).await;
    let mut at_home = set(ABOUT_OBJECTS);
    at_home.extend(about_the_lease("source-controller-leader-election-3bbc7129"));
    until_permitted(&bearer, own, &at_home).await;
    chart.uninstall().await.unwrap();
}
