//! An API server in memory: it applies merge patches under optimistic locking, and fails where it is told to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sluice_actors::cluster::{ClusterWriter, Notice, StatusChange, WriteError, merge};
use sluice_actors::{Key, Object};
use tokio::time::Instant;

/// What a request takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Get,
    Status,
    Object,
    Event,
    Notification,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) about: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

#[derive(Default)]
pub(crate) struct Cluster {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<Key, Value>,
    version: u64,
    requests: Vec<Request>,
    faults: HashMap<Kind, VecDeque<WriteError>>,
    pruned: Vec<String>,
    answers_after: Duration,
    lost_answers: usize,
    panics: usize,
    under_way: usize,
    most: usize,
    keys_under_way: Vec<Key>,
}

impl Cluster {
    /// Puts an object there as another client would, and returns it.
    pub(crate) fn put(&self, mut object: Value) -> Value {
        let mut state = self.state.lock().unwrap();
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        let metadata = &object["metadata"];
        let key = Key::new(metadata["namespace"].as_str().unwrap(), metadata["name"].as_str().unwrap());
        state.objects.insert(key, object.clone());
        object
    }

    /// The object as it is.
    pub(crate) fn object(&self, key: &Key) -> Value {
        self.state.lock().unwrap().objects[key].clone()
    }

    /// Changes an object as another client would.
    pub(crate) fn change(&self, key: &Key, change: impl FnOnce(&mut Value)) {
        let mut object = self.object(key);
        change(&mut object);
        self.put(object);
    }

    pub(crate) fn delete(&self, key: &Key) {
        self.state.lock().unwrap().objects.remove(key);
    }

    /// The next request of this kind fails.
    pub(crate) fn fail(&self, kind: Kind, error: WriteError) {
        self.state.lock().unwrap().faults.entry(kind).or_default().push_back(error);
    }

    /// From now on an answer takes so long after what it tells has been done.
    pub(crate) fn answer_after(&self, time: Duration) {
        self.state.lock().unwrap().answers_after = time;
    }

    /// The next write is done, and nobody learns of it.
    pub(crate) fn lose_answer(&self) {
        self.state.lock().unwrap().lost_answers += 1;
    }

    /// The next write panics.
    pub(crate) fn panic_next(&self) {
        self.state.lock().unwrap().panics += 1;
    }

    /// The schema does not know this field of `status`.
    pub(crate) fn prune(&self, field: &str) {
        self.state.lock().unwrap().pruned.push(field.to_owned());
    }

    /// All requests so far, in order of arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The requests of this kind.
    pub(crate) fn of(&self, kind: Kind) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.kind == kind).collect()
    }

    /// All requests so far, in words.
    pub(crate) fn transcript(&self) -> Vec<String> {
        let words = |request: Request| format!("{:?} {}", request.kind, request.about);
        self.requests().into_iter().map(words).collect()
    }

    /// The largest number of requests to the API server at one time.
    pub(crate) fn most_under_way(&self) -> usize {
        self.state.lock().unwrap().most
    }

    async fn arrive(&self, kind: Kind, about: String, body: Value) -> Result<(), WriteError> {
        let counted = kind != Kind::Notification;
        {
            let mut state = self.state.lock().unwrap();
            state.requests.push(Request { kind, about, body, at: Instant::now() });
            state.under_way += usize::from(counted);
            state.most = state.most.max(state.under_way);
        }
        tokio::time::sleep(LATENCY).await;
        let mut state = self.state.lock().unwrap();
        state.under_way -= usize::from(counted);
        state.faults.get_mut(&kind).and_then(VecDeque::pop_front).map_or(Ok(()), Err)
    }

    async fn write(&self, kind: Kind, key: &Key, patch: Value) -> Result<Value, WriteError> {
        {
            let mut state = self.state.lock().unwrap();
            if state.panics > 0 {
                state.panics -= 1;
                drop(state);
                panic!("a bug in the writing end");
            }
            assert!(!state.keys_under_way.contains(key), "two writes of {key} at a time");
            state.keys_under_way.push(key.clone());
        }
        let arrival = self.arrive(kind, key.to_string(), patch.clone()).await;
        let done = arrival.and_then(|()| self.apply(key, &patch));
        let answers_after = self.state.lock().unwrap().answers_after;
        tokio::time::sleep(answers_after).await;
        let mut state = self.state.lock().unwrap();
        state.keys_under_way.retain(|under_way| under_way != key);
        if done.is_ok() && state.lost_answers > 0 {
            state.lost_answers -= 1;
            return Err(WriteError::Failed("connection reset".to_owned()));
        }
        done
    }

    fn apply(&self, key: &Key, patch: &Value) -> Result<Value, WriteError> {
        let mut state = self.state.lock().unwrap();
        let mut object = state.objects.get(key).cloned().ok_or(WriteError::Gone)?;
        for field in ["uid", "resourceVersion"] {
            assert!(patch["metadata"][field].is_string(), "a write without {field}");
            if patch["metadata"][field] != object["metadata"][field] {
                return Err(WriteError::Conflict);
            }
        }
        merge(&mut object, patch);
        for field in &state.pruned {
            object["status"].as_object_mut().unwrap().remove(field);
        }
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        state.objects.insert(key.clone(), object.clone());
        Ok(object)
    }
}

#[async_trait]
impl ClusterWriter for Cluster {
    async fn change_status(&self, change: &StatusChange) -> Result<Object, WriteError> {
        let written = self.write(Kind::Status, &change.of.key, change.patch()).await?;
        if self.state.lock().unwrap().pruned.is_empty() {
            assert_eq!(written["status"], change.status(), "both forms of a change lead to the same");
        }
        read(&written)
    }

    async fn patch(&self, key: &Key, patch: Value) -> Result<Object, WriteError> {
        read(&self.write(Kind::Object, key, patch).await?)
    }

    async fn get(&self, key: &Key) -> Result<Object, WriteError> {
        self.arrive(Kind::Get, key.to_string(), Value::Null).await?;
        read(self.state.lock().unwrap().objects.get(key).ok_or(WriteError::Gone)?)
    }

    async fn record_event(&self, notice: &Notice, name: &str, count: u32) -> Result<(), WriteError> {
        let about = format!("{} x{count}", notice.announcement.reason);
        let body =
            json!({ "name": name, "metadata": notice.object_metadata, "time": notice.time.to_string() });
        self.arrive(Kind::Event, about, body).await
    }

    async fn notify(&self, notice: &Notice) -> Result<(), WriteError> {
        let about = notice.announcement.message.clone();
        self.arrive(Kind::Notification, about, json!({ "time": notice.time.to_string() })).await
    }
}

fn read(object: &Value) -> Result<Object, WriteError> {
    Object::parse(object).map_err(WriteError::Failed)
}
