//! One life of an object, as an API server would keep it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use sluice_actors::{Key, Object};

use super::contents::Declaration;
use super::manifest::Declared;

/// An object that is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) key: Key,
    pub(super) uid: Arc<str>,
    /// Grows with every change of any object, also over restarts.
    pub(super) version: u64,
    /// Grows with every change of the specification, and with the deletion.
    pub(super) generation: i64,
    pub(super) created: String,
    pub(super) deleted: Option<String>,
    pub(super) finalizers: Vec<String>,
    pub(super) declared: Declared,
    /// The file that declared it last.
    pub(super) file: String,
    pub(super) status: Value,
}

impl Record {
    /// A new life.
    pub(super) fn begun(key: &Key, declaration: &Declaration, now: String) -> Self {
        Self {
            key: key.clone(),
            uid: uuid::Uuid::new_v4().to_string().into(),
            version: 0,
            generation: 1,
            created: now,
            deleted: None,
            finalizers: Vec::new(),
            declared: declaration.declared.clone(),
            file: declaration.file.clone(),
            status: Value::Null,
        }
    }

    /// The same life after its author has written this.
    pub(super) fn declared_anew(&self, declaration: &Declaration) -> Self {
        let mut record = self.clone();
        if declaration.declared.spec != self.declared.spec {
            record.generation += 1;
        }
        record.declared = declaration.declared.clone();
        record.file.clone_from(&declaration.file);
        record
    }

    /// The same life, which ends when its last finalizer is taken off.
    pub(super) fn condemned(&self, now: String) -> Self {
        Self { deleted: Some(now), generation: self.generation + 1, ..self.clone() }
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.deleted.is_some() && self.finalizers.is_empty()
    }

    /// The object, as the API has it.
    pub(super) fn to_value(&self) -> Value {
        let mut metadata = json!({
            "name": &*self.key.name,
            "namespace": &*self.key.namespace,
            "uid": &*self.uid,
            "resourceVersion": self.version.to_string(),
            "generation": self.generation,
            "creationTimestamp": self.created,
        });
        let mut set = |field: &str, value: Value| metadata[field] = value;
        if let Some(deleted) = &self.deleted {
            set("deletionTimestamp", json!(deleted));
        }
        if !self.finalizers.is_empty() {
            set("finalizers", json!(self.finalizers));
        }
        for (field, map) in [("labels", &self.declared.labels), ("annotations", &self.declared.annotations)] {
            if !map.is_empty() {
                set(field, json!(map));
            }
        }
        let mut object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": metadata,
        });
        if let Some(spec) = &self.declared.spec {
            object["spec"] = spec.clone();
        }
        if !self.status.is_null() {
            object["status"] = self.status.clone();
        }
        object
    }

    /// The object, and what else is to be known after a restart.
    pub(super) fn to_stored(&self) -> Value {
        let mut stored = self.to_value();
        stored["manifest"] = json!(self.file);
        stored
    }

    /// What was stored; `None` where it is not what was stored.
    pub(super) fn of_stored(stored: &Value) -> Option<Self> {
        let metadata = stored.get("metadata")?;
        let text = |field: &str| metadata.get(field).and_then(Value::as_str);
        let uid = text("uid").filter(|uid| !uid.is_empty())?;
        let object = Object::parse(stored).ok()?;
        Some(Self {
            key: object.key,
            uid: uid.into(),
            version: object.resource_version.parse().ok()?,
            generation: object.generation,
            created: text("creationTimestamp")?.to_owned(),
            deleted: text("deletionTimestamp").map(str::to_owned),
            finalizers: object.finalizers,
            declared: Declared {
                labels: strings(metadata.get("labels")),
                annotations: object.annotations,
                spec: stored.get("spec").cloned(),
            },
            file: stored.get("manifest").and_then(Value::as_str)?.to_owned(),
            status: stored.get("status").cloned().unwrap_or_default(),
        })
    }
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let nothing = Map::new();
    let fields = value.and_then(Value::as_object).unwrap_or(&nothing);
    fields.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}
