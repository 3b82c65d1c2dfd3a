//! What Storage hears and says.

use std::collections::{BTreeMap, BTreeSet};

use actix::Message;
use artifact::store::PrivateLink;
use reconcile::{Artifact, Failure, Operation, Stock};
use tokio::sync::oneshot;

use super::claims::Ticket;
use crate::fetcher::Fetched;
use crate::registry::Turn;
use crate::{Key, Scope};

/// Asks what is in store for an object; retention happens here (row 3).
#[derive(Message)]
#[rtype(result = "Result<Inspected, Failure>")]
pub struct Inspect {
    /// Whose attempt it is.
    pub scope: Scope,
    /// `status.artifact`.
    pub recorded: Option<Artifact>,
    /// The path that the cluster shows, where that status has not landed there yet.
    pub shown: Option<String>,
    /// The generation, and which fields of ours it uses (D45); `None` where the specification cannot be read.
    pub using: Option<(i64, BTreeSet<String>)>,
}

/// What is in store.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// The state of the recorded file.
    pub stock: Stock,
    /// How many superseded files were removed.
    pub collected: usize,
    /// Where the artifact and its link are served now.
    pub urls: Option<(String, String)>,
    /// The platform that the artifact was made for (D45).
    pub platform: Option<String>,
    /// The generation that was looked at last; 0 where nothing is on record.
    pub generation: i64,
    /// The fields of ours that this generation used (D52).
    pub fields: BTreeSet<String>,
}

/// Asks for the archive of a recipe, or for the right to build it (row 8).
#[derive(Message)]
#[rtype(result = "Result<Claimed, Failure>")]
pub struct Claim {
    /// Whose attempt it is.
    pub scope: Scope,
    /// What is to be made.
    pub recipe: RecipeKey,
}

/// Layer, operation and ignore rules as keys under which an archive is found again (D32); each begins with where the layer
/// was read (D24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeKey {
    /// It begins with origin and repository: who has read the manifest there may have the archive.
    pub of_repository: String,
    /// It begins with the origin: the archive is for those who prove that their repository has the layer.
    pub of_origin: String,
}

/// The answer to a claim.
pub enum Claimed {
    /// It is there; a private link to it.
    Built(PrivateLink),
    /// It is the caller's to build.
    Build(Ticket),
    /// The same, and what another repository of the origin has led to.
    Elsewhere(Ticket, PrivateLink),
    /// Somebody builds it; the place in the queue. To be awaited without a turn.
    Wait(oneshot::Receiver<Granted>),
}

/// What a place in the queue leads to.
pub enum Granted {
    /// It has been built.
    Built(PrivateLink),
    /// It is the waiter's to build.
    Build(Ticket),
}

/// Asks to publish (row 10): the only commit point.
#[derive(Message)]
#[rtype(result = "Result<Published, Failure>")]
pub struct Publish {
    /// Whose attempt it is; asked a last time, under the object's lock, whether it is still wanted.
    pub scope: Scope,
    /// What to publish.
    pub supply: Supply,
    /// `tag@sha256:..` or `sha256:..`.
    pub revision: String,
    /// The annotations of the manifest.
    pub metadata: BTreeMap<String, String>,
    /// How it is made.
    pub making: Making,
}

/// What is published.
pub enum Supply {
    /// An archive that was built before.
    Archive(PrivateLink),
    /// Content to build it from.
    Content {
        /// The right to do so.
        ticket: Ticket,
        /// The bytes.
        content: Fetched,
        /// That of content on disk, given back when a processor takes it: what waits there is bounded by the turns.
        turn: Option<Box<Turn>>,
    },
}

/// How an archive is made, and of which wish it is the answer.
#[derive(Clone, Debug)]
pub struct Making {
    /// What is done with the layer.
    pub operation: Operation,
    /// `spec.ignore`.
    pub ignore: Option<String>,
    /// Whether it is a Helm chart taken by default (D40).
    pub chart: bool,
    /// `spec.url`, for messages.
    pub url: String,
    /// The platform that was asked for (D45).
    pub platform: Option<String>,
    /// The generation.
    pub generation: i64,
    /// Fields of ours that the specification used (D45, D52).
    pub fields: BTreeSet<String>,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// `status.artifact`.
    pub artifact: Artifact,
    /// The link's URL, or why it could not be renewed.
    pub link: Result<String, String>,
}

/// A stored file of an object was found damaged: it is due at once (D30).
#[derive(Message, Clone, Debug, PartialEq, Eq)]
#[rtype(result = "()")]
pub struct ArtifactDamaged {
    /// Whose.
    pub key: Key,
}

/// Asks to remove all that belongs to an object; answers whether there was anything (row 14).
#[derive(Message)]
#[rtype(result = "Result<bool, Failure>")]
pub struct Purge {
    /// Whose.
    pub key: Key,
}
