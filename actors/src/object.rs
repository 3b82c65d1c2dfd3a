//! An `OCIRepository` as it came from the cluster or from a file: read leniently, so that one odd object harms no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use sluice_crds::{Artifact, OciRepositorySpec, OciRepositoryStatus};

use crate::Key;
use crate::packed::Packed;

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
    pub spec: Result<OciRepositorySpec, SpecProblem>,
    /// The recorded status: a twentieth of the memory that its values take, and rarely asked for.
    status: Packed,
}

/// Why a specification cannot be worked off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecProblem {
    /// There is none.
    Absent,
    /// It does not parse; the text says where.
    Malformed(String),
    /// It has a field that is not known here; its path.
    Unknown(String),
}

impl Object {
    /// Takes an object apart; `managedFields` are dropped with the rest of `value`.
    ///
    /// # Errors
    /// A sentence, when not even name, namespace and uid can be read.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let metadata = value.get("metadata").ok_or("the object has no metadata")?;
        let text = |field: &str| metadata.get(field).and_then(Value::as_str);
        let name = text("name").ok_or("the object has no name")?;
        let namespace = text("namespace").ok_or_else(|| format!("the object {name} has no namespace"))?;
        let spec_value = value.get("spec").filter(|spec| !spec.is_null());
        Ok(Self {
            key: Key::new(namespace, name),
            uid: text("uid").unwrap_or_default().into(),
            resource_version: text("resourceVersion").unwrap_or_default().into(),
            generation: metadata.get("generation").and_then(Value::as_i64).unwrap_or(1),
            deleting: metadata.get("deletionTimestamp").is_some_and(|time| !time.is_null()),
            finalizers: strings(metadata.get("finalizers")),
            annotations: string_map(metadata.get("annotations")),
            labels: string_map(metadata.get("labels")),
            spec: specification(spec_value),
            status: Packed::new(&value.get("status").map(Value::to_string).unwrap_or_default()),
        })
    }

    /// The recorded status without its conditions, and beside it these, foreign ones too. Fields that do not parse count as
    /// empty.
    #[must_use]
    pub fn status(&self) -> (OciRepositoryStatus, Vec<Value>) {
        let mut fields: Map<String, Value> = serde_json::from_str(&self.status.text()).unwrap_or_default();
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

fn specification(value: Option<&Value>) -> Result<OciRepositorySpec, SpecProblem> {
    let value = value.ok_or(SpecProblem::Absent)?;
    if let Some(path) = sluice_crds::unknown_spec_field(value) {
        return Err(SpecProblem::Unknown(path));
    }
    serde_json::from_value(value.clone()).map_err(|error| SpecProblem::Malformed(error.to_string()))
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn string_map(value: Option<&Value>) -> BTreeMap<String, String> {
    let Some(map) = value.and_then(Value::as_object) else {
        return BTreeMap::new();
    };
    map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
