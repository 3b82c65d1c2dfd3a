//! An object from its creation to its end (upstream's test of the controller as a whole).

use serde_json::{Value, json};
use sluice_actors::FINALIZER;

use super::images::{DOCKER_LAYER, Image, annotations, deployment};
use super::place::{Place, lines, repository, unpacked};
use super::registry::Registry;

/// Creates, reads, asks, deletes; then creates anew, suspends and deletes.
async fn lives(spec: &Value, tag: &str, copied: bool) {
    let registry = Registry::open();
    for version in ["6.1.4", "6.1.5", "6.1.6"] {
        registry.push(&Image::podinfo(version), &[version]);
    }
    let image = Image::podinfo(tag);
    let mut app = repository("app", &registry.url(), spec);
    let place = Place::with(&[app.clone()]);

    place.until("app", |object| object.is_some_and(|object| object.finalizers == [FINALIZER])).await;
    let status = place.settled("app").await;
    let revision = format!("{tag}@{}", image.digest());
    let artifact = status.artifact.as_ref().unwrap();
    assert_eq!(artifact.revision, revision);
    let metadata = serde_json::to_value(&artifact.metadata).unwrap();
    assert_eq!(metadata, annotations(tag));
    let archive = place.artifact(&status);
    assert_eq!(archive == image.layer, copied, "a copy is the layer itself");
    let expected = [
        ("kustomize/deployment.yaml".to_owned(), deployment(tag)),
        ("kustomize/hpa.yaml".to_owned(), "kind: HorizontalPodAutoscaler\n".to_owned()),
    ];
    assert_eq!(unpacked(&archive), expected);
    let stored = format!("True(Succeeded, stored artifact for digest '{revision}')");
    assert_eq!(lines(&status), ["Ready", "ArtifactInStorage"].map(|kind| format!("{kind}={stored}")));

    app["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "now"});
    place.apply(&app);
    place.until("app", |object| object.is_some_and(|object| handled(object).as_deref() == Some("now"))).await;
    assert_eq!(place.settled("app").await.artifact, status.artifact);
    place.delete("app");
    place.until("app", |object| object.is_none()).await;

    app["spec"]["suspend"] = json!(true);
    app["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "again"});
    place.apply(&app);
    place
        .until("app", |object| object.is_some_and(|object| handled(object).as_deref() == Some("again")))
        .await;
    place.delete("app");
    place.until("app", |object| object.is_none()).await;
    place.leave().await;
}

fn handled(object: &sluice_actors::Object) -> Option<String> {
    object.status().0.last_handled_reconcile_at
}

#[actix::test]
async fn an_object_of_a_tag_lives_from_its_creation_to_its_end() {
    let selector = json!({"mediaType": DOCKER_LAYER, "operation": "copy"});
    lives(&json!({"insecure": true, "ref": {"tag": "6.1.6"}, "layerSelector": selector}), "6.1.6", true)
        .await;
}

#[actix::test]
async fn an_object_of_a_range_lives_from_its_creation_to_its_end() {
    lives(&json!({"insecure": true, "ref": {"semver": ">= 6.1 <= 6.1.5"}}), "6.1.5", false).await;
}
