//! The `CustomResourceDefinition`s (spec 1.1, 1.2; D11, D33, D38).

use serde_json::{Value, json};

use crate::schema::structural;
use crate::webhook_definition::webhook_definition;
use crate::{OciRepositorySpec, OciRepositoryStatus};

/// The API group of the kind.
pub const GROUP: &str = "source.toolkit.fluxcd.io";
/// The kind.
pub const KIND: &str = "OCIRepository";
const PLURAL: &str = "ocirepositories";
const STORAGE_VERSION: &str = "v1";

const HEADER: &str = "# Generated from crds/src by crdgen; edit the types there.\n";

/// The definition of the kind with both of its versions, as the API server takes it.
///
/// Nothing at the top is required, so that an object without `spec` is admitted as upstream admits it (D12).
#[must_use]
pub fn definition() -> Value {
    let deprecated = json!({
        "deprecated": true,
        "deprecationWarning": "v1beta2 OCIRepository is deprecated, upgrade to v1",
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "annotations": { "kustomize.toolkit.fluxcd.io/substitute": "disabled" },
            "name": format!("{PLURAL}.{GROUP}"),
        },
        "spec": {
            "group": GROUP,
            "names": {
                "categories": ["all", "fluxcd", "fluxcd-sources"],
                "kind": KIND,
                "listKind": "OCIRepositoryList",
                "plural": PLURAL,
                "shortNames": ["ocirepo"],
                "singular": "ocirepository",
            },
            "scope": "Namespaced",
            "versions": [version(STORAGE_VERSION, json!({})), version("v1beta2", deprecated)],
        },
    })
}

/// All definitions as YAML files that are applied to clusters, by file name.
#[must_use]
pub fn manifests() -> [(&'static str, String); 2] {
    [
        ("ocirepositories.yaml", manifest(&definition())),
        ("registrywebhooks.yaml", manifest(&webhook_definition())),
    ]
}

fn manifest(definition: &Value) -> String {
    let yaml = serde_yaml::to_string(definition).expect("a JSON value is representable in YAML");
    format!("{HEADER}---\n{yaml}")
}

fn version(name: &str, deprecation: Value) -> Value {
    let mut version = json!({
        "additionalPrinterColumns": [
            { "jsonPath": ".spec.url", "name": "URL", "type": "string" },
            { "jsonPath": r#".status.conditions[?(@.type=="Ready")].status"#, "name": "Ready", "type": "string" },
            { "jsonPath": r#".status.conditions[?(@.type=="Ready")].message"#, "name": "Status", "type": "string" },
            { "jsonPath": ".metadata.creationTimestamp", "name": "Age", "type": "date" },
        ],
        "name": name,
        "schema": { "openAPIV3Schema": object_schema() },
        "served": true,
        "storage": name == STORAGE_VERSION,
        "subresources": { "status": {} },
    });
    if let (Some(version), Value::Object(deprecation)) = (version.as_object_mut(), deprecation) {
        version.extend(deprecation);
    }
    version
}

fn object_schema() -> Value {
    let mut status = structural::<OciRepositoryStatus>();
    status.insert("default".to_owned(), json!({ "observedGeneration": -1 }));
    json!({
        "description": "An artifact in an OCI registry that is watched, verified, pulled, stored and served.",
        "properties": {
            "apiVersion": { "description": "The group and version of this object.", "type": "string" },
            "kind": { "description": "The kind of this object.", "type": "string" },
            "metadata": { "type": "object" },
            "spec": structural::<OciRepositorySpec>(),
            "status": status,
        },
        "type": "object",
    })
}
