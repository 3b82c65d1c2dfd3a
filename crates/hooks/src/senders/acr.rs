//! Azure's registry: its own webhook, and Event Grid in both of its schemas.

use serde::Deserialize;

use super::member::{Record, Text, objects};
use super::naming::{message, named, push};
use crate::{Delivery, Malformed, Message, Push, Said};

/// The event by which Event Grid asks whether its deliveries are wanted.
const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";
/// In bytes; a code is a UUID.
const LONGEST_CODE: usize = 256;

/// An event of Event Grid, or the message of a webhook, which is what such an event has as `data`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    id: Text,
    #[serde(rename = "eventType")]
    kind: Text,
    data: Record<Data>,
    action: Text,
    target: Record<Target>,
    request: Record<Request>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(rename = "validationCode")]
    validation_code: Text,
    action: Text,
    target: Record<Target>,
    request: Record<Request>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    repository: Text,
    tag: Text,
    digest: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    host: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let events: Vec<Event> = objects(delivery.body)?;
    let id = match events.as_slice() {
        [only] => only.id.text("id")?,
        _ => "",
    };
    let mut pushes = Vec::new();
    for event in &events {
        let data = event.data.record("data")?;
        if event.kind.text("eventType")? == VALIDATION {
            return data.map_or(Ok(message(id, Vec::new())), handshake);
        }
        pushes.extend(match data {
            Some(data) => pushed(&data.action, &data.target, &data.request, "data.")?,
            None => pushed(&event.action, &event.target, &event.request, "")?,
        });
    }
    Ok(message(id, pushes))
}

fn handshake(data: &Data) -> Result<Message, Malformed> {
    let code = data.validation_code.text("data.validationCode")?;
    if code.is_empty() || code.len() > LONGEST_CODE {
        return Err(Malformed("'data.validationCode' is missing or is none".to_owned()));
    }
    let answer = serde_json::json!({ "validationResponse": code }).to_string();
    Ok(Message { id: None, said: Said::Handshake(answer) })
}

fn pushed(
    action: &Text,
    target: &Record<Target>,
    request: &Record<Request>,
    within: &str,
) -> Result<Option<Push>, Malformed> {
    let (Some(target), "push") =
        (target.record(&format!("{within}target"))?, action.text(&format!("{within}action"))?)
    else {
        return Ok(None);
    };
    let host = match request.record(&format!("{within}request"))? {
        Some(request) => request.host.text(&format!("{within}request.host"))?,
        None => "",
    };
    let repository = named(host, target.repository.text(&format!("{within}target.repository"))?);
    let tag = target.tag.text(&format!("{within}target.tag"))?;
    Ok(push(vec![repository], tag, target.digest.text(&format!("{within}target.digest"))?))
}
