//! Keeps the index of sources for a replica that does not lead, so that it knows whom a push concerns.
//!
//! Owns: which objects it has seen.        Receives: `ObjectChanged`.
//! Bounds: one event of the watch at a time.
//! Fails: the process, if it panics.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::{Actor, Context, Handler};

use crate::translate::desired;
use crate::watcher::ObjectChanged;
use crate::{Key, Object, Sources};

/// The actor.
pub struct Indexer {
    sources: Arc<Sources>,
    seen: BTreeSet<Key>,
}

impl Indexer {
    /// Fills this index.
    #[must_use]
    pub fn new(sources: Arc<Sources>) -> Self {
        Self { sources, seen: BTreeSet::new() }
    }

    fn applied(&mut self, object: &Object) {
        self.sources.follow(&object.key, &desired(object, None));
        self.seen.insert(object.key.clone());
    }
}

impl Actor for Indexer {
    type Context = Context<Self>;
}

impl Handler<ObjectChanged> for Indexer {
    type Result = ();

    fn handle(&mut self, changed: ObjectChanged, _: &mut Context<Self>) {
        match changed {
            ObjectChanged::RelistStarted => self.seen.clear(),
            ObjectChanged::Applied(object) => self.applied(&object),
            ObjectChanged::Deleted { key, .. } => {
                self.sources.note(&key, None);
                self.seen.remove(&key);
            }
            ObjectChanged::RelistFinished => {
                self.sources.retain(&self.seen);
                self.sources.complete();
            }
        }
    }
}
