//! What a Repository hears and says.

use std::sync::Arc;

use actix::Message;

use crate::{Key, Object};

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

/// The program stops: the attempt is to end, unless it publishes already.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Drain;

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
