//! What documents declare, and the sentences for those that cannot be used.

use serde_json::{Value, json};

use super::{Body, Kind, Manifest};

fn object(change: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": { "name": "podinfo" },
        "spec": { "url": "oci://ghcr.io/org/podinfo", "interval": "5m" },
    });
    sluice_actors::cluster::merge(&mut object, change);
    object
}

fn secret(change: &Value) -> Result<sluice_actors::cluster::Secret, String> {
    let mut object = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "pull" } });
    sluice_actors::cluster::merge(&mut object, change);
    match Manifest::read(&object)?.unwrap().body {
        Body::Secret(secret) => Ok(secret),
        body @ (Body::OciRepository(_) | Body::ServiceAccount(_) | Body::ConfigMap) => panic!("{body:?}"),
    }
}

fn refusal(change: &Value) -> String {
    Manifest::read(&object(change)).unwrap_err()
}

#[test]
fn both_versions_of_the_api_are_read_and_no_other() {
    for version in ["source.toolkit.fluxcd.io/v1", "source.toolkit.fluxcd.io/v1beta2"] {
        let manifest = Manifest::read(&object(&json!({ "apiVersion": version }))).unwrap().unwrap();
        assert_eq!(
            (manifest.kind(), manifest.key.to_string()),
            (Kind::OciRepository, "default/podinfo".to_owned())
        );
    }
    for version in ["source.toolkit.fluxcd.io/v1beta1", "v1", "other.example.com/v1"] {
        assert!(refusal(&json!({ "apiVersion": version })).contains("write source.toolkit.fluxcd.io/v1 or"));
    }
}

#[test]
fn annotations_labels_and_spec_pass_through() {
    let change =
        json!({ "metadata": { "namespace": "apps", "labels": { "a": "b" }, "annotations": { "c": "d" } } });
    let manifest = Manifest::read(&object(&change)).unwrap().unwrap();

    assert_eq!(manifest.key.to_string(), "apps/podinfo");
    let Body::OciRepository(declared) = manifest.body else { panic!("an OCIRepository") };
    assert_eq!((declared.labels["a"].as_str(), declared.annotations["c"].as_str()), ("b", "d"));
    assert_eq!(declared.spec.unwrap()["interval"], "5m");
}

#[test]
fn an_object_without_spec_is_one_with_a_problem_of_its_own() {
    let manifest = Manifest::read(&object(&json!({ "spec": null }))).unwrap().unwrap();

    assert!(matches!(manifest.body, Body::OciRepository(declared) if declared.spec.is_none()));
}

#[test]
fn kinds_of_others_are_passed_over() {
    let kinds = [("v1", "Namespace"), ("v2", "Secret"), ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")];
    for (version, kind) in kinds {
        assert!(Manifest::read(&object(&json!({ "apiVersion": version, "kind": kind }))).unwrap().is_none());
    }
}

#[test]
fn names_that_are_no_names_are_refused_and_cannot_leave_the_folder() {
    for name in ["", "..", "../x", "a/b", "A", "a_b", "-a", "a-", ".a", "a..b", "a\u{e9}"] {
        assert!(Manifest::read(&object(&json!({ "metadata": { "name": name } }))).is_err(), "{name:?}");
    }
    for namespace in ["..", "a.b", "a/b", "A", &"a".repeat(64)] {
        assert!(
            Manifest::read(&object(&json!({ "metadata": { "namespace": namespace } }))).is_err(),
            "{namespace:?}"
        );
    }
    for name in ["a", "a.b-c.1", &"a".repeat(250)] {
        assert!(Manifest::read(&object(&json!({ "metadata": { "name": name } }))).is_ok(), "{name:?}");
    }
}

#[test]
fn what_is_missing_or_of_the_wrong_kind_is_named() {
    assert_eq!(refusal(&json!({ "apiVersion": null })), "the object has no apiVersion");
    assert_eq!(refusal(&json!({ "kind": null })), "the object has no kind");
    assert_eq!(refusal(&json!({ "metadata": null })), "the object has no metadata.name");
    assert_eq!(refusal(&json!({ "metadata": { "name": 7 } })), "name must be text; put it into quotes");
    assert_eq!(
        refusal(&json!({ "metadata": { "annotations": { "reconcile.fluxcd.io/requestedAt": 7 } } })),
        "annotations.reconcile.fluxcd.io/requestedAt must be text; put it into quotes"
    );
    assert!(Manifest::read(&json!(["a list"])).unwrap_err().starts_with("an object is expected"));
}

#[test]
fn the_data_of_a_secret_is_decoded_and_plain_text_wins() {
    let secret = secret(&json!({
        "type": "kubernetes.io/dockerconfigjson",
        "data": { "a": "aGVs\nbG8=\n", "b": "b2xk" },
        "stringData": { "b": "new" },
    }));

    let secret = secret.unwrap();
    assert_eq!(secret.kind, "kubernetes.io/dockerconfigjson");
    assert_eq!((secret.data["a"].as_slice(), secret.data["b"].as_slice()), (&b"hello"[..], &b"new"[..]));
}

#[test]
fn a_secret_without_type_is_opaque_and_its_values_are_in_no_error() {
    assert_eq!(secret(&json!({})).unwrap().kind, "Opaque");
    for change in
        [json!({ "data": { "password": "hunter2!" } }), json!({ "stringData": { "password": 4711 } })]
    {
        let said = secret(&change).unwrap_err();
        assert!(said.contains("password") && !said.contains("hunter2") && !said.contains("4711"), "{said}");
    }
}

#[test]
fn the_pull_secrets_of_a_service_account_are_read() {
    let account = |secrets: Value| {
        let fields =
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "puller" } });
        let mut object = fields;
        object["imagePullSecrets"] = secrets;
        Manifest::read(&object)
    };

    let manifest = account(json!([{ "name": "one" }, { "name": "two" }])).unwrap().unwrap();
    assert!(
        matches!(manifest.body, Body::ServiceAccount(account) if account.image_pull_secrets == ["one", "two"])
    );
    assert!(account(json!(["one"])).is_err());
    assert!(account(json!({ "name": "one" })).is_err());
}
