//! Docker Hub: one tag of one repository, without digest and host.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{message, named, push};
use crate::{Delivery, Malformed, Message};

const HOST: &str = "docker.io";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    push_data: Record<PushData>,
    repository: Record<Repository>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PushData {
    tag: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Repository {
    repo_name: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let body: Body = object(delivery.body)?;
    let mut pushes = Vec::new();
    if let (Some(data), Some(repository)) =
        (body.push_data.record("push_data")?, body.repository.record("repository")?)
    {
        let path = repository.repo_name.text("repository.repo_name")?;
        pushes.extend(push(vec![named(HOST, path)], data.tag.text("push_data.tag")?, ""));
    }
    Ok(message("", pushes))
}
