//! Versions as tags spell them.

use std::cmp::Ordering;
use std::fmt;

use semver::{BuildMetadata, Prerelease};

/// A version that remembers how it was written.
///
/// Its order is total and the one in which tags are preferred (ruling D5): precedence, then build metadata in
/// lexical order, then the text as written. [`Version::precedence`] is the order of Semantic Versioning alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) prerelease: Prerelease,
    build: String,
    original: String,
}

/// The text is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid semantic version")]
pub struct VersionError;

impl Version {
    /// Parses `v?MAJOR[.MINOR[.PATCH]][-pre][+build]`: numbers may have leading zeros, missing ones are 0 (spec 3.4).
    ///
    /// # Errors
    /// [`VersionError`] for anything else, numbers beyond 64 bits included.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let (rest, build) = split_optional(text.strip_prefix('v').unwrap_or(text), '+')?;
        let (core, prerelease) = split_optional(rest, '-')?;
        let mut numbers = core.split('.');
        let major = number(numbers.next().unwrap_or_default())?;
        let minor = numbers.next().map_or(Ok(0), number)?;
        let patch = numbers.next().map_or(Ok(0), number)?;
        if numbers.next().is_some() || BuildMetadata::new(build).is_err() {
            return Err(VersionError);
        }
        let prerelease = Prerelease::new(prerelease).map_err(|_| VersionError)?;
        Ok(Self { major, minor, patch, prerelease, build: build.to_owned(), original: text.to_owned() })
    }

    /// Parses a tag: as [`Version::parse`], but two dots must be there, so that `v1` and `1.2` stay moving tags
    /// (spec 3.3 step 4).
    ///
    /// # Errors
    /// [`VersionError`], also for fewer than two dots.
    pub fn parse_tag(tag: &str) -> Result<Self, VersionError> {
        if tag.bytes().filter(|byte| *byte == b'.').count() < 2 {
            return Err(VersionError);
        }
        Self::parse(tag)
    }

    /// The text that was parsed.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Compares as Semantic Versioning 2.0.0 does; build metadata and spelling do not count.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| self.prerelease.cmp(&other.prerelease))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.precedence(other)
            .then_with(|| self.build.cmp(&other.build))
            .then_with(|| self.original.cmp(&other.original))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.original)
    }
}

/// Splits at the first separator; what follows one may not be empty, what follows none is.
fn split_optional(text: &str, separator: char) -> Result<(&str, &str), VersionError> {
    match text.split_once(separator) {
        Some((_, "")) => Err(VersionError),
        Some(parts) => Ok(parts),
        None => Ok((text, "")),
    }
}

fn number(digits: &str) -> Result<u64, VersionError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VersionError);
    }
    digits.parse().map_err(|_| VersionError)
}
