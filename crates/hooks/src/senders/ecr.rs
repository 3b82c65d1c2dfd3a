//! Amazon's registry, through `EventBridge`: what was pushed, fetched for a cache or replicated.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{is_region, message, named, push};
use crate::{Delivery, Malformed, Message, Named, Push};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    id: Text,
    #[serde(rename = "detail-type")]
    kind: Text,
    account: Text,
    region: Text,
    detail: Record<Detail>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Detail {
    action_type: Text,
    result: Text,
    sync_status: Text,
    repository_name: Text,
    image_tag: Text,
    image_digest: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let event: Event = object(delivery.body)?;
    let mut pushes = Vec::new();
    if let Some(detail) = event.detail.record("detail")? {
        pushes.extend(pushed(&event, detail)?);
    }
    Ok(message(event.id.text("id")?, pushes))
}

fn pushed(event: &Event, detail: &Detail) -> Result<Option<Push>, Malformed> {
    let action = detail.action_type.text("detail.action-type")?;
    let outcome = match (event.kind.text("detail-type")?, action) {
        ("ECR Image Action", "PUSH") | ("ECR Replication Action", "REPLICATE") => {
            detail.result.text("detail.result")?
        }
        ("ECR Pull Through Cache Action", _) => detail.sync_status.text("detail.sync-status")?,
        _ => return Ok(None),
    };
    let (account, region) = (event.account.text("account")?, event.region.text("region")?);
    let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
    if outcome != "SUCCESS" || !is_account || !is_region(region) {
        return Ok(None);
    }
    let repositories = repositories(account, region, detail.repository_name.text("detail.repository-name")?);
    let tag = detail.image_tag.text("detail.image-tag")?;
    Ok(push(repositories, tag, detail.image_digest.text("detail.image-digest")?))
}

/// Under all hosts that one registry has.
fn repositories(account: &str, region: &str, path: &str) -> Vec<Named> {
    let (older, newer) = if region.starts_with("cn-") {
        ("amazonaws.com.cn", "on.amazonwebservices.com.cn")
    } else {
        ("amazonaws.com", "on.aws")
    };
    [("dkr.ecr", older), ("dkr.ecr-fips", older), ("dkr-ecr", newer), ("dkr-ecr-fips", newer)]
        .into_iter()
        .map(|(service, domain)| named(&format!("{account}.{service}.{region}.{domain}"), path))
        .collect()
}
