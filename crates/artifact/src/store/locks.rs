//! One lock an object, so that what one call does in an object's directory is not half seen by another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use super::Key;
use crate::hold::hold;

/// Fewer entries than this are never searched for dead ones.
pub(super) const SMALL: usize = 1024;

/// The locks in use; an entry lives as long as somebody holds or awaits it.
#[derive(Default)]
pub(super) struct Locks {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    entries: BTreeMap<Key, Weak<Mutex<()>>>,
    live_when_pruned: usize,
}

impl Locks {
    /// The object's lock; the caller holds it by `hold(&lock)` and never holds two.
    pub(super) fn of(&self, key: &Key) -> Arc<Mutex<()>> {
        let mut table = hold(&self.table);
        if let Some(lock) = table.entries.get(key).and_then(Weak::upgrade) {
            return lock;
        }
        if table.entries.len() > SMALL.max(2 * table.live_when_pruned) {
            table.entries.retain(|_, lock| lock.strong_count() > 0);
            table.live_when_pruned = table.entries.len();
        }
        let lock = Arc::new(Mutex::new(()));
        table.entries.insert(key.clone(), Arc::downgrade(&lock));
        lock
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        hold(&self.table).entries.len()
    }
}
