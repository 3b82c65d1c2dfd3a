//! What the `StatusWriter` leaves undone on purpose, and what of it others do, counted for the metrics.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    superseded: AtomicU64,
    progress_dropped: AtomicU64,
    events_dropped: AtomicU64,
    notifications_dropped: AtomicU64,
    ownership_conflicts: AtomicU64,
    left: AtomicUsize,
}

impl Counters {
    /// Statuses that a later one overtook before they were written.
    #[must_use]
    pub fn superseded(&self) -> u64 {
        self.superseded.load(Ordering::Relaxed)
    }

    /// Signs of progress that were not written (D27).
    #[must_use]
    pub fn progress_dropped(&self) -> u64 {
        self.progress_dropped.load(Ordering::Relaxed)
    }

    /// Events that were never recorded in the cluster.
    #[must_use]
    pub fn events_dropped(&self) -> u64 {
        self.events_dropped.load(Ordering::Relaxed)
    }

    /// Notifications that never reached their address (D10).
    #[must_use]
    pub fn notifications_dropped(&self) -> u64 {
        self.notifications_dropped.load(Ordering::Relaxed)
    }

    /// Times that another writer took an object over (D46).
    #[must_use]
    pub fn ownership_conflicts(&self) -> u64 {
        self.ownership_conflicts.load(Ordering::Relaxed)
    }

    /// Objects that are left to another writer at present.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    pub(super) fn count_superseded(&self) {
        self.superseded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_progress_dropped(&self) {
        self.progress_dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_event_dropped(&self) {
        self.events_dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_notification_dropped(&self) {
        self.notifications_dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_ownership_conflict(&self) {
        self.ownership_conflicts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_left(&self, objects: usize) {
        self.left.store(objects, Ordering::Relaxed);
    }
}
