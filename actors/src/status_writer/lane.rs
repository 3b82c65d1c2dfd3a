//! How a key waits for its turn at the API server: of each object one write and one event are under way at most.

use std::time::Duration;

use reconcile::Backoff;
use tokio_util::time::delay_queue;

/// Between failures of the API server: soon after a hiccup, and seldom enough for a server that starts anew.
pub(super) const RETRY: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(30) };

/// The two kinds of work of a key; the first has precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Its finalizer and its status.
    Object,
    /// Its events.
    Events,
}

/// Where the work of a key stands.
#[derive(Debug, Default)]
pub(super) enum Stand {
    /// Nothing is to be done.
    #[default]
    Idle,
    /// It waits for a permit.
    Queued,
    /// The request of this number is under way.
    Flying(u64),
    /// It waits for the end of a back-off.
    Resting(delay_queue::Key),
}

impl Stand {
    /// Whether it waits for a permit.
    pub(super) fn is_queued(&self) -> bool {
        matches!(self, Self::Queued)
    }

    /// Whether a request is under way.
    pub(super) fn is_flying(&self) -> bool {
        matches!(self, Self::Flying(_))
    }
}

/// What follows an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next request, if one is due.
    Again,
    /// The same after this time.
    Rest(Duration),
}
