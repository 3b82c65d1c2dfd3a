//! A cluster in memory: Secrets, hooks whose status is patched under optimistic locking, and requests to objects.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sluice_actors::Key;
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount, WriteError, merge};
use sluice_actors::receiver::HookWriter;
use tokio::time::Instant;

/// What a request to an object takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);

#[derive(Default)]
pub(crate) struct Cluster {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    secrets: BTreeMap<Key, Result<Vec<u8>, ReadError>>,
    read: usize,
    delays: VecDeque<Duration>,
    objects: BTreeMap<Key, Value>,
    version: u64,
    patches: Vec<(Value, Instant)>,
    patch_faults: VecDeque<WriteError>,
    requests: Vec<(String, String)>,
    request_faults: VecDeque<WriteError>,
    under_way: usize,
    most: usize,
}

impl Cluster {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Puts a hook there as another client would, and returns it.
    pub(crate) fn put(&self, mut object: Value) -> Value {
        let mut state = self.state();
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        let metadata = &object["metadata"];
        let key = Key::new(metadata["namespace"].as_str().unwrap(), metadata["name"].as_str().unwrap());
        state.objects.insert(key, object.clone());
        object
    }

    /// The hook as it is.
    pub(crate) fn hook(&self, key: &Key) -> Value {
        self.state().objects[key].clone()
    }

    /// The Secret's `token` is this from now on.
    pub(crate) fn token(&self, key: &Key, token: &str) {
        self.state().secrets.insert(key.clone(), Ok(token.as_bytes().to_vec()));
    }

    /// Whoever reads the Secret gets this error.
    pub(crate) fn unreadable(&self, key: &Key, error: ReadError) {
        self.state().secrets.insert(key.clone(), Err(error));
    }

    pub(crate) fn remove_secret(&self, key: &Key) {
        self.state().secrets.remove(key);
    }

    /// How often a Secret was read.
    pub(crate) fn read(&self) -> usize {
        self.state().read
    }

    /// The next one who reads a Secret is answered after this time, with what the Secret was when it was asked for.
    pub(crate) fn delay_read(&self, time: Duration) {
        self.state().delays.push_back(time);
    }

    /// The next patch of a status fails.
    pub(crate) fn fail_patch(&self, error: WriteError) {
        self.state().patch_faults.push_back(error);
    }

    /// The next request to an object fails.
    pub(crate) fn fail_request(&self, error: WriteError) {
        self.state().request_faults.push_back(error);
    }

    /// All patches so far, and when they came.
    pub(crate) fn patches(&self) -> Vec<(Value, Instant)> {
        self.state().patches.clone()
    }

    /// Whose objects were asked, and by which value.
    pub(crate) fn requests(&self) -> Vec<(String, String)> {
        self.state().requests.clone()
    }

    /// Whose objects were asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.requests().into_iter().map(|(key, _)| key).collect()
    }

    /// The largest number of requests to objects at one time.
    pub(crate) fn most_under_way(&self) -> usize {
        self.state().most
    }
}

#[async_trait]
impl ClusterReader for Cluster {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        let key = Key::new(namespace, name);
        let (found, delay) = {
            let mut state = self.state();
            state.read += 1;
            (state.secrets.get(&key).cloned(), state.delays.pop_front().unwrap_or_default())
        };
        tokio::time::sleep(delay).await;
        let token = found.unwrap_or_else(|| Err(ReadError::NotFound(format!("no Secret {key}"))))?;
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
        let mut state = self.state();
        state.patches.push((patch.clone(), Instant::now()));
        if let Some(error) = state.patch_faults.pop_front() {
            return Err(error);
        }
        let mut object = state.objects.get(key).cloned().ok_or(WriteError::Gone)?;
        for field in ["uid", "resourceVersion"] {
            if patch["metadata"][field] != object["metadata"][field] {
                return Err(WriteError::Conflict);
            }
        }
        merge(&mut object, &patch);
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        state.objects.insert(key.clone(), object.clone());
        Ok(object)
    }

    async fn request(&self, key: &Key, requested_at: &str) -> Result<(), WriteError> {
        {
            let mut state = self.state();
            state.requests.push((key.to_string(), requested_at.to_owned()));
            state.under_way += 1;
            state.most = state.most.max(state.under_way);
        }
        tokio::time::sleep(LATENCY).await;
        let mut state = self.state();
        state.under_way -= 1;
        state.request_faults.pop_front().map_or(Ok(()), Err)
    }

    async fn object(&self, key: &Key) -> Result<Value, WriteError> {
        panic!("a Receiver reads no object, {key} among them")
    }
}
