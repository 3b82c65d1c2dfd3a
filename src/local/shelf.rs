//! What objects of the folder name: Secrets and service accounts, as the files hold them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use sluice_actors::watcher::DependencyChanged;
use sluice_actors::{Dependency, DependencyKind, Key};

use super::contents::Contents;

/// The objects that are only read.
#[derive(Debug, Default)]
pub(super) struct Shelf(RwLock<Rows>);

#[derive(Debug, Default)]
struct Rows {
    /// The version that was given last.
    newest: u64,
    secrets: BTreeMap<Key, Secret>,
    accounts: BTreeMap<Key, ServiceAccount>,
    /// What nobody was told of yet.
    changes: Vec<DependencyChanged>,
}

impl Shelf {
    /// Holds what the folder declares now, and nothing else; what is new or has changed gets a new version.
    pub(super) fn stock(&self, contents: &Contents) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut newest = rows.newest;
        let mut secrets = contents.secrets.clone();
        for (key, secret) in &mut secrets {
            let same = |before: &&Secret| before.kind == secret.kind && before.data == secret.data;
            let before = rows.secrets.get(key).filter(same);
            secret.version = version(before.map(|before| &before.version), &mut newest);
        }
        let mut accounts = contents.accounts.clone();
        for (key, account) in &mut accounts {
            let same = |before: &&ServiceAccount| {
                before.image_pull_secrets == account.image_pull_secrets
                    && before.annotations == account.annotations
            };
            let before = rows.accounts.get(key).filter(same);
            account.version = version(before.map(|before| &before.version), &mut newest);
        }
        let before = rows.versions();
        (rows.newest, rows.secrets, rows.accounts) = (newest, secrets, accounts);
        let changes = differences(&before, &rows.versions());
        rows.changes.extend(changes);
    }

    /// What has changed since this was asked last.
    pub(super) fn changes(&self) -> Vec<DependencyChanged> {
        std::mem::take(&mut self.0.write().unwrap_or_else(PoisonError::into_inner).changes)
    }

    fn look<T: Clone>(
        &self,
        plural: &str,
        (namespace, name): (&str, &str),
        row: impl Fn(&Rows) -> &BTreeMap<Key, T>,
    ) -> Result<T, ReadError> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = row(&rows).get(&Key::new(namespace, name)).cloned();
        found.ok_or_else(|| ReadError::NotFound(format!("{plural} \"{name}\" not found")))
    }
}

type Versions = BTreeMap<Dependency, Arc<str>>;

impl Rows {
    fn versions(&self) -> Versions {
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(key, secret)| (DependencyKind::Secret, key, &secret.version));
        let accounts = self.accounts.iter();
        let accounts = accounts.map(|(key, account)| (DependencyKind::ServiceAccount, key, &account.version));
        secrets
            .chain(accounts)
            .map(|(kind, key, version)| (Dependency { kind, key: key.clone() }, Arc::clone(version)))
            .collect()
    }
}

fn differences(before: &Versions, after: &Versions) -> Vec<DependencyChanged> {
    let new = after.iter().filter(|(dependency, version)| before.get(dependency) != Some(version)).map(
        |(dependency, version)| DependencyChanged::Applied {
            dependency: dependency.clone(),
            version: Arc::clone(version),
        },
    );
    let gone = before
        .keys()
        .filter(|dependency| !after.contains_key(dependency))
        .map(|dependency| DependencyChanged::Deleted(dependency.clone()));
    new.chain(gone).collect()
}

fn version(unchanged: Option<&Arc<str>>, newest: &mut u64) -> Arc<str> {
    unchanged.cloned().unwrap_or_else(|| {
        *newest += 1;
        newest.to_string().into()
    })
}

#[async_trait]
impl ClusterReader for Shelf {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        self.look("secrets", (namespace, name), |rows| &rows.secrets)
    }

    async fn service_account(&self, namespace: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        self.look("serviceaccounts", (namespace, name), |rows| &rows.accounts)
    }
}

#[cfg(test)]
mod tests {
    use sluice_actors::cluster::ClusterReader as _;

    use super::{Contents, Shelf};
    use crate::local::contents::{Content, content};

    async fn versions(shelf: &Shelf, password: &str, pull_secret: &str) -> [String; 2] {
        let text = format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: a}}, stringData: {{password: {password}}}}}\n---\n\
             {{apiVersion: v1, kind: ServiceAccount, metadata: {{name: b}}, imagePullSecrets: [{{name: {pull_secret}}}]}}\n"
        );
        let file = content(Ok(text), Content::default());
        shelf.stock(&Contents::of([("a.yaml", &file)].into_iter()));
        let secret = shelf.secret("default", "a").await.unwrap();
        let account = shelf.service_account("default", "b").await.unwrap();
        [secret.version.to_string(), account.version.to_string()]
    }

    #[tokio::test]
    async fn what_has_changed_has_another_version_and_nothing_else_has() {
        let shelf = Shelf::default();
        let [secret, account] = versions(&shelf, "one", "pull").await;
        assert_eq!(versions(&shelf, "one", "pull").await, [secret.clone(), account.clone()]);

        let [changed, same] = versions(&shelf, "two", "pull").await;
        assert_eq!((changed != secret, same), (true, account.clone()));
        assert_ne!(versions(&shelf, "two", "other").await[1], account);
    }
}
