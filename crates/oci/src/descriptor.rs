//! A reference to content inside a manifest.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reference::Digest;
use serde::{Deserialize, Deserializer, de};

/// Type, digest and size of one piece of content (OCI image specification, `descriptor.md`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type; empty where the manifest gives none.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub media_type: String,
    /// The digest of the content.
    #[serde(deserialize_with = "digest")]
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// The content itself, where the manifest embeds it. Not yet verified.
    #[serde(default, deserialize_with = "embedded")]
    pub data: Option<Vec<u8>>,
    /// Annotations of this piece of content.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// What the content is, where it is an artifact in an index.
    #[serde(default)]
    pub artifact_type: Option<String>,
    /// What the content runs on, where it is a child of an index.
    #[serde(default)]
    pub platform: Option<ChildPlatform>,
}

/// The platform of a child of an index, as far as it decides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ChildPlatform {
    /// The CPU architecture, such as `amd64`.
    #[serde(default)]
    pub architecture: String,
    /// The operating system, such as `linux`.
    #[serde(default)]
    pub os: String,
    /// The variant of the architecture, such as `v8`.
    #[serde(default)]
    pub variant: Option<String>,
}

fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    Digest::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn embedded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| STANDARD.decode(text).map_err(de::Error::custom)).transpose()
}
