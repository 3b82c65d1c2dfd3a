//! The `CustomResourceDefinition` of `RegistryWebhook` (D33).

use serde_json::{Value, json};

use crate::schema::structural;
use crate::{RegistryWebhookSpec, RegistryWebhookStatus};

/// The API group of the kind.
pub const WEBHOOK_GROUP: &str = "sluice.dev";
/// Its only version.
pub const WEBHOOK_VERSION: &str = "v1alpha1";
/// The kind.
pub const WEBHOOK_KIND: &str = "RegistryWebhook";
/// The kind as paths name it.
pub const WEBHOOK_PLURAL: &str = "registrywebhooks";

/// The definition, as the API server takes it.
#[must_use]
pub fn webhook_definition() -> Value {
    let ready = |field: &str| format!(r#".status.conditions[?(@.type=="Ready")].{field}"#);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "annotations": { "kustomize.toolkit.fluxcd.io/substitute": "disabled" },
            "name": format!("{WEBHOOK_PLURAL}.{WEBHOOK_GROUP}"),
        },
        "spec": {
            "group": WEBHOOK_GROUP,
            "names": {
                "categories": ["all"],
                "kind": WEBHOOK_KIND,
                "listKind": "RegistryWebhookList",
                "plural": WEBHOOK_PLURAL,
                "shortNames": ["rwh"],
                "singular": "registrywebhook",
            },
            "scope": "Namespaced",
            "versions": [{
                "additionalPrinterColumns": [
                    { "jsonPath": ".spec.type", "name": "Type", "type": "string" },
                    { "jsonPath": ready("status"), "name": "Ready", "type": "string" },
                    { "jsonPath": ".status.lastDelivery.time", "name": "Last delivery", "type": "date" },
                    { "jsonPath": ".status.lastDelivery.result", "name": "Result", "type": "string" },
                    { "jsonPath": ".status.lastDelivery.woken", "name": "Woken", "type": "integer" },
                    { "jsonPath": ".status.path", "name": "Path", "priority": 1, "type": "string" },
                    { "jsonPath": ready("message"), "name": "Status", "priority": 1, "type": "string" },
                    { "jsonPath": ".metadata.creationTimestamp", "name": "Age", "type": "date" },
                ],
                "name": WEBHOOK_VERSION,
                "schema": { "openAPIV3Schema": {
                    "description": "A path at which a registry tells of pushes, so that they are pulled at once.",
                    "properties": {
                        "apiVersion": { "description": "The group and version of this object.", "type": "string" },
                        "kind": { "description": "The kind of this object.", "type": "string" },
                        "metadata": { "type": "object" },
                        "spec": spec(),
                        "status": structural::<RegistryWebhookStatus>(),
                    },
                    "required": ["spec"],
                    "type": "object",
                } },
                "served": true,
                "storage": true,
                "subresources": { "status": {} },
            }],
        },
    })
}

/// The schema of `spec`, with what one field asks of another.
fn spec() -> Value {
    let mut spec = Value::Object(structural::<RegistryWebhookSpec>());
    spec["x-kubernetes-validations"] = json!([
        {
            "message": "this type proves by a token who sends: spec.oidc is required, and spec.secretRef is not used",
            "rule": "self.type in ['gcr', 'generic-oidc'] ? has(self.oidc) && !has(self.secretRef) : true",
        },
        {
            "message": "spec.oidc is for the types gcr, generic-oidc and acr",
            "rule": "has(self.oidc) ? self.type in ['gcr', 'generic-oidc', 'acr'] : true",
        },
        {
            "message": "spec.secretRef is required, unless spec.oidc says whose tokens are taken",
            "rule": "has(self.secretRef) != has(self.oidc)",
        },
        {
            "message": "deliveries of this type do not name a host: spec.host is required",
            "rule": "self.type in ['nexus', 'zot'] ? has(self.host) : true",
        },
        {
            "message": "who may sign is not enough: spec.oidc.subject or spec.oidc.email is required",
            "rule": "has(self.oidc) && self.type == 'generic-oidc' ? has(self.oidc.subject) || has(self.oidc.email) : true",
        },
        {
            "message": "spec.oidc.email is required: anybody can get a token of this issuer",
            "rule": "has(self.oidc) && self.type == 'gcr' ? has(self.oidc.email) : true",
        },
    ]);
    spec
}
