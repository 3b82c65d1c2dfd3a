//! Google's registries, through a push subscription of Pub/Sub, with its envelope or without.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{message, named, push, split};
use crate::{Delivery, Malformed, Message, Push};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    message: Record<Wrapped>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped {
    data: Text,
    #[serde(rename = "messageId")]
    message_id: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    action: Text,
    /// `host/path:tag`; missing where a digest is pushed.
    tag: Text,
    /// `host/path@digest`; missing where a tag is deleted.
    digest: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let envelope: Envelope = object(delivery.body)?;
    let Some(wrapped) = envelope.message.record("message")? else {
        let id = delivery.header("X-Goog-Pubsub-Message-Id").unwrap_or_default();
        return Ok(message(id, pushed(delivery.body)?.into_iter().collect()));
    };
    let data = STANDARD.decode(wrapped.data.text("message.data")?);
    let data = data.map_err(|_| Malformed("'message.data' is not base64".to_owned()))?;
    let pushed = pushed(&data).map_err(|Malformed(text)| Malformed(format!("in 'message.data': {text}")))?;
    Ok(message(wrapped.message_id.text("message.messageId")?, pushed.into_iter().collect()))
}

fn pushed(json: &[u8]) -> Result<Option<Push>, Malformed> {
    let event: Event = object(json)?;
    let (action, tag) = (event.action.text("action")?, event.tag.text("tag")?);
    let (Some((host, path, tag)), "INSERT") = (split(tag), action) else {
        return Ok(None);
    };
    let digest = event.digest.text("digest")?.rsplit_once('@').map_or("", |(_, digest)| digest);
    Ok(push(vec![named(host, path)], tag, digest))
}
