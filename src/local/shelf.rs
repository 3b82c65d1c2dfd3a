//! What objects of the folder name: Secrets and service accounts, as the files hold them.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use sluice_actors::Key;
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};

use super::contents::Contents;

/// The objects that are only read.
#[derive(Debug, Default)]
pub(super) struct Shelf(RwLock<Rows>);

#[derive(Debug, Default)]
struct Rows {
    secrets: BTreeMap<Key, Secret>,
    accounts: BTreeMap<Key, ServiceAccount>,
}

impl Shelf {
    /// Holds what the folder declares now, and nothing else.
    pub(super) fn stock(&self, contents: &Contents) {
        let rows = Rows {
            secrets: contents.secrets.clone(),
            accounts: contents.accounts.clone(),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rows;
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

#[async_trait]
impl ClusterReader for Shelf {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        self.look("secrets", (namespace, name), |rows| &rows.secrets)
    }

    async fn service_account(&self, namespace: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        self.look("serviceaccounts", (namespace, name), |rows| &rows.accounts)
    }
}
