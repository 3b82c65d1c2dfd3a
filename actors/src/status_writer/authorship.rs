//! Whose each change of an object's artifact is, by the versions in which it was seen (D46).

use std::mem;
use std::sync::Arc;

use reconcile::{Change, Ownership, Shift, Terms};
use tokio::time::Instant;

use crate::Object;
use crate::translate::interval;

/// What one object held when it was last looked at, and who writes it.
#[derive(Default)]
pub(super) struct Authorship {
    /// The version that our last write of the status led to.
    pub(super) ours: Option<Arc<Object>>,
    judged: Option<Arc<Object>>,
    /// What became of a write of ours is not known: the next change may be its work.
    doubtful: bool,
    ownership: Ownership,
}

impl Authorship {
    /// Whether the object is left to another writer.
    pub(super) fn is_left(&self) -> bool {
        self.ownership.is_left()
    }

    /// A write of the status led to this version, and to no other: it named the version before.
    pub(super) fn wrote(&mut self, object: &Arc<Object>) {
        self.ours = Some(Arc::clone(object));
        self.judged = Some(Arc::clone(object));
        self.doubtful = false;
        self.ownership.written();
    }

    /// A write that changes the artifact has brought no answer that tells whether it was done.
    pub(super) fn doubted(&mut self) {
        self.doubtful = true;
    }

    /// Judges the newest version. While a write of the status is under way it may be that write's, and has to wait.
    pub(super) fn judge(&mut self, object: &Arc<Object>, at: Instant) -> Option<Shift> {
        let before = self.judged.replace(Arc::clone(object));
        // One copy of a version is enough: the watch shows ours again.
        if let Some(ours) = self.ours.as_mut().filter(|ours| ours.resource_version == object.resource_version)
        {
            ours.clone_from(object);
        }
        let terms = || Terms {
            generation: object.generation,
            labels: object.labels.clone(),
            deleting: object.deleting,
        };
        if self.is_left() {
            return self.ownership.shown(&terms());
        }
        let changed = before
            .is_some_and(|before| !before.holds_status_of(object) && before.artifact() != object.artifact());
        // Whoever holds a deleted object takes its artifact off.
        let changed = changed && !object.deleting;
        if !changed || mem::take(&mut self.doubtful) {
            return None;
        }
        let emptied = object.artifact().is_none();
        let change = Change { at: at.into_std(), interval: interval(object), emptied };
        self.ownership.changed(&change, &terms())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_version_that_is_shown_again_one_copy_is_kept() {
        let object = || {
            let metadata = json!({"name": "app", "namespace": "team", "uid": "one", "resourceVersion": "7"});
            Arc::new(Object::parse(&json!({"metadata": metadata})).unwrap())
        };
        let (answered, watched) = (object(), object());
        let mut authorship = Authorship::default();

        authorship.wrote(&answered);
        let shift = authorship.judge(&watched, Instant::now());

        assert_eq!((shift, Arc::strong_count(&answered)), (None, 1));
        assert!(authorship.ours.is_some_and(|ours| Arc::ptr_eq(&ours, &watched)));
    }
}
