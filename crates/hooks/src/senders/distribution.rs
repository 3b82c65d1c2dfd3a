//! CNCF Distribution, and GitLab's registry, which is made of it: an envelope of events.

use serde::Deserialize;

use super::member::{List, Member, Object, Record, Text, object};
use super::naming::{host_of, message, named, push};
use crate::{Delivery, Malformed, Message, Push};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    events: List<Event>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    id: Text,
    action: Text,
    target: Record<Target>,
    request: Record<Request>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    #[serde(rename = "mediaType")]
    media_type: Text,
    digest: Text,
    repository: Text,
    url: Text,
    tag: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    host: Text,
}

/// `early`: Distribution sends the event before it writes the tag, GitLab after.
pub(super) fn read(delivery: &Delivery<'_>, early: bool) -> Result<Message, Malformed> {
    let envelope: Envelope = object(delivery.body)?;
    let events = envelope.events.elements("events")?;
    let mut pushes = Vec::new();
    for event in events {
        if let Some(event) = event.record("events[]")? {
            pushes.extend(pushed(event)?.map(|push| Push { early, ..push }));
        }
    }
    // Several events have no common name: another envelope may hold only some of them.
    let id = match events {
        [Member::Present(Object(only))] => only.id.text("events[].id")?,
        _ => "",
    };
    Ok(message(id, pushes))
}

fn pushed(event: &Event) -> Result<Option<Push>, Malformed> {
    let Some(target) = event.target.record("events[].target")? else {
        return Ok(None);
    };
    let media_type = target.media_type.text("events[].target.mediaType")?;
    let is_manifest =
        media_type.is_empty() || media_type.contains(".manifest.") || media_type.contains(".index.");
    if event.action.text("events[].action")? != "push" || !is_manifest {
        return Ok(None);
    }
    let host = match event.request.record("events[].request")? {
        Some(request) => request.host.text("events[].request.host")?,
        None => "",
    };
    let path = target.repository.text("events[].target.repository")?;
    let public = host_of(target.url.text("events[].target.url")?);
    let mut repositories = vec![named(host, path)];
    if !public.is_empty() && public != host {
        repositories.push(named(public, path));
        repositories.retain(|named| named.host.is_some());
    }
    let tag = target.tag.text("events[].target.tag")?;
    Ok(push(repositories, tag, target.digest.text("events[].target.digest")?))
}
