//! Alibaba Cloud's registry: one tag of one repository, and the region that it is in.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{is_region, message, named, push};
use crate::{Delivery, Malformed, Message};

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
    digest: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Repository {
    region: Text,
    repo_full_name: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let body: Body = object(delivery.body)?;
    let mut pushes = Vec::new();
    if let (Some(data), Some(repository)) =
        (body.push_data.record("push_data")?, body.repository.record("repository")?)
    {
        let path = repository.repo_full_name.text("repository.repo_full_name")?;
        let region = repository.region.text("repository.region")?;
        let host = |service: &str| named(&format!("{service}.{region}.aliyuncs.com"), path);
        let repositories = if is_region(region) {
            vec![host("registry"), host("registry-vpc")]
        } else {
            vec![named("", path)]
        };
        let (tag, digest) = (data.tag.text("push_data.tag")?, data.digest.text("push_data.digest")?);
        pushes.extend(push(repositories, tag, digest));
    }
    Ok(message("", pushes))
}
