//! An `OCIRepository` as it came from the cluster or from a file: read leniently, so that one odd object harms no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use sluice_crds::{Artifact, OciRepositorySpec, OciRepositoryStatus, SpecError, read_spec};

use crate::packed::Packed;
use crate::{Key, Seen};

/// The finalizer of upstream, kept so that objects can be handed over in either direction (D23).
pub const FINALIZER: &str = "finalizers.fluxcd.io";

/// One object, taken apart.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub key: Key,
    /// Which life of it.
    pub uid: Arc<str>,
    /// The version of this observation.
    pub resource_version: Arc<str>,
    /// The generation of the specification.
    pub generation: i64,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// All finalizers, foreign ones too.
    pub finalizers: Vec<String>,
    /// All annotations.
    pub annotations: BTreeMap<String, String>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// The specification, or what is wrong with it (D12, D39).
    pub spec: Result<OciRepositorySpec, SpecError>,
    /// Whether the owner paused it; told by a specification that cannot be worked off, too.
    pub suspended: bool,
    /// The recorded status: a twentieth of the memory that its values take, and rarely asked for.
    status: Packed,
}

impl Object {
    /// Takes an object apart.
    ///
    /// # Errors
    /// A sentence, when not even name and namespace can be read.
    pub fn new(mut seen: Seen) -> Result<Self, String> {
        Ok(Self {
            key: seen.key()?,
            uid: seen.uid().into(),
            resource_version: seen.resource_version().into(),
            generation: seen.metadata.generation(),
            deleting: seen.metadata.deleting(),
            finalizers: seen.metadata.finalizers(),
            annotations: seen.metadata.annotations(),
            labels: seen.metadata.labels(),
            suspended: seen.spec.as_ref().is_some_and(|spec| spec["suspend"] == true),
            spec: read_spec(seen.spec.as_ref()),
            status: Packed::new(&seen.status.map(|status| status.to_string()).unwrap_or_default()),
        })
    }

    /// Takes an object apart that is there as a value.
    ///
    /// # Errors
    /// As of [`Self::new`], or the parser's words for what is no object at all.
    pub fn parse(value: &Value) -> Result<Self, String> {
        Seen::of(value).and_then(Self::new)
    }

    /// The recorded status as it stands there, unknown fields included; empty where there is none.
    #[must_use]
    pub fn recorded_status(&self) -> Map<String, Value> {
        serde_json::from_str(&self.status.text()).unwrap_or_default()
    }

    /// The recorded status without its conditions, and beside it these, foreign ones too. Fields that do not parse count as
    /// empty.
    #[must_use]
    pub fn status(&self) -> (OciRepositoryStatus, Vec<Value>) {
        let mut fields = self.recorded_status();
        let conditions = match fields.remove("conditions") {
            Some(Value::Array(conditions)) => conditions,
            _ => Vec::new(),
        };
        (serde_json::from_value(Value::Object(fields)).unwrap_or_default(), conditions)
    }

    /// The recorded artifact.
    #[must_use]
    pub fn artifact(&self) -> Option<Artifact> {
        self.status().0.artifact
    }

    /// Whether the status of another version is the same.
    #[must_use]
    pub fn holds_status_of(&self, other: &Self) -> bool {
        self.status.is(&other.status)
    }

    /// Whether our finalizer is on it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.finalizers.iter().any(|finalizer| finalizer == FINALIZER)
    }
}
