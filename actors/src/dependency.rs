//! What an `OCIRepository` names in its namespace: a change of it is a reason to look again (D19).

use std::collections::BTreeSet;
use std::sync::Arc;

use reconcile::{Account, Desired};

use crate::Key;

/// A kind of objects that can be named. No field of the API names a `ConfigMap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the API's own word")]
pub enum DependencyKind {
    Secret,
    ServiceAccount,
}

/// An object that another one names; cheap to copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// Its kind.
    pub kind: DependencyKind,
    /// Its namespace and name.
    pub key: Key,
}

impl Dependency {
    /// The object of this kind, namespace and name.
    #[must_use]
    pub fn new(kind: DependencyKind, namespace: &str, name: &str) -> Self {
        Self { kind, key: Key::new(namespace, name) }
    }
}

/// What an object of this namespace depends on. Pull secrets of its `ServiceAccount` come on top.
#[must_use]
pub fn dependencies(namespace: &Arc<str>, desired: &Desired) -> BTreeSet<Dependency> {
    let Ok(source) = &desired.wish else {
        return BTreeSet::new();
    };
    let trust = source.trust.as_ref();
    let secrets = [
        source.secret.as_deref(),
        source.certificates.as_deref(),
        source.proxy.as_deref(),
        trust.and_then(|trust| trust.secret.as_deref()),
        trust.and_then(|trust| trust.trusted_root.as_deref()),
    ];
    let secrets = secrets.into_iter().map(|name| (DependencyKind::Secret, name));
    let account = (DependencyKind::ServiceAccount, source.service_account.as_ref().map(Account::name));
    secrets
        .chain([account])
        .filter_map(|(kind, name)| Some(Dependency::new(kind, namespace, name?)))
        .collect()
}
