//! What the `StatusWriter` hears and says.

use std::sync::Arc;

use actix::Message;
use reconcile::{Announcement, Failure, Status};

use crate::{Key, Object};

/// An object was seen: what it holds now is what writes are compared with (sent with every `SpecObserved`).
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct StatusObserved {
    /// The object.
    pub object: Arc<Object>,
}

/// Writes a status, unless the object holds it already; of several for one object the latest wins (row 11).
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct WriteStatus {
    /// Whose.
    pub key: Key,
    /// Which life of it.
    pub uid: Arc<str>,
    /// The status as it shall be.
    pub status: Arc<Status>,
    /// A mere sign of progress, which may be dropped (D27).
    pub progress: bool,
}

/// Tells events of one pass, in the cluster and to the notification address (row 12, D10).
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct Announce {
    /// The object.
    pub object: Arc<Object>,
    /// What to tell.
    pub announcements: Vec<Announcement>,
    /// Identical failures are told again after this time, not sooner.
    pub repeat_after: std::time::Duration,
}

/// Puts our finalizer on an object (row 13).
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<(), Failure>")]
pub struct AddFinalizer {
    /// Whose.
    pub key: Key,
    /// Which life of it.
    pub uid: Arc<str>,
}

/// Takes our finalizer off an object; an object that is gone has none (row 13).
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<(), Failure>")]
pub struct RemoveFinalizer {
    /// Whose.
    pub key: Key,
    /// Which life of it.
    pub uid: Arc<str>,
}

/// The object is gone: entry, queue and retries end.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct Forget {
    /// Whose.
    pub key: Key,
    /// Which life of it.
    pub uid: Arc<str>,
}

/// Ends when every final status and every event has been written or given up, and notifications are told, for which a few seconds
/// are left; for the stop.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<(), Failure>")]
pub struct Flush;
