//! What a document of the folder declares.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sluice_actors::Key;
use sluice_actors::cluster::{Secret, ServiceAccount};

/// Where an object belongs that names no namespace.
const DEFAULT_NAMESPACE: &str = "default";
/// The group of `OCIRepository`, and the versions of it that are read.
const GROUP: &str = "source.toolkit.fluxcd.io";
const VERSIONS: [&str; 2] = ["v1", "v1beta2"];

/// The kinds of objects that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    OciRepository,
    Secret,
    ServiceAccount,
    ConfigMap,
}

/// An object as its author wrote it.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) key: Key,
    pub(super) body: Body,
}

/// What matters of it.
#[derive(Clone, Debug)]
pub(super) enum Body {
    OciRepository(Declared),
    Secret(Secret),
    ServiceAccount(ServiceAccount),
    /// Nothing reads its data.
    ConfigMap,
}

/// The author's part of an `OCIRepository`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Declared {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) spec: Option<Value>,
}

impl Manifest {
    /// Reads a document; `None` for an object of a kind that is none of ours.
    ///
    /// # Errors
    /// A sentence that says what is missing or malformed, and shows no value.
    pub(super) fn read(document: &Value) -> Result<Option<Self>, String> {
        let fields =
            document.as_object().ok_or("an object is expected, with apiVersion, kind and metadata")?;
        let version = text(fields, "apiVersion")?.ok_or("the object has no apiVersion")?;
        let kind = text(fields, "kind")?.ok_or("the object has no kind")?;
        let Some(kind) = Kind::of(version, kind)? else {
            return Ok(None);
        };
        let nothing = Map::new();
        let metadata = map(fields, "metadata")?.unwrap_or(&nothing);
        let name = text(metadata, "name")?.ok_or("the object has no metadata.name")?;
        let namespace =
            text(metadata, "namespace")?.filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAMESPACE);
        if !is_subdomain(name) {
            return Err(format!(
                "metadata.name {name:?} is no name: lower-case letters, digits, '-' and '.' are allowed"
            ));
        }
        if !is_label(namespace) {
            return Err(format!(
                "metadata.namespace {namespace:?} is no name: lower-case letters, digits and '-' are allowed"
            ));
        }
        let annotations = strings(metadata, "annotations")?;
        let body = match kind {
            Kind::OciRepository => Body::OciRepository(Declared {
                labels: strings(metadata, "labels")?,
                annotations,
                spec: fields.get("spec").filter(|spec| !spec.is_null()).cloned(),
            }),
            Kind::Secret => Body::Secret(secret(fields)?),
            Kind::ServiceAccount => Body::ServiceAccount(ServiceAccount {
                image_pull_secrets: pull_secrets(fields)?,
                annotations,
                version: Arc::default(),
            }),
            Kind::ConfigMap => Body::ConfigMap,
        };
        Ok(Some(Self { key: Key::new(namespace, name), body }))
    }

    pub(super) fn kind(&self) -> Kind {
        match self.body {
            Body::OciRepository(_) => Kind::OciRepository,
            Body::Secret(_) => Kind::Secret,
            Body::ServiceAccount(_) => Kind::ServiceAccount,
            Body::ConfigMap => Kind::ConfigMap,
        }
    }
}

impl Kind {
    fn of(version: &str, kind: &str) -> Result<Option<Self>, String> {
        match kind {
            "OCIRepository" => {}
            "Secret" if version == "v1" => return Ok(Some(Self::Secret)),
            "ServiceAccount" if version == "v1" => return Ok(Some(Self::ServiceAccount)),
            "ConfigMap" if version == "v1" => return Ok(Some(Self::ConfigMap)),
            _ => return Ok(None),
        }
        match version.split_once('/') {
            Some((GROUP, version)) if VERSIONS.contains(&version) => Ok(Some(Self::OciRepository)),
            _ => Err(format!(
                "apiVersion {version:?} of an OCIRepository is not read: write {GROUP}/v1 or {GROUP}/v1beta2"
            )),
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OciRepository => "OCIRepository",
            Self::Secret => "Secret",
            Self::ServiceAccount => "ServiceAccount",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

fn secret(fields: &Map<String, Value>) -> Result<Secret, String> {
    let kind = text(fields, "type")?.unwrap_or("Opaque").to_owned();
    let mut data = BTreeMap::new();
    for (name, encoded) in strings(fields, "data")? {
        let encoded: String = encoded.split_ascii_whitespace().collect();
        let decoded = STANDARD
            .decode(encoded)
            .map_err(|_| format!("data.{name} is not base64; plain text belongs into stringData"))?;
        data.insert(name, decoded);
    }
    let plain = strings(fields, "stringData")?;
    data.extend(plain.into_iter().map(|(name, value)| (name, value.into_bytes())));
    Ok(Secret { kind, data, version: Arc::default() })
}

fn pull_secrets(fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    let malformed = "imagePullSecrets must be a list of objects with a name";
    let items = match fields.get("imagePullSecrets") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(value) => value.as_array().ok_or(malformed)?,
    };
    let names = items.iter().map(|item| item.get("name").and_then(Value::as_str).map(str::to_owned));
    names.collect::<Option<_>>().ok_or_else(|| malformed.to_owned())
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_str().map(Some).ok_or_else(|| format!("{name} must be text; put it into quotes"))
        }
    }
}

fn map<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_object().map(Some).ok_or_else(|| format!("{name} must be a map")),
    }
}

fn strings(fields: &Map<String, Value>, name: &str) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for (key, value) in map(fields, name)?.into_iter().flatten() {
        let value = value.as_str().ok_or_else(|| format!("{name}.{key} must be text; put it into quotes"))?;
        all.insert(key.clone(), value.to_owned());
    }
    Ok(all)
}

/// A DNS label (RFC 1123).
fn is_label(name: &str) -> bool {
    name.len() <= 63 && is_part(name)
}

/// A DNS subdomain (RFC 1123), and short enough that a file can have it as its name.
fn is_subdomain(name: &str) -> bool {
    name.len() <= 250 && name.split('.').all(is_part)
}

fn is_part(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.bytes().all(inner) && !name.is_empty() && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests;
