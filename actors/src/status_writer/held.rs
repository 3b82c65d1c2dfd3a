//! Which status the known version of an object was found to hold, so that an unchanged pass compares no texts.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use reconcile::Status;

use crate::Object;

/// A version and the hash of the status that it holds: the status itself would be the greater part of an entry.
#[derive(Debug, Default)]
pub(super) struct Held(Option<(Arc<str>, u64)>);

impl Held {
    /// Whether this version was found to hold this status.
    pub(super) fn is(&self, object: &Object, status: &Status) -> bool {
        self.0
            .as_ref()
            .is_some_and(|(version, hash)| *version == object.resource_version && *hash == hash_of(status))
    }

    /// Notes that this version holds this status.
    pub(super) fn note(&mut self, object: &Object, status: &Status) {
        self.0 = Some((Arc::clone(&object.resource_version), hash_of(status)));
    }
}

fn hash_of(status: &Status) -> u64 {
    let mut hasher = DefaultHasher::new();
    status.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_held_by_the_version_that_was_compared_and_by_no_other() {
        let version = |number: &str| {
            let metadata =
                json!({"name": "app", "namespace": "team", "uid": "one", "resourceVersion": number});
            Object::parse(&json!({"metadata": metadata})).unwrap()
        };
        let status = |generation| Status { observed_generation: generation, ..Status::default() };
        let mut held = Held::default();
        assert!(!held.is(&version("1"), &status(1)));

        held.note(&version("1"), &status(1));

        assert!(held.is(&version("1"), &status(1)));
        assert!(!held.is(&version("1"), &status(2)));
        assert!(!held.is(&version("2"), &status(1)));
    }
}
