//! Events as the cluster records them: core/v1, as upstream's recorder writes them (spec 8.1).

use std::collections::BTreeMap;

use reconcile::Severity;
use serde_json::{Value, json};
use sluice_actors::cluster::Notice;

use super::{GROUP, KIND, MANAGER, VERSION};

/// An event that is told for the first time.
pub(super) fn first(notice: &Notice, name: &str) -> Value {
    let announcement = &notice.announcement;
    let time = time(notice);
    let kind = match announcement.severity {
        Severity::Trace | Severity::Normal => "Normal",
        Severity::Warning => "Warning",
    };
    let mut metadata = json!({ "name": name, "namespace": &*notice.key.namespace });
    let annotations = annotations(notice);
    if !annotations.is_empty() {
        metadata["annotations"] = json!(annotations);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata,
        "involvedObject": involved(notice),
        "type": kind,
        "reason": announcement.reason.as_str(),
        "message": announcement.message,
        "source": { "component": MANAGER },
        "reportingComponent": MANAGER,
        "reportingInstance": "",
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    })
}

/// The patch of an event that is told again.
pub(super) fn again(notice: &Notice, count: u32) -> Value {
    json!({ "count": count, "lastTimestamp": time(notice) })
}

/// What an event is about.
pub(super) fn involved(notice: &Notice) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": KIND,
        "namespace": &*notice.key.namespace,
        "name": &*notice.key.name,
        "uid": &*notice.uid,
        "resourceVersion": &*notice.resource_version,
    })
}

/// The event's own annotations and those of the object, which win.
pub(super) fn annotations(notice: &Notice) -> BTreeMap<&String, &String> {
    notice.announcement.metadata.iter().chain(&notice.object_metadata).collect()
}

/// When the event arose: UTC, whole seconds.
pub(super) fn time(notice: &Notice) -> String {
    notice.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
