//! The status that our own writes have led to, kept as the version of the object that shows it as soon as there is one.

use std::sync::Arc;

use reconcile::Status;

use crate::Object;
use crate::translate::recorded;

/// The status of one life of an object.
pub(super) enum Recorded {
    /// A version that the Watcher has too: it takes no memory of its own.
    Shown(Arc<Object>),
    /// Written for the object of this uid, and not shown yet.
    Written(Arc<str>, Arc<Status>),
}

impl Recorded {
    /// Which life of the object.
    pub(super) fn uid(&self) -> &Arc<str> {
        match self {
            Self::Shown(object) => &object.uid,
            Self::Written(uid, _) => uid,
        }
    }

    /// The status.
    pub(super) fn status(&self) -> Arc<Status> {
        match self {
            Self::Shown(object) => Arc::new(recorded(object)),
            Self::Written(_, status) => Arc::clone(status),
        }
    }

    /// The same beside a newer version: one of the same life may lag behind our writes, or be written by somebody else.
    pub(super) fn beside(self, object: &Arc<Object>) -> Self {
        let shown = match &self {
            Self::Shown(before) => before.uid != object.uid || object.holds_status_of(before),
            Self::Written(uid, status) => *uid != object.uid || recorded(object) == **status,
        };
        if shown { Self::Shown(Arc::clone(object)) } else { self }
    }
}
