//! A `RegistryWebhook` as it came from the cluster: read leniently, so that one odd object harms no other.

use std::sync::Arc;

use serde_json::Value;
use sluice_crds::{RegistryWebhookSpec, RegistryWebhookStatus};

use crate::{Key, Seen};

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
    pub fn new(seen: Seen) -> Result<Self, String> {
        Ok(Self {
            key: seen.key()?,
            uid: seen.uid().into(),
            resource_version: seen.resource_version().into(),
            generation: seen.metadata.generation(),
            spec: serde_json::from_value(seen.spec.unwrap_or_default()).map_err(|error| error.to_string()),
            status: serde_json::from_value(seen.status.unwrap_or_default()).unwrap_or_default(),
        })
    }

    /// Takes an object apart that is there as a value.
    ///
    /// # Errors
    /// As of [`Self::new`], or the parser's words for what is no object at all.
    pub fn parse(value: &Value) -> Result<Self, String> {
        Seen::of(value).and_then(Self::new)
    }

    /// The Secret that it names.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        let spec = self.spec.as_ref().ok()?;
        spec.secret_ref.as_ref().map(|secret| secret.name.as_str())
    }
}
