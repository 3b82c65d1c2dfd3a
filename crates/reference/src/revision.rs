//! What a reference resolved to, as `status.artifact.revision` records it.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, DigestError};

/// A resolved reference: `tag@sha256:..`, or `sha256:..` for a reference by digest (spec 3.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision {
    /// The tag as the registry spells it; never empty.
    pub tag: Option<String>,
    /// The digest of what the reference points at: for an index, that of the index.
    pub digest: Digest,
}

impl Revision {
    /// Parses a recorded revision: the digest is what follows the last `@`, the tag what stands before.
    ///
    /// # Errors
    /// [`DigestError`] where that is no digest.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let digest = Digest::parse(digest_part(text))?;
        let tag = text.rsplit_once('@').map(|(tag, _)| tag).filter(|tag| !tag.is_empty());
        Ok(Self { tag: tag.map(str::to_owned), digest })
    }
}

impl FromStr for Revision {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        Self::parse(text)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tag) = &self.tag {
            write!(formatter, "{tag}@")?;
        }
        self.digest.fmt(formatter)
    }
}

/// The part of a recorded revision that names content: what follows the last `@`, else all of it (spec 3.5).
#[must_use]
pub fn digest_part(revision: &str) -> &str {
    revision.rsplit_once('@').map_or(revision, |(_, digest)| digest)
}
