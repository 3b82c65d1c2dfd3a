//! What is said and done about another writer of the same object (D46).

use std::sync::Arc;

use reconcile::{Shift, ownership_conflict};

use super::StatusWriter;
use super::handlers::notice;
use super::lane::Lane;
use crate::fields::{NAME, NAMESPACE};
use crate::{Key, Object};

impl StatusWriter {
    /// Heeds what an observation or an answer says of who writes an object.
    pub(super) fn heed(&mut self, key: &Key, shift: Option<Shift>) {
        let Some(shift) = shift else { return };
        let Some(object) = self.entries.get(key).and_then(|entry| entry.known()).cloned() else {
            return;
        };
        match shift {
            Shift::TakenOver => self.tell_of_conflict(&object),
            Shift::Left => {
                self.counters.count_ownership_conflict();
                tracing::error!(
                    { NAMESPACE } = %key.namespace,
                    { NAME } = %key.name,
                    artifact = written(&object),
                    "another writer has changed status.artifact again: nothing of the object is written any more until \
                     its spec or its labels change, or this operator starts anew"
                );
            }
            Shift::Released { .. } => {
                tracing::info!(
                    { NAMESPACE } = %key.namespace,
                    { NAME } = %key.name,
                    "the object has changed and is written again"
                );
                self.enqueue(key, Lane::Object, false);
            }
        }
        self.settle(key);
    }

    fn tell_of_conflict(&mut self, object: &Arc<Object>) {
        self.counters.count_ownership_conflict();
        let announcement = ownership_conflict();
        tracing::warn!(
            { NAMESPACE } = %object.key.namespace,
            { NAME } = %object.key.name,
            artifact = written(object),
            "{}",
            announcement.message
        );
        let notice = Arc::new(notice(object, self.names.now(), announcement));
        self.tell(&notice, true);
        self.enqueue(&object.key, Lane::Events, false);
    }
}

/// Where the other writer's artifact is served: who that is.
fn written(object: &Object) -> String {
    object.artifact().map_or_else(|| "none".to_owned(), |artifact| artifact.url)
}
