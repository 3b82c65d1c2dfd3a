//! What an attempt read of the cluster, by version: what is shown later is news only where it differs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Recipient;
use async_trait::async_trait;

use super::messages::{DependenciesNamed, DependencyShown};
use crate::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use crate::{Dependency, DependencyKind, Key};

/// The `resourceVersion` of each dependency; `None` where it was not there.
pub(super) type Versions = BTreeMap<Dependency, Option<Arc<str>>>;

/// Reads for one attempt and notes what it read.
pub(super) struct Reads {
    cluster: Arc<dyn ClusterReader>,
    key: Key,
    named: BTreeSet<Dependency>,
    naming: Recipient<DependenciesNamed>,
    versions: Mutex<Versions>,
}

impl Reads {
    /// Reads for the object of this key, whose specification names these.
    pub(super) fn new(
        cluster: Arc<dyn ClusterReader>,
        key: Key,
        named: BTreeSet<Dependency>,
        naming: Recipient<DependenciesNamed>,
    ) -> Self {
        let versions = Mutex::default();
        Self { cluster, key, named, naming, versions }
    }

    /// What was read so far.
    pub(super) fn versions(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where something is read twice the first time counts: it may have been used.
    fn note(&self, kind: DependencyKind, namespace: &str, name: &str, read: Result<&Arc<str>, &ReadError>) {
        let version = match read {
            Ok(version) => Some(Arc::clone(version)),
            Err(ReadError::NotFound(_)) => None,
            Err(ReadError::Unreadable(_)) => return,
        };
        let dependency = Dependency::new(kind, namespace, name);
        self.versions().entry(dependency).or_insert(version);
    }
}

/// Whether an object whose last attempt read these has to look again.
pub(super) fn is_news(read: &Versions, shown: &DependencyShown) -> bool {
    match read.get(&shown.dependency) {
        Some(version) => *version != shown.version,
        None => !shown.listed,
    }
}

#[async_trait]
impl ClusterReader for Reads {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        let read = self.cluster.secret(namespace, name).await;
        let version = read.as_ref().map(|secret| &secret.version);
        self.note(DependencyKind::Secret, namespace, name, version);
        read
    }

    /// Its pull secrets are named before any of them is read: no change falls between.
    async fn service_account(&self, namespace: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        let read = self.cluster.service_account(namespace, name).await;
        let version = read.as_ref().map(|account| &account.version);
        self.note(DependencyKind::ServiceAccount, namespace, name, version);
        let account = read?;
        let secrets = account
            .image_pull_secrets
            .iter()
            .map(|secret| Dependency::new(DependencyKind::Secret, namespace, secret));
        self.naming.do_send(DependenciesNamed {
            key: self.key.clone(),
            dependencies: self.named.iter().cloned().chain(secrets).collect(),
        });
        Ok(account)
    }
}
