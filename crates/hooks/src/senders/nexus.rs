//! Nexus Repository 3: components, which are tags, and assets, which are manifests; no digest and no host.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{message, named, push};
use crate::{Delivery, Malformed, Message, Push};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "repositoryName")]
    repository_name: Text,
    action: Text,
    component: Record<Item>,
    asset: Record<Item>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    format: Text,
    name: Text,
    version: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let body: Body = object(delivery.body)?;
    let group = body.repository_name.text("repositoryName")?;
    let mut pushes = Vec::new();
    if matches!(body.action.text("action")?, "CREATED" | "UPDATED") {
        if let Some(component) = body.component.record("component")? {
            let image = component.name.text("component.name")?;
            let tag = component.version.text("component.version")?;
            pushes.extend(pushed(component.format.text("component.format")?, group, image, tag));
        }
        if let Some(asset) = body.asset.record("asset")? {
            let name = asset.name.text("asset.name")?;
            if let Some((image, tag)) = manifest(name) {
                pushes.extend(pushed(asset.format.text("asset.format")?, group, image, tag));
            }
        }
    }
    Ok(message(delivery.header("X-Nexus-Webhook-Delivery").unwrap_or_default(), pushes))
}

/// The image and what names the manifest, of `/v2/<image>/manifests/<tag or digest>`; older databases have no first slash.
fn manifest(asset: &str) -> Option<(&str, &str)> {
    asset.trim_start_matches('/').strip_prefix("v2/")?.rsplit_once("/manifests/")
}

/// Clients name the repository or not, as the connector is set up.
fn pushed(format: &str, group: &str, image: &str, tag: &str) -> Option<Push> {
    if !matches!(format, "docker" | "oci") || image.is_empty() {
        return None;
    }
    let mut repositories = vec![named("", image)];
    if !group.is_empty() {
        repositories.push(named("", &format!("{group}/{image}")));
    }
    push(repositories, tag, "")
}
