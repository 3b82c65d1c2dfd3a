//! zot: `CloudEvents` in binary mode, and structured ones as relays make of them; no host.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{message, named, push};
use crate::{Delivery, Malformed, Message, Push};

/// How the type of a push ends; what stands before it can be configured.
const PUSHED: &str = ".image.updated";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Structured {
    id: Text,
    #[serde(rename = "type")]
    kind: Text,
    data: Record<Data>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    name: Text,
    /// A tag, or a digest.
    reference: Text,
    digest: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    if let Some(kind) = delivery.header("Ce-Type") {
        let data: Data = object(delivery.body)?;
        let push = if kind.ends_with(PUSHED) { pushed(&data, "")? } else { None };
        return Ok(message(delivery.header("Ce-Id").unwrap_or_default(), push.into_iter().collect()));
    }
    let event: Structured = object(delivery.body)?;
    let mut pushes = Vec::new();
    if event.kind.text("type")?.ends_with(PUSHED)
        && let Some(data) = event.data.record("data")?
    {
        pushes.extend(pushed(data, "data.")?);
    }
    Ok(message(event.id.text("id")?, pushes))
}

fn pushed(data: &Data, within: &str) -> Result<Option<Push>, Malformed> {
    let repository = named("", data.name.text(&format!("{within}name"))?);
    let reference = data.reference.text(&format!("{within}reference"))?;
    Ok(push(vec![repository], reference, data.digest.text(&format!("{within}digest"))?))
}
