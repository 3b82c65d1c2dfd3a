//! A `RegistryWebhook` as it came from the cluster: read leniently, so that one odd object harms no other.

use std::sync::Arc;

use serde_json::Value;
use sluice_crds::{RegistryWebhookSpec, RegistryWebhookStatus};

use crate::Key;

/// One object, taken apart.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its name.
    pub key: Key,
    /// Which life of it.
    pub uid: Arc<str>,
    /// The version of this observation.
    pub resource_version: Arc<str>,
    /// The generation of the specification.
    pub generation: i64,
    /// The specification, or what is wrong with it.
    pub spec: Result<RegistryWebhookSpec, String>,
    /// The recorded status; what does not parse of it counts as empty.
    pub status: RegistryWebhookStatus,
}

impl Webhook {
    /// Takes an object apart.
    ///
    /// # Errors
    /// A sentence, when not even name and namespace can be read.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let metadata = value.get("metadata").ok_or("the object has no metadata")?;
        let text = |field: &str| metadata.get(field).and_then(Value::as_str);
        let name = text("name").ok_or("the object has no name")?;
        let namespace = text("namespace").ok_or_else(|| format!("the object {name} has no namespace"))?;
        let spec = value.get("spec").cloned().unwrap_or_default();
        let status = value.get("status").cloned().unwrap_or_default();
        Ok(Self {
            key: Key::new(namespace, name),
            uid: text("uid").unwrap_or_default().into(),
            resource_version: text("resourceVersion").unwrap_or_default().into(),
            generation: metadata.get("generation").and_then(Value::as_i64).unwrap_or(1),
            spec: serde_json::from_value(spec).map_err(|error| error.to_string()),
            status: serde_json::from_value(status).unwrap_or_default(),
        })
    }

    /// The Secret that it names.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        let spec = self.spec.as_ref().ok()?;
        spec.secret_ref.as_ref().map(|secret| secret.name.as_str())
    }
}
