//! What the Fetcher hears and says.

use actix::Message;
use artifact::store::{PrivateLink, Spool};
use bytes::Bytes;
use oci::{Described, Descriptor};
use reconcile::{Failure, Operation};
use reference::{Digest, Repository};

use crate::Scope;
use crate::registry::Line;

/// Asks for the manifest of a digest, down to one platform (row 7).
#[derive(Message)]
#[rtype(result = "Result<Described, Failure>")]
pub struct Describe {
    /// Whose attempt it is.
    pub scope: Scope,
    /// The way to the registry.
    pub line: Line,
    /// `spec.url`, for messages.
    pub url: String,
    /// The repository.
    pub repository: Repository,
    /// The digest that the selector stands for.
    pub digest: Digest,
    /// Its manifest, where it is known already.
    pub manifest: Option<Bytes>,
    /// The platform of an index.
    pub platform: Option<String>,
}

/// Asks for the bytes of a layer, verified (row 9).
#[derive(Message)]
#[rtype(result = "Result<Fetched, Failure>")]
pub struct Fetch {
    /// Whose attempt it is.
    pub scope: Scope,
    /// The way to the registry.
    pub line: Line,
    /// `spec.url`, for messages.
    pub url: String,
    /// The repository.
    pub repository: Repository,
    /// The layer.
    pub layer: Descriptor,
    /// What will be done with it, for messages.
    pub operation: Operation,
    /// What was made of the same layer of another repository of this origin.
    pub elsewhere: Option<PrivateLink>,
}

/// The bytes of a layer, whose digest and size are right (D6).
#[derive(Debug)]
pub enum Fetched {
    /// In memory.
    Memory(Bytes),
    /// On disk.
    Spool(Spool),
    /// Not transferred: the registry has it in this repository too, and this is what was made of it.
    Elsewhere(PrivateLink),
}

impl Fetched {
    /// Whether it lies in a spool: only the turns bound how many there are.
    #[must_use]
    pub fn is_spooled(&self) -> bool {
        matches!(self, Self::Spool(_))
    }
}
