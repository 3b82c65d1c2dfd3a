//! The status of a hook: what it is from what is recorded, how the hook stands, and what came to it since. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_crds::{Condition, LastDelivery, RegistryWebhookStatus};

use super::hook::Problem;
use super::webhook::Webhook;

const READY: &str = "Ready";

/// How a hook stands: its path and what it waits for, or why it takes nothing.
pub(super) type Standing = Result<(String, String), Problem>;

/// The status that follows from the recorded one. `counted` is added to what is recorded, so that replicas which count
/// each their own add up.
pub(super) fn status(
    webhook: &Webhook,
    standing: &Standing,
    counted: &BTreeMap<String, i64>,
    last: Option<LastDelivery>,
    now: &str,
) -> RegistryWebhookStatus {
    let mut status = webhook.status.clone();
    status.observed_generation = Some(webhook.generation);
    let (truth, reason, message) = match standing {
        Ok((path, message)) => {
            status.path = Some(path.clone());
            ("True", "Listening", message.clone())
        }
        Err(problem) => ("False", problem.reason, problem.message.clone()),
    };
    let before = status.conditions.iter().find(|condition| condition.kind == READY);
    let since =
        before.filter(|before| before.status == truth).map(|before| before.last_transition_time.clone());
    let ready = Condition {
        kind: READY.to_owned(),
        status: truth.to_owned(),
        reason: reason.to_owned(),
        message,
        observed_generation: Some(webhook.generation),
        last_transition_time: since.unwrap_or_else(|| now.to_owned()),
    };
    status.conditions.retain(|condition| condition.kind != READY);
    status.conditions.push(ready);
    for (ending, count) in counted.iter().filter(|(_, count)| **count > 0) {
        let sum = status.deliveries.entry(ending.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
    if let Some(last) = last {
        status.last_delivery = Some(last);
    }
    status
}

/// The patch of the status subresource that leads there; `None` where it is recorded already.
pub(super) fn patch(webhook: &Webhook, status: &RegistryWebhookStatus) -> Option<Value> {
    if *status == webhook.status {
        return None;
    }
    let mut fields = json!(status);
    // A merge would keep what the new record has not.
    if let Some(last) = fields.get_mut("lastDelivery").and_then(Value::as_object_mut) {
        for field in ["pushes", "objects"] {
            last.entry(field).or_insert(Value::Null);
        }
    }
    Some(json!({
        "metadata": { "uid": &*webhook.uid, "resourceVersion": &*webhook.resource_version },
        "status": fields,
    }))
}

#[cfg(test)]
mod tests;
