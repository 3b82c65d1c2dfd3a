//! Which status the known version of an object was found to hold, so that an unchanged pass compares no texts.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use reconcile::Status;

use crate::Object;

/// A version and the hash of a status that it holds: the status itself would be the greater part of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    version: Arc<str>,
    status: u64,
}

impl Held {
    /// This status, held by this version.
    pub(super) fn of(object: &Object, status: &Status) -> Self {
        let mut hasher = DefaultHasher::new();
        status.hash(&mut hasher);
        Self { version: Arc::clone(&object.resource_version), status: hasher.finish() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_version_or_another_status_is_not_the_same() {
        let version = |number: &str| {
            let metadata =
                json!({"name": "app", "namespace": "team", "uid": "one", "resourceVersion": number});
            Object::parse(&json!({"metadata": metadata})).unwrap()
        };
        let status = |generation| Status { observed_generation: generation, ..Status::default() };

        let held = Held::of(&version("1"), &status(1));

        assert_eq!(held, Held::of(&version("1"), &status(1)));
        assert_ne!(held, Held::of(&version("1"), &status(2)));
        assert_ne!(held, Held::of(&version("2"), &status(1)));
    }
}
