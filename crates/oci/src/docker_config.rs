//! Docker's configuration file, which is what pull secrets hold (spec 4.2).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine};
use serde::Deserialize;

use crate::credential::Credential;
use crate::registry_key;

/// Credentials by the registries, and perhaps paths, that they are for.
#[derive(Clone, Default)]
pub struct DockerConfig {
    entries: BTreeMap<String, Credential>,
}

/// Why a file is no configuration. Never repeats any of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerConfigError {
    /// No JSON of the right shape.
    #[error("malformed docker config at line {line}, column {column}")]
    Shape {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// An `auth` field that is no base64; the offset is that of the first byte that is wrong.
    #[error("unable to decode auth field: illegal base64 data at input byte {0}")]
    Base64(usize),
    /// An `auth` field that holds no user name and password.
    #[error("unable to decode auth field: must be formatted as base64(username:password)")]
    Form,
}

impl DockerConfig {
    /// Reads `.dockerconfigjson`, or the file `config.json` of a process: an object with `auths`.
    ///
    /// # Errors
    /// [`DockerConfigError`], also if only one of the entries is malformed.
    pub fn parse_json(bytes: &[u8]) -> Result<Self, DockerConfigError> {
        #[derive(Deserialize)]
        struct File {
            auths: Option<Entries>,
        }
        let file: File = serde_json::from_slice(bytes).map_err(shape)?;
        Self::from_entries(file.auths.unwrap_or_default())
    }

    /// Reads the older `.dockercfg`: the entries without anything around them.
    ///
    /// # Errors
    /// [`DockerConfigError`], also if only one of the entries is malformed.
    pub fn parse_legacy(bytes: &[u8]) -> Result<Self, DockerConfigError> {
        Self::from_entries(serde_json::from_slice(bytes).map_err(shape)?)
    }

    fn from_entries(entries: Entries) -> Result<Self, DockerConfigError> {
        let credentials =
            entries.into_iter().map(|(key, entry)| Ok((key, entry.unwrap_or_default().credential()?)));
        Ok(Self { entries: credentials.collect::<Result<_, _>>()? })
    }
}

impl fmt::Debug for DockerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.entries).finish()
    }
}

/// The credential for a repository: of all keys that match, the one that comes last in byte order, which is the
/// longest of a common beginning; of equal keys, that of the earliest configuration.
///
/// `registry` is `host[:port]`, `path` the repository on it. An entry without a usable secret is
/// [`Credential::Anonymous`], which is an answer; nothing is returned if no key matches.
#[must_use]
pub fn select(configs: &[DockerConfig], registry: &str, path: &str) -> Option<Credential> {
    let mut keys: Vec<_> = configs.iter().flat_map(|config| &config.entries).collect();
    // Stable: equal keys keep the order of their configurations.
    keys.sort_by_key(|(key, _)| Reverse(registry_key::normalized(key)));
    let found = keys.into_iter().find(|(key, _)| registry_key::matches(key, registry, path));
    found.map(|(_, credential)| credential.clone())
}

type Entries = BTreeMap<String, Option<Entry>>;

#[derive(Default, Deserialize)]
struct Entry {
    username: Option<String>,
    password: Option<String>,
    auth: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl Entry {
    fn credential(self) -> Result<Credential, DockerConfigError> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let basic = match given(self.auth) {
            Some(auth) => Some(decode(&auth)?),
            None => given(self.username).zip(given(self.password)),
        };
        let basic = basic.filter(|(username, password)| !username.is_empty() && !password.is_empty());
        Ok(match (given(self.registrytoken), given(self.identitytoken), basic) {
            (Some(token), _, _) => Credential::RegistryToken(token),
            (None, Some(token), basic) => Credential::IdentityToken { token, basic },
            (None, None, Some((username, password))) => Credential::Basic { username, password },
            (None, None, None) => Credential::Anonymous,
        })
    }
}

/// With or without padding, as both are met.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn decode(auth: &str) -> Result<(String, String), DockerConfigError> {
    let auth: String = auth.trim().chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    let decoded = BASE64.decode(&auth).map_err(|error| {
        DockerConfigError::Base64(match error {
            base64::DecodeError::InvalidByte(offset, _)
            | base64::DecodeError::InvalidLastSymbol(offset, _) => offset,
            base64::DecodeError::InvalidLength(length) => length,
            base64::DecodeError::InvalidPadding => auth.len(),
        })
    })?;
    let text = String::from_utf8(decoded).map_err(|_| DockerConfigError::Form)?;
    let (username, password) = text.split_once(':').ok_or(DockerConfigError::Form)?;
    Ok((username.to_owned(), password.trim_end_matches('\0').to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn shape(error: serde_json::Error) -> DockerConfigError {
    DockerConfigError::Shape { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests;
