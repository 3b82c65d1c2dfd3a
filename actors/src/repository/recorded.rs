//! The status that our own writes have led to, kept as the version of the object that shows it as soon as there is one.

use std::sync::{Arc, Weak};

use reconcile::Status;

use crate::Object;
use crate::translate::recorded;

/// The status of one life of an object.
pub(super) enum Recorded {
    /// A version that the Watcher has too: it takes no memory of its own. Its status is read once an attempt.
    Shown(Arc<Object>, Weak<Status>),
    /// Written for the object of this uid, and not shown yet.
    Written(Arc<str>, Arc<Status>),
}

impl Recorded {
    /// What this version shows.
    pub(super) fn shown(object: &Arc<Object>) -> Self {
        Self::Shown(Arc::clone(object), Weak::new())
    }

    /// Which life of the object.
    pub(super) fn uid(&self) -> &Arc<str> {
        match self {
            Self::Shown(object, _) => &object.uid,
            Self::Written(uid, _) => uid,
        }
    }

    /// The status.
    pub(super) fn status(&mut self) -> Arc<Status> {
        match self {
            Self::Shown(object, read) => read.upgrade().unwrap_or_else(|| {
                let status = Arc::new(recorded(object));
                *read = Arc::downgrade(&status);
                status
            }),
            Self::Written(_, status) => Arc::clone(status),
        }
    }

    /// The same beside a newer version: one of the same life may lag behind our writes, or be written by somebody else.
    pub(super) fn beside(self, object: &Arc<Object>) -> Self {
        let shown = match &self {
            Self::Shown(before, _) => before.uid != object.uid || object.holds_status_of(before),
            Self::Written(uid, status) => *uid != object.uid || recorded(object) == **status,
        };
        if shown { Self::shown(object) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(uid: &str, number: u32, generation: i64) -> Arc<Object> {
        let metadata =
            json!({"name": "app", "namespace": "team", "uid": uid, "resourceVersion": number.to_string()});
        let object = json!({"metadata": metadata, "status": {"observedGeneration": generation}});
        Arc::new(Object::parse(&object).unwrap())
    }

    fn is(recorded: &Recorded, version: &Arc<Object>) -> bool {
        matches!(recorded, Recorded::Shown(shown, _) if Arc::ptr_eq(shown, version))
    }

    #[test]
    fn what_was_written_is_kept_as_the_version_that_shows_it_and_not_as_one_that_lags_behind() {
        let (behind, shows_it) = (version("one", 1, 1), version("one", 2, 2));
        let written = Recorded::Written("one".into(), Arc::new(recorded(&shows_it)));

        let mut kept = written.beside(&behind);
        assert_eq!(kept.status().observed_generation, 2);
        assert!(!is(&kept, &behind));

        assert!(is(&kept.beside(&shows_it), &shows_it));
    }

    #[test]
    fn the_status_of_a_version_is_read_once_while_somebody_needs_it() {
        let mut kept = Recorded::shown(&version("one", 1, 1));

        let read = kept.status();

        assert!(Arc::ptr_eq(&read, &kept.status()));
    }

    #[test]
    fn a_version_gives_way_to_one_that_shows_the_same_and_to_another_life_only() {
        let (ours, same) = (version("one", 1, 1), version("one", 2, 1));
        let (foreign, reborn) = (version("one", 3, 7), version("two", 4, 7));

        let kept = Recorded::shown(&ours).beside(&same);
        assert!(is(&kept, &same));
        let kept = kept.beside(&foreign);
        assert!(is(&kept, &same));

        assert!(is(&kept.beside(&reborn), &reborn));
    }
}
