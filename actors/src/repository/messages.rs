//! What a Repository hears and says.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::Message;
use tokio::time::Instant;

use crate::{Dependency, Key, Object};

/// The object was seen (row 2); the latest wins.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct SpecObserved {
    /// The object.
    pub object: Arc<Object>,
    /// Whether it was among the first list after a start.
    pub initial: bool,
}

/// The object is no longer there.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct ObjectVanished;

/// Something that the object names, as the cluster shows it now (D19).
#[derive(Message, Clone, Debug, PartialEq, Eq)]
#[rtype(result = "()")]
pub struct DependencyShown {
    /// What it is.
    pub dependency: Dependency,
    /// Its resourceVersion; `None` where it is not there.
    pub version: Option<Arc<str>>,
    /// Whether a list showed it, which tells of no change by itself.
    pub listed: bool,
}

/// A registry's webhook told of a push that concerns the object.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
#[rtype(result = "()")]
pub struct Nudged {
    /// What was told.
    pub told: reconcile::Nudge,
    /// When: answers to questions that were sent before tell nothing of the push.
    pub at: Instant,
}

/// The program stops: the attempt is to end, unless it publishes already.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Drain;

/// What the object names, all of it.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct DependenciesNamed {
    /// Which object.
    pub key: Key,
    /// By its specification, and by its `ServiceAccount` as an attempt has just read it.
    pub dependencies: BTreeSet<Dependency>,
}

/// A Repository ended (row 16).
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct RepositoryStopped {
    /// Which one.
    pub key: Key,
    /// How.
    pub how: Ending,
}

/// How a Repository ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its object is gone.
    Finished,
    /// It was stopped without reason.
    Stopped,
    /// A bug of ours (D44).
    Panicked,
}
