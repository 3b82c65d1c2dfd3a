//! Artifactory: its webhook of the domain `docker`.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{host_of, message, named, push};
use crate::{Delivery, Malformed, Message, Named, Push};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    domain: Text,
    event_type: Text,
    data: Record<Data>,
    /// Where the platform is, if it was told.
    jpd_origin: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    repo_key: Text,
    image_name: Text,
    tag: Text,
    sha256: Text,
    target_repo: Text,
    target_tag: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let body: Body = object(delivery.body)?;
    let mut pushes = Vec::new();
    if body.domain.text("domain")? == "docker"
        && let Some(data) = body.data.record("data")?
    {
        let host = host_of(body.jpd_origin.text("jpd_origin")?);
        pushes.extend(pushed(body.event_type.text("event_type")?, data, host)?);
    }
    Ok(message("", pushes))
}

fn pushed(event: &str, data: &Data, host: &str) -> Result<Option<Push>, Malformed> {
    let (key, tag) = match event {
        "pushed" => (data.repo_key.text("data.repo_key")?, data.tag.text("data.tag")?),
        "promoted" => (data.target_repo.text("data.target_repo")?, data.target_tag.text("data.target_tag")?),
        _ => return Ok(None),
    };
    let image = data.image_name.text("data.image_name")?;
    if key.is_empty() || image.is_empty() {
        return Ok(None);
    }
    let digest = format!("sha256:{}", data.sha256.text("data.sha256")?);
    Ok(push(repositories(host, key, image), tag, &digest))
}

/// The repository's key is in the path or in the host, as the server is set up.
fn repositories(host: &str, key: &str, image: &str) -> Vec<Named> {
    let short = if host.is_empty() { String::new() } else { format!("{key}.{host}") };
    vec![named(host, &format!("{key}/{image}")), named(&short, image)]
}
