//! A cluster in memory: it keeps objects, merges patches, shows changes and counts writes. It takes no time of its own, so that
//! what is measured is the operator.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use actix::MailboxError;
use async_trait::async_trait;
use serde_json::{Value, json};
use sluice::wiring::{Ends, Listeners};
use sluice_actors::cluster::merge;
use sluice_actors::cluster::{
    ClusterReader, ClusterWriter, Notice, ReadError, Secret, ServiceAccount, StatusChange, WriteError,
};
use sluice_actors::watcher::{DependencyChanged, ObjectChanged};
use sluice_actors::{DependencyKind, Key, Object};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::registry::Registry;

/// The cluster.
pub(crate) struct Cluster {
    state: Mutex<State>,
    writes: AtomicU64,
    unmet: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<Key, Value>,
    version: u64,
    token: u64,
    wanted: BTreeMap<Key, Wanted>,
    watch: Option<UnboundedSender<ObjectChanged>>,
}

/// What an object is to show.
struct Wanted {
    digest: String,
    token: Option<String>,
}

impl Cluster {
    /// An object for each repository of the registry, which is to show the newest content of it.
    pub(crate) fn new(interval: &str, registry: &Registry) -> Self {
        let (mut state, count) = (State::default(), registry.count());
        for number in 0..count {
            let wanted = Wanted { digest: registry.newest(number), token: None };
            state.wanted.insert(key(number), wanted);
            state.objects.insert(key(number), object(number, interval, registry));
        }
        Self { state: Mutex::new(state), writes: AtomicU64::new(0), unmet: watch::Sender::new(count) }
    }

    /// Writes so far: of statuses, of finalizers, of events.
    pub(crate) fn written(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Until every object shows what it is to show.
    pub(crate) async fn met(&self) {
        let mut unmet = self.unmet.subscribe();
        drop(unmet.wait_for(|count| *count == 0).await.expect("the sender is ours"));
    }

    /// Asks objects to look at their repositories, until all have.
    pub(crate) async fn ask(&self, numbers: &[usize], registry: &Registry) {
        {
            let mut state = self.state();
            state.token += 1;
            let token = state.token.to_string();
            let annotation = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": token}}});
            self.unmet.send_replace(numbers.len());
            for number in numbers {
                let wanted = Wanted { digest: registry.newest(*number), token: Some(token.clone()) };
                state.wanted.insert(key(*number), wanted);
                drop(state.change(&key(*number), &annotation));
            }
        }
        self.met().await;
    }

    /// The two ends of an operator in this cluster.
    pub(crate) fn ends(self: &Arc<Self>) -> Ends {
        let cluster = Arc::clone(self);
        Ends {
            webhooks: None,
            reader: Arc::new(Nothing),
            writer: Arc::clone(self) as Arc<dyn ClusterWriter>,
            source: Box::new(move |listeners, stop| {
                Box::pin(async move {
                    if let Some(Err(dead)) = stop.run_until_cancelled(cluster.show(listeners)).await {
                        eprintln!("the operator listens no more: {dead}");
                    }
                })
            }),
            election: None,
            series: Vec::new(),
        }
    }

    /// Shows everything and every change, while somebody listens.
    async fn show(&self, listeners: Listeners) -> Result<(), MailboxError> {
        let (watch, mut changes) = unbounded_channel();
        for change in self.state().list(&watch) {
            watch.send(change).expect("the receiver is ours");
        }
        for kind in [DependencyKind::Secret, DependencyKind::ServiceAccount] {
            for change in [DependencyChanged::RelistStarted(kind), DependencyChanged::RelistFinished(kind)] {
                listeners.dependencies.send(change).await?;
            }
        }
        while let Some(change) = changes.recv().await {
            listeners.objects.send(change).await?;
        }
        Ok(())
    }

    fn write(&self, key: &Key, patch: &Value) -> Result<Value, WriteError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        let known = state.objects.get(key).ok_or(WriteError::Gone)?;
        if patch["metadata"]["resourceVersion"] != known["metadata"]["resourceVersion"] {
            return Err(WriteError::Conflict);
        }
        let object = state.change(key, patch)?;
        if state.wanted.get(key).is_some_and(|wanted| wanted.is_met_by(&object)) {
            state.wanted.remove(key);
            self.unmet.send_modify(|count| *count -= 1);
        }
        Ok(object)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }
}

impl State {
    fn list(&mut self, watch: &UnboundedSender<ObjectChanged>) -> Vec<ObjectChanged> {
        self.watch = Some(watch.clone());
        let mut list = vec![ObjectChanged::RelistStarted];
        list.extend(self.objects.values().map(applied));
        list.push(ObjectChanged::RelistFinished);
        list
    }

    fn change(&mut self, key: &Key, patch: &Value) -> Result<Value, WriteError> {
        self.version += 1;
        let object = self.objects.get_mut(key).ok_or(WriteError::Gone)?;
        merge(object, patch);
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if let Some(watch) = &self.watch {
            // An operator that has ended sees nothing any more.
            drop(watch.send(applied(object)));
        }
        Ok(object.clone())
    }
}

impl Wanted {
    fn is_met_by(&self, object: &Value) -> bool {
        let status = &object["status"];
        let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ready =
            conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        let revision = status["artifact"]["revision"].as_str().unwrap_or_default();
        let handled = status["lastHandledReconcileAt"].as_str();
        ready
            && revision.ends_with(&self.digest)
            && (self.token.is_none() || self.token.as_deref() == handled)
    }
}

#[async_trait]
impl ClusterWriter for Cluster {
    async fn change_status(&self, change: &StatusChange) -> Result<Object, WriteError> {
        read(&self.write(&change.of.key, &change.patch())?)
    }

    async fn patch(&self, key: &Key, patch: Value) -> Result<Object, WriteError> {
        read(&self.write(key, &patch)?)
    }

    async fn get(&self, key: &Key) -> Result<Object, WriteError> {
        read(self.state().objects.get(key).ok_or(WriteError::Gone)?)
    }

    async fn record_event(&self, _: &Notice, _: &str, _: u32) -> Result<(), WriteError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn notify(&self, _: &Notice) -> Result<(), WriteError> {
        Ok(())
    }
}

/// The objects name nothing.
struct Nothing;

#[async_trait]
impl ClusterReader for Nothing {
    async fn secret(&self, _: &str, name: &str) -> Result<Secret, ReadError> {
        Err(ReadError::NotFound(name.to_owned()))
    }

    async fn service_account(&self, _: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        Err(ReadError::NotFound(name.to_owned()))
    }
}

fn key(number: usize) -> Key {
    Key::new("apps", &format!("app-{number}"))
}

fn object(number: usize, interval: &str, registry: &Registry) -> Value {
    let name = format!("app-{number}");
    json!({
        "metadata": { "namespace": "apps", "name": name, "uid": name, "resourceVersion": "0", "generation": 1 },
        "spec": {
            "url": format!("oci://{}/{name}", registry.address),
            "ref": { "tag": "latest" },
            "interval": interval,
            "insecure": true,
        },
    })
}

fn read(object: &Value) -> Result<Object, WriteError> {
    Object::parse(object).map_err(WriteError::Failed)
}

fn applied(object: &Value) -> ObjectChanged {
    ObjectChanged::Applied(Arc::new(Object::parse(object).expect("it has a name")))
}
