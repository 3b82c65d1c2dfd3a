//! Gitea and Forgejo: the event `package`, which tells the tag in lower case and no digest.

use serde::Deserialize;

use super::member::{Record, Text, object};
use super::naming::{host_of, message, named, push};
use crate::{Delivery, Malformed, Message, Push};

const EVENT: [&str; 2] = ["X-Gitea-Event", "X-Forgejo-Event"];
const DELIVERY: [&str; 2] = ["X-Gitea-Delivery", "X-Forgejo-Delivery"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    action: Text,
    package: Record<Package>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Package {
    owner: Record<Owner>,
    #[serde(rename = "type")]
    kind: Text,
    name: Text,
    version: Text,
    html_url: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Owner {
    login: Text,
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let header = |names: [&str; 2]| names.iter().find_map(|name| delivery.header(name));
    let event = header(EVENT).ok_or_else(|| Malformed(format!("no {} header", EVENT[0])))?;
    let body: Body = object(delivery.body)?;
    let mut pushes = Vec::new();
    if event == "package"
        && body.action.text("action")? == "created"
        && let Some(package) = body.package.record("package")?
    {
        pushes.extend(pushed(package)?);
    }
    Ok(message(header(DELIVERY).unwrap_or_default(), pushes))
}

fn pushed(package: &Package) -> Result<Option<Push>, Malformed> {
    let Some(owner) = package.owner.record("package.owner")? else {
        return Ok(None);
    };
    let owner = owner.login.text("package.owner.login")?.to_ascii_lowercase();
    let name = package.name.text("package.name")?;
    if package.kind.text("package.type")? != "container" || owner.is_empty() || name.is_empty() {
        return Ok(None);
    }
    let host = host_of(package.html_url.text("package.html_url")?);
    let repositories = vec![named(host, &format!("{owner}/{name}"))];
    let push = push(repositories, package.version.text("package.version")?, "");
    Ok(push.map(|push| Push { folded: true, ..push }))
}
