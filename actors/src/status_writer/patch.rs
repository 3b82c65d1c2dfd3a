//! JSON merge patches (RFC 7386) that lead from an object as it is known to one as it shall be (spec 2.10).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use reconcile::{Artifact, Condition, ConditionKind, LayerSelector, Operation, Status, Truth};
use serde_json::{Map, Value, json};
use sluice_crds::OciRepositoryStatus;

use crate::{FINALIZER, Object};

/// What has to change below `status`; `None` when the object holds this status already.
///
/// `now` becomes the transition time of a condition whose status, reason or message is new.
pub(super) fn status_difference(object: &Object, status: &Status, now: &str) -> Option<Value> {
    let (recorded, conditions) = object.status();
    let recorded = recorded_fields(&recorded);
    let wanted = wanted_fields(status);
    let mut changes = differences(&recorded, &wanted);
    if let Some(conditions) = changed_conditions(&conditions, status, now) {
        changes.insert("conditions".to_owned(), conditions);
    }
    (!changes.is_empty()).then_some(Value::Object(changes))
}

/// The patch that puts our finalizer on the object or takes it off; `None` when that is done already.
pub(super) fn finalizer_patch(object: &Object, held: bool) -> Option<Value> {
    if object.is_held() == held {
        return None;
    }
    let mut finalizers = object.finalizers.clone();
    if held {
        finalizers.push(FINALIZER.to_owned());
    } else {
        finalizers.retain(|finalizer| finalizer != FINALIZER);
    }
    Some(json!({
        "metadata": { "uid": &*object.uid, "resourceVersion": &*object.resource_version, "finalizers": finalizers },
    }))
}

/// The fields of `status` that are ours, the conditions apart.
const FIELDS: [&str; 7] = [
    "observedGeneration",
    "url",
    "artifact",
    "observedIgnore",
    "observedLayerSelector",
    "lastHandledReconcileAt",
    "sourceVerificationFingerprint",
];

fn recorded_fields(status: &OciRepositoryStatus) -> Map<String, Value> {
    let Ok(Value::Object(mut all)) = serde_json::to_value(status) else {
        return Map::new();
    };
    all.retain(|name, value| FIELDS.contains(&name.as_str()) && !value.is_null());
    all
}

fn wanted_fields(status: &Status) -> Map<String, Value> {
    let values = [
        Some(json!(status.observed_generation)),
        status.url.as_ref().map(|url| json!(url)),
        status.artifact.as_ref().map(artifact),
        status.observed_ignore.as_ref().map(|rules| json!(rules)),
        status.observed_layer_selector.as_ref().map(layer_selector),
        status.last_handled_reconcile_at.as_ref().map(|token| json!(token)),
        status.fingerprint.as_ref().map(|fingerprint| json!(fingerprint)),
    ];
    let named = FIELDS.into_iter().zip(values);
    named.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn artifact(artifact: &Artifact) -> Value {
    let mut fields = Map::from_iter([
        ("digest".to_owned(), json!(artifact.digest)),
        ("path".to_owned(), json!(artifact.path)),
        ("url".to_owned(), json!(artifact.url)),
        ("revision".to_owned(), json!(artifact.revision)),
        ("lastUpdateTime".to_owned(), json!(artifact.last_update_time)),
    ]);
    if let Some(size) = artifact.size {
        fields.insert("size".to_owned(), json!(size));
    }
    if !artifact.metadata.is_empty() {
        fields.insert("metadata".to_owned(), json!(artifact.metadata));
    }
    Value::Object(fields)
}

fn layer_selector(selector: &LayerSelector) -> Value {
    let operation = selector.operation.map(|operation| match operation {
        Operation::Extract => "extract",
        Operation::Copy => "copy",
    });
    let values = [("mediaType", selector.media_type.as_deref()), ("operation", operation)];
    let named = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Value::Object(named.collect())
}

fn differences(recorded: &Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let names: BTreeSet<&String> = recorded.keys().chain(wanted.keys()).collect();
    let changes = names.into_iter().filter_map(|name| {
        let change = difference(recorded.get(name), wanted.get(name))?;
        Some((name.clone(), change))
    });
    changes.collect()
}

fn difference(recorded: Option<&Value>, wanted: Option<&Value>) -> Option<Value> {
    match (recorded, wanted) {
        (None, None) => None,
        (Some(_), None) => Some(Value::Null),
        (Some(recorded), Some(wanted)) if recorded == wanted => None,
        (Some(Value::Object(recorded)), Some(Value::Object(wanted))) => {
            Some(Value::Object(differences(recorded, wanted)))
        }
        (_, Some(wanted)) => Some(wanted.clone()),
    }
}

fn changed_conditions(recorded: &[Value], status: &Status, now: &str) -> Option<Value> {
    let foreign = recorded.iter().filter(|condition| ConditionKind::parse(text(condition, "type")).is_none());
    let ours = status.conditions.ordered().into_iter().map(|condition| rendered(condition, recorded, now));
    let wanted = in_order(ours.chain(foreign.cloned()).collect());
    (wanted != in_order(recorded.to_vec())).then_some(Value::Array(wanted))
}

fn rendered(condition: &Condition, recorded: &[Value], now: &str) -> Value {
    let kind = condition.kind.as_str();
    let truth = match condition.truth {
        Truth::True => "True",
        Truth::False => "False",
        Truth::Unknown => "Unknown",
    };
    let before = recorded.iter().find(|before| text(before, "type") == kind).filter(|before| {
        text(before, "status") == truth
            && text(before, "reason") == condition.reason
            && text(before, "message") == condition.message
    });
    let since = before.map(|before| text(before, "lastTransitionTime")).filter(|time| !time.is_empty());
    json!({
        "type": kind,
        "status": truth,
        "reason": condition.reason,
        "message": condition.message,
        "lastTransitionTime": since.unwrap_or(now),
        "observedGeneration": condition.observed_generation,
    })
}

fn in_order(mut conditions: Vec<Value>) -> Vec<Value> {
    conditions.sort_by_cached_key(|condition| {
        let kind = text(condition, "type").to_owned();
        let leading = ["Stalled", "Reconciling", "Ready"].iter().position(|leader| *leader == kind);
        let generation = condition.get("observedGeneration").and_then(Value::as_i64).unwrap_or(0);
        (leading.unwrap_or(usize::MAX), Reverse(leading.map_or(generation, |_| 0)), kind)
    });
    conditions
}

fn text<'a>(condition: &'a Value, field: &str) -> &'a str {
    condition.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
