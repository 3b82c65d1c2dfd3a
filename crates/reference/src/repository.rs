//! Where an artifact lives: a registry and a path on it.

use std::fmt;

use crate::authority::is_authority;
use crate::redaction::{redacted_authority, redacted_path, redacted_url};

/// The registry that is meant where none is named.
const DOCKER_HUB: &str = "index.docker.io";

/// A repository of a registry, in the expanded form that messages and requests use (spec 3.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: String,
    path: String,
}

/// Why a text names no repository, without what may be a secret in it; the text after upstream's `URL validation failed for '..': ` (spec 3.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The URL does not begin with `oci://`.
    #[error("URL must be in format 'oci://<domain>/<org>/<repo>'")]
    Scheme,
    /// Nothing is named.
    #[error("a repository name must be specified")]
    Empty,
    /// The path is too short or too long.
    #[error("repository must be between 2 and 255 characters in length: {}", redacted_path(.0))]
    Length(String),
    /// The path has a character that no repository has: upper case, a tag, a digest.
    #[error(
        "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: {}",
        redacted_path(.0)
    )]
    Characters(String),
    /// The path would name another one once dot segments are resolved (ours: a policy on prefixes must hold).
    #[error("repository must not contain '.' or '..' between slashes: {}", redacted_path(.0))]
    DotSegment(String),
    /// The registry is no `host[:port]`; user information is not repeated.
    #[error("registries must be valid RFC 3986 URI authorities: {}", redacted_authority(.0))]
    Registry(String),
    /// `spec.artifact.path` names another host than the URL (ruling D26).
    #[error(
        "artifact.path must name a repository on '{registry}', the host of the URL: {}",
        redacted_url(path)
    )]
    OtherHost {
        /// The registry of the URL.
        registry: String,
        /// What `spec.artifact.path` says.
        path: String,
    },
}

impl Repository {
    /// Parses `spec.url`; Docker Hub's short names are expanded (spec 3.1).
    ///
    /// # Errors
    /// [`UrlError`], every variant but `OtherHost`.
    pub fn parse_url(url: &str) -> Result<Self, UrlError> {
        let name = url.strip_prefix("oci://").ok_or(UrlError::Scheme)?;
        if name.is_empty() {
            return Err(UrlError::Empty);
        }
        let (registry, path) = split_registry(name);
        Self::new(registry.unwrap_or(DOCKER_HUB), path)
    }

    /// The repository that `spec.artifact.path` names on the host of this one: `host[:port]/path`, or a bare path
    /// whose first part has no dot and no colon (ruling D26).
    ///
    /// # Errors
    /// [`UrlError::OtherHost`] for another host, and what is wrong with the path.
    pub fn with_path(&self, artifact_path: &str) -> Result<Self, UrlError> {
        if artifact_path.is_empty() {
            return Err(UrlError::Empty);
        }
        let (registry, path) = split_registry(artifact_path);
        if registry.is_some_and(|registry| !expanded(registry).eq_ignore_ascii_case(&self.registry)) {
            return Err(UrlError::OtherHost {
                registry: self.registry.clone(),
                path: artifact_path.to_owned(),
            });
        }
        Self::new(&self.registry, path)
    }

    /// The registry as `host[:port]`, spelled as in the URL; `index.docker.io` for Docker Hub.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path on the registry, with `library/` where Docker Hub implies it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The `host[:port]` that requests go to. Docker Hub's go to `index.docker.io` itself, as upstream's do.
    #[must_use]
    pub fn api_host(&self) -> &str {
        &self.registry
    }

    fn new(registry: &str, path: &str) -> Result<Self, UrlError> {
        check_path(path)?;
        let registry = expanded(registry);
        if !is_authority(registry) {
            return Err(UrlError::Registry(registry.to_owned()));
        }
        let implied = if registry == DOCKER_HUB && !path.contains('/') { "library/" } else { "" };
        Ok(Self { registry: registry.to_owned(), path: format!("{implied}{path}") })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.path)
    }
}

/// Splits off the first part if it can only be a host: it has a dot or a colon and a slash behind it.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) => (Some(first), rest),
        Some(_) | None => (None, name),
    }
}

fn expanded(registry: &str) -> &str {
    if registry == "docker.io" { DOCKER_HUB } else { registry }
}

fn check_path(path: &str) -> Result<(), UrlError> {
    if !(2..=255).contains(&path.chars().count()) {
        return Err(UrlError::Length(path.to_owned()));
    }
    if !path.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'/')) {
        return Err(UrlError::Characters(path.to_owned()));
    }
    if path.split('/').any(|part| part == "." || part == "..") {
        return Err(UrlError::DotSegment(path.to_owned()));
    }
    Ok(())
}
