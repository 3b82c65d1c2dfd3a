//! GitHub Packages: the events `package` and `registry_package`, which differ in the name of one member.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{message, named, push, split};
use crate::{Delivery, Malformed, Message, Push};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    action: Text,
    package: Record<Package>,
    registry_package: Record<Package>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Package {
    package_type: Text,
    package_version: Record<Version>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Version {
    package_url: Text,
    container_metadata: Record<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    tag: Record<Tag>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tag {
    /// Empty for a manifest that only an index names.
    name: Text,
    digest: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let body: Body = object(delivery.body)?;
    let mut pushes = Vec::new();
    if matches!(body.action.text("action")?, "published" | "updated") {
        for (package, name) in [(&body.package, "package"), (&body.registry_package, "registry_package")] {
            if let Some(package) = package.record(name)? {
                pushes.extend(pushed(package, name)?);
            }
        }
    }
    Ok(message(delivery.header("X-GitHub-Delivery").unwrap_or_default(), pushes))
}

fn pushed(package: &Package, name: &str) -> Result<Option<Push>, Malformed> {
    let kind = package.package_type.text(&format!("{name}.package_type"))?;
    if !kind.eq_ignore_ascii_case("container") {
        return Ok(None);
    }
    let name = format!("{name}.package_version");
    let Some(version) = package.package_version.record(&name)? else {
        return Ok(None);
    };
    let metadata = version.container_metadata.record(&format!("{name}.container_metadata"))?;
    let name_of_tag = format!("{name}.container_metadata.tag");
    let Some(tag) = metadata.map(|metadata| metadata.tag.record(&name_of_tag)).transpose()?.flatten() else {
        return Ok(None);
    };
    // The registry folds the letters of owners' names, which GitHub itself does not.
    let url = version.package_url.text(&format!("{name}.package_url"))?.to_ascii_lowercase();
    let Some((host, path, _)) = split(url.trim()) else {
        return Ok(None);
    };
    let digest = tag.digest.text(&format!("{name_of_tag}.digest"))?;
    Ok(push(vec![named(host, path)], tag.name.text(&format!("{name_of_tag}.name"))?, digest))
}
