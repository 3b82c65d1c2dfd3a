//! What the webhook server reads from a cluster and writes to it, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use serde_json::Value;
use sluice_actors::Key;
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount, WriteError};
use sluice_actors::receiver::HookWriter;
use tokio::sync::watch;

#[derive(Default)]
pub(super) struct Cluster {
    tokens: Mutex<BTreeMap<Key, Vec<u8>>>,
    /// What is shown of each hook, and of each object that was asked.
    shown: watch::Sender<Shown>,
}

#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) statuses: BTreeMap<Key, Value>,
    pub(super) patches: Vec<Value>,
    pub(super) requests: Vec<(Key, String)>,
    pub(super) objects: BTreeMap<Key, Value>,
}

impl Cluster {
    fn tokens(&self) -> MutexGuard<'_, BTreeMap<Key, Vec<u8>>> {
        self.tokens.lock().unwrap()
    }

    /// The `token` of the Secret of this name.
    pub(super) fn token(&self, key: &Key, token: &str) {
        self.tokens().insert(key.clone(), token.as_bytes().to_vec());
    }

    /// The object is this from now on.
    pub(super) fn show(&self, key: &Key, object: Value) {
        self.shown.send_modify(|shown| drop(shown.objects.insert(key.clone(), object)));
    }

    /// Waits until what is shown is so, and takes something of it.
    pub(super) async fn until<T>(&self, mut find: impl FnMut(&Shown) -> Option<T>) -> T {
        let mut found = None;
        let mut shown = self.shown.subscribe();
        let is_so = |shown: &Shown| {
            found = find(shown);
            found.is_some()
        };
        drop(shown.wait_for(is_so).await.unwrap());
        found.expect("it was waited for")
    }
}

#[async_trait]
impl ClusterReader for Cluster {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        let token = self.tokens().get(&Key::new(namespace, name)).cloned();
        let token = token.ok_or_else(|| ReadError::NotFound("there is no such Secret".to_owned()))?;
        let data = BTreeMap::from([("token".to_owned(), token)]);
        Ok(Secret { kind: "Opaque".to_owned(), data, version: "1".into() })
    }

    async fn service_account(&self, _: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        panic!("nobody who takes deliveries reads the account {name}")
    }
}

#[async_trait]
impl HookWriter for Cluster {
    async fn patch_status(&self, key: &Key, patch: Value) -> Result<Value, WriteError> {
        self.shown.send_modify(|shown| {
            shown.statuses.insert(key.clone(), patch["status"].clone());
            shown.patches.push(patch);
        });
        // Whoever writes to a hook that is gone does not come back to it.
        Err(WriteError::Gone)
    }

    async fn request(&self, key: &Key, requested_at: &str) -> Result<(), WriteError> {
        self.shown.send_modify(|shown| shown.requests.push((key.clone(), requested_at.to_owned())));
        Ok(())
    }

    async fn object(&self, key: &Key) -> Result<Value, WriteError> {
        self.shown.borrow().objects.get(key).cloned().ok_or(WriteError::Gone)
    }
}
