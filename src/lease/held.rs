//! Until when the Lease is certainly ours.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::cluster::Leadership;

/// The end of our time, which each renewal moves; without one we do not lead.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Option<Instant>>);

impl Held {
    /// Ours until then. Others count from when they saw the renewal, which is later than when it was sent.
    pub(super) fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

impl Leadership for Held {
    fn holds_for(&self, time: Duration) -> bool {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() + time < until)
    }
}
