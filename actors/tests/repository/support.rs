//! A Repository among probes: what it asks arrives in channels, what it hears is scripted.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Ready, ready};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reconcile::{Artifact, Backoff, Failure, Policy, Stock};
use reference::{Digest, Revision};
use serde_json::{Value, json};
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use sluice_actors::registry::{Registries, Settings};
use sluice_actors::repository::Services;
use sluice_actors::resolver::{Resolve, Resolved};
use sluice_actors::status_writer::{AddFinalizer, Forget, RemoveFinalizer, WriteStatus};
use sluice_actors::storage::{Inspect, Inspected, Purge};
use sluice_actors::testing::{Probe, Unmeasured};
use sluice_actors::{Known, Object, Sources};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::recorded::{Record, Recording};

/// What the probes saw.
pub(crate) struct Seen {
    pub(crate) inspect: UnboundedReceiver<Inspect>,
    pub(crate) resolve: UnboundedReceiver<Resolve>,
    pub(crate) write: UnboundedReceiver<WriteStatus>,
    pub(crate) purge: UnboundedReceiver<Purge>,
    pub(crate) add: UnboundedReceiver<AddFinalizer>,
    pub(crate) remove: UnboundedReceiver<RemoveFinalizer>,
    pub(crate) forget: UnboundedReceiver<Forget>,
    pub(crate) record: UnboundedReceiver<Record>,
}

/// How the resolver behaves.
#[derive(Clone, Copy)]
pub(crate) enum Registry {
    Answers,
    Hangs,
}

struct Cluster;

#[async_trait]
impl ClusterReader for Cluster {
    async fn secret(&self, _: &str, name: &str) -> Result<Secret, ReadError> {
        assert_ne!(name, "explosive", "this secret makes its reader panic");
        Ok(Secret { kind: "Opaque".into(), data: BTreeMap::new(), version: "1".into() })
    }

    async fn service_account(&self, _: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        Err(ReadError::NotFound(name.to_owned()))
    }
}

pub(crate) const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) fn services(registry: Registry) -> (Arc<Services>, Seen) {
    services_with(registry, BTreeSet::new(), 0)
}

/// Services whose store remembers that this field of ours was used at this generation.
pub(crate) fn services_after(field: &str, generation: i64) -> (Arc<Services>, Seen) {
    services_with(Registry::Answers, BTreeSet::from([field.to_owned()]), generation)
}

fn services_with(registry: Registry, fields: BTreeSet<String>, generation: i64) -> (Arc<Services>, Seen) {
    let (inspect, inspects) = Probe::start_with(move |inspect: &Inspect| {
        let known = inspected(inspect.recorded.as_ref());
        answer(Inspected { generation, fields: fields.clone(), ..known })
    });
    let (resolve, resolves) = Probe::start_with(move |_: &Resolve| async move {
        match registry {
            Registry::Answers => {
                let digest = Digest::parse(DIGEST).unwrap();
                Ok(Resolved { revision: Revision { tag: Some("v1".into()), digest }, manifest: None })
            }
            Registry::Hangs => std::future::pending().await,
        }
    });
    let (write_status, writes) = Probe::start_with(|_: &WriteStatus| async {});
    let (purge, purges) = Probe::start_with(|_: &Purge| answer(true));
    let (add_finalizer, adds) = Probe::start_with(|_: &AddFinalizer| answer(()));
    let (remove_finalizer, removes) = Probe::start_with(|_: &RemoveFinalizer| answer(()));
    let (forget, forgets) = Probe::start_with(|_: &Forget| async {});
    let (recorder, records) = Recording::start();
    let settings = Settings {
        concurrency: NonZeroUsize::new(4).unwrap(),
        max_retry_delay: Duration::from_mins(15),
        client: oci::Settings::default(),
    };
    let services = Services {
        cluster: Arc::new(Cluster),
        registries: Registries::new(settings, Arc::new(Unmeasured)),
        inspect,
        resolve,
        verify: Probe::start_with(|_| refused()).0,
        describe: Probe::start_with(|_| refused()).0,
        claim: Probe::start_with(|_| refused()).0,
        fetch: Probe::start_with(|_| refused()).0,
        publish: Probe::start_with(|_| refused()).0,
        purge,
        status_observed: Probe::start_with(|_| async {}).0,
        write_status,
        announce: Probe::start_with(|_| async {}).0,
        add_finalizer,
        remove_finalizer,
        forget,
        known: Arc::new(Known::default()),
        sources: Some(Arc::new(Sources::default())),
        recorder: Arc::new(recorder),
        policy: Policy {
            backoff: Backoff { first: Duration::from_millis(750), longest: Duration::from_mins(15) },
            jitter_percent: 0,
        },
        default_account: None,
        docker_config: None,
    };
    let seen = Seen {
        inspect: inspects,
        resolve: resolves,
        write: writes,
        purge: purges,
        add: adds,
        remove: removes,
        forget: forgets,
        record: records,
    };
    (Arc::new(services), seen)
}

fn answer<T>(value: T) -> Ready<Result<T, Failure>> {
    ready(Ok(value))
}

fn refused<T>() -> Ready<Result<T, Failure>> {
    ready(Err(Failure::internal("not expected in this test")))
}

fn inspected(recorded: Option<&Artifact>) -> Inspected {
    Inspected {
        stock: if recorded.is_some() { Stock::Present } else { Stock::Empty },
        collected: 0,
        urls: None,
        platform: None,
        generation: 0,
        fields: BTreeSet::new(),
    }
}

/// An object as the cluster shows it: `stored` has an artifact of [`DIGEST`], Ready.
pub(crate) fn object(generation: i64, extra: Value) -> Arc<Object> {
    let mut value = json!({
        "metadata": {"name": "app", "namespace": "team", "uid": "one", "generation": generation,
            "resourceVersion": "1", "finalizers": ["finalizers.fluxcd.io"]},
        "spec": {"url": "oci://ghcr.io/example/app", "interval": "1m", "ref": {"tag": "v1"}},
        "status": {"observedGeneration": -1},
    });
    merge(&mut value, extra);
    Arc::new(Object::parse(&value).unwrap())
}

/// The status of an object that is Ready with [`DIGEST`].
pub(crate) fn stored() -> Value {
    let revision = format!("v1@{DIGEST}");
    let text = format!("stored artifact for digest '{revision}'");
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "reason": "Succeeded", "message": text, "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z"})
    };
    json!({"status": {"observedGeneration": 1, "url": "http://here/latest.tar.gz",
        "artifact": {"digest": "sha256:bb", "path": "p", "url": "u", "revision": revision,
            "lastUpdateTime": "2026-01-01T00:00:00Z"},
        "conditions": [condition("Ready"), condition("ArtifactInStorage")]}})
}

pub(crate) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
