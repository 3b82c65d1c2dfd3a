//! What the Watcher hears.

use std::sync::Arc;

use actix::Message;
use tokio::time::Instant;

use crate::{Dependency, DependencyKind, Key, Object};

/// Something happened to an object, or to the watch (row 1). The awaited reply is the backpressure on the watch.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub enum ObjectChanged {
    /// A complete list begins: what it does not show is gone.
    RelistStarted,
    /// An object is there, or changed.
    Applied(Arc<Object>),
    /// An object is gone.
    Deleted {
        /// Its name.
        key: Key,
        /// Which life of it; empty where that is not known.
        uid: Arc<str>,
    },
    /// The list is complete.
    RelistFinished,
}

/// Something happened to what objects may name, or to the watch of it (D19). The awaited reply is the backpressure.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub enum DependencyChanged {
    /// A complete list of this kind begins: what it does not show is not there.
    RelistStarted(DependencyKind),
    /// An object is there, or changed.
    Applied {
        /// Which one.
        dependency: Dependency,
        /// Its resourceVersion.
        version: Arc<str>,
    },
    /// An object is gone.
    Deleted(Dependency),
    /// The list is complete.
    RelistFinished(DependencyKind),
}

/// A registry's webhook told of a push that concerns this object (D33).
#[derive(Message, Clone, Debug, PartialEq, Eq)]
#[rtype(result = "()")]
pub struct Nudge {
    /// Which object.
    pub key: Key,
    /// What was told.
    pub told: reconcile::Nudge,
    /// When: answers to questions that were sent before tell nothing of the push.
    pub at: Instant,
}

/// The program stops: no object is looked at any more; answers when every attempt has ended.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<(), reconcile::Failure>")]
pub struct StopWatching;
