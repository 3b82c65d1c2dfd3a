//! What is read of an object of the API server or of a file, leniently; everything else is passed over unread, above all
//! `managedFields`, which are half of an object.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::Key;

/// An object of any kind.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    pub(crate) metadata: Metadata,
    pub(crate) spec: Option<Value>,
    pub(crate) status: Option<Value>,
}

/// Its metadata. What is not of the type that the API has for it counts as empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    name: Option<Value>,
    namespace: Option<Value>,
    uid: Option<Value>,
    resource_version: Option<Value>,
    generation: Option<Value>,
    deletion_timestamp: Option<IgnoredAny>,
    finalizers: Option<Value>,
    annotations: Option<Value>,
    labels: Option<Value>,
}

impl Seen {
    /// An object that is there as a value.
    ///
    /// # Errors
    /// The parser's words, where it is none.
    pub(crate) fn of(value: &Value) -> Result<Self, String> {
        Self::deserialize(value).map_err(|error| error.to_string())
    }

    /// Its name.
    ///
    /// # Errors
    /// A sentence, where it has none.
    pub fn key(&self) -> Result<Key, String> {
        let name = text(self.metadata.name.as_ref()).ok_or("the object has no name")?;
        let namespace = text(self.metadata.namespace.as_ref());
        Ok(Key::new(namespace.ok_or_else(|| format!("the object {name} has no namespace"))?, name))
    }

    /// Which life of it; empty where it does not say.
    #[must_use]
    pub fn uid(&self) -> &str {
        text(self.metadata.uid.as_ref()).unwrap_or_default()
    }

    /// Which version of it; empty where it does not say.
    #[must_use]
    pub fn resource_version(&self) -> &str {
        text(self.metadata.resource_version.as_ref()).unwrap_or_default()
    }
}

impl Metadata {
    pub(crate) fn generation(&self) -> i64 {
        self.generation.as_ref().and_then(Value::as_i64).unwrap_or(1)
    }

    pub(crate) fn deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    pub(crate) fn finalizers(&mut self) -> Vec<String> {
        let Some(Value::Array(items)) = self.finalizers.take() else {
            return Vec::new();
        };
        items.into_iter().filter_map(string).collect()
    }

    pub(crate) fn annotations(&mut self) -> BTreeMap<String, String> {
        string_map(self.annotations.take())
    }

    pub(crate) fn labels(&mut self) -> BTreeMap<String, String> {
        string_map(self.labels.take())
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

fn string(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

fn string_map(value: Option<Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(map)) = value else {
        return BTreeMap::new();
    };
    map.into_iter().filter_map(|(key, value)| Some((key, string(value)?))).collect()
}
