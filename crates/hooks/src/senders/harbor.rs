//! Harbor, in its own format and in that of `CloudEvents`.

use serde::Deserialize;

use super::member::{List, Record, Text, object};
use super::naming::{message, named, push};
use crate::{Delivery, Malformed, Message};

/// A push as the two formats call it.
const PUSHED: [&str; 2] = ["PUSH_ARTIFACT", "harbor.artifact.pushed"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    /// Only `CloudEvents` have one.
    id: Text,
    #[serde(rename = "type")]
    kind: Text,
    #[serde(rename = "event_data", alias = "data")]
    data: Record<Data>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    resources: List<Resource>,
    repository: Record<Repository>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource {
    digest: Text,
    /// A digest where there is no tag, which is how the parts of an index arrive.
    tag: Text,
    #[serde(rename = "resource_url")]
    url: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Repository {
    repo_full_name: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let event: Event = object(delivery.body)?;
    let mut pushes = Vec::new();
    if PUSHED.contains(&event.kind.text("type")?)
        && let Some(data) = event.data.record("event_data")?
        && let Some(repository) = data.repository.record("repository")?
    {
        let path = repository.repo_full_name.text("repository.repo_full_name")?;
        for resource in data.resources.elements("resources")? {
            let Some(resource) = resource.record("resources[]")? else {
                continue;
            };
            let url = resource.url.text("resources[].resource_url")?;
            let host = url.split_once('/').map_or("", |(host, _)| host);
            let tag = resource.tag.text("resources[].tag")?;
            pushes.extend(push(vec![named(host, path)], tag, resource.digest.text("resources[].digest")?));
        }
    }
    Ok(message(event.id.text("id")?, pushes))
}
