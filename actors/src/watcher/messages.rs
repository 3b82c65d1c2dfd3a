//! What the Watcher hears.

use std::sync::Arc;

use actix::Message;

use crate::{Key, Object};

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

/// The program stops: no object is looked at any more; answers when every attempt has ended.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<(), reconcile::Failure>")]
pub struct StopWatching;
