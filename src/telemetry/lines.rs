//! Writes events as lines: one JSON object each, or text that ends in one.
//!
//! A layer of our own, because the one of `tracing_subscriber` names its keys otherwise and keeps the fields of spans
//! apart, where `flux logs` and existing alerts look for them beside the message.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Value, json};
use sluice_actors::fields::{NAME, NAMESPACE};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::fields::Fields;
use crate::config::LogEncoding;

/// What upstream calls the controller of this kind.
const CONTROLLER: &str = "ocirepository";

/// The layer.
pub(super) struct Lines<W> {
    encoding: LogEncoding,
    writer: W,
    now: fn() -> Timestamp,
}

impl<W> Lines<W> {
    /// Writes each line at once and whole; `now` is its time.
    pub(super) fn new(encoding: LogEncoding, writer: W, now: fn() -> Timestamp) -> Self {
        Self { encoding, writer, now }
    }

    fn line(&self, level: Level, target: &str, mut given: Fields) -> String {
        let time = (self.now)().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let mut fields = Fields::default();
        let message = std::mem::take(&mut given.message);
        if self.encoding == LogEncoding::Json {
            fields.set("level", name(level).into());
            fields.set("ts", time.as_str().into());
        }
        let object = object(&given);
        if object.is_none() {
            fields.set("logger", given.target.as_deref().unwrap_or(target).into());
        }
        if self.encoding == LogEncoding::Json {
            fields.set("msg", message.as_str().into());
        }
        if let Some(object) = object {
            fields.set("controller", CONTROLLER.into());
            fields.set("controllerGroup", sluice_crds::GROUP.into());
            fields.set("controllerKind", sluice_crds::KIND.into());
            fields.set(sluice_crds::KIND, object);
        }
        fields.extend(&given);
        let object = json(&fields);
        match self.encoding {
            LogEncoding::Json => object + "\n",
            LogEncoding::Console => {
                let (level, message) = (name(level).to_uppercase(), message.escape_debug());
                format!("{time}\t{level}\t{message}\t{object}\n")
            }
        }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(own) = span.extensions().get::<Fields>() {
                fields.extend(own);
            }
        }
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = self.line(*metadata.level(), metadata.target(), fields);
        // There is no better place to say that standard error is closed.
        drop(self.writer.make_writer().write_all(line.as_bytes()));
    }
}

/// Upstream knows no level between these: what is degraded and needs nobody is shown where changes are.
fn name(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO | Level::WARN => "info",
        Level::ERROR => "error",
    }
}

/// The object that a line is about.
fn object(fields: &Fields) -> Option<Value> {
    let (namespace, name) = (fields.get(NAMESPACE)?, fields.get(NAME)?);
    Some(json!({ "name": name, "namespace": namespace }))
}

fn json(fields: &Fields) -> String {
    serde_json::to_string(fields).unwrap_or_else(|error| format!(r#"{{"error":"{error}"}}"#))
}
