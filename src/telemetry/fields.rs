//! The fields of a line, in the order in which they were given.

use std::fmt::Debug;

use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};

/// The field that holds the sentence of an event.
const MESSAGE: &str = "message";
/// Where records of the crate `log` keep what is known of their origin.
const FOREIGN: &str = "log.";
const FOREIGN_TARGET: &str = "log.target";

/// Names and values; a name occurs once, with the value that it was given last.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    /// The target of a record of the crate `log`.
    pub(super) target: Option<String>,
    values: Vec<(&'static str, Value)>,
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.values.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| value)
    }

    pub(super) fn set(&mut self, name: &'static str, value: Value) {
        match self.values.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = value,
            None => self.values.push((name, value)),
        }
    }

    /// Takes what the others hold.
    pub(super) fn extend(&mut self, others: &Self) {
        for (name, value) in &others.values {
            self.set(name, value.clone());
        }
    }

    fn record(&mut self, field: &Field, value: Value) {
        let name = field.name();
        match (name, value) {
            (MESSAGE, Value::String(text)) => self.message = text,
            (FOREIGN_TARGET, Value::String(target)) => self.target = Some(target),
            (name, _) if name.starts_with(FOREIGN) => {}
            (name, value) => self.set(name, value),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record(field, format!("{value:?}").into());
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.values.iter().map(|(name, value)| (name, value)))
    }
}
