//! Whoever speaks Sluice's own schema: a script, a pipeline, a registry whose payload can be written freely.

use reference::Repository;
use serde::Deserialize;

use super::member::{Text, object};
use super::naming::{LONGEST_NAME, is_tag, message, named, push};
use crate::{Delivery, Malformed, Message};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    url: Text,
    tag: Text,
    digest: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let body: Body = object(delivery.body)?;
    let url = body.url.text("url")?;
    if url.is_empty() || url.len() > LONGEST_NAME {
        return Err(Malformed(format!("'url' must be oci://host/path, of {LONGEST_NAME} bytes at most")));
    }
    let repository = Repository::parse_url(url).map_err(|error| Malformed(format!("'url': {error}")))?;
    let tag = body.tag.text("tag")?;
    if !is_tag(tag) {
        return Err(Malformed("'tag' is missing or is no tag".to_owned()));
    }
    let repositories = vec![named(repository.registry(), repository.path())];
    Ok(message("", push(repositories, tag, body.digest.text("digest")?).into_iter().collect()))
}
