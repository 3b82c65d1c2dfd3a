//! Who may not read a repository gets no archive of it (D24), though it is being built or stored for another: whole passes.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use artifact::Limits;
use artifact::store::{Settings, Store};
use async_trait::async_trait;
use reconcile::{Backoff, ConditionKind, Failure, Policy};
use serde_json::{Value, json};
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use sluice_actors::fetcher::Fetcher;
use sluice_actors::registry::{self, Registries};
use sluice_actors::repository::Services;
use sluice_actors::resolver::Resolver;
use sluice_actors::status_writer::WriteStatus;
use sluice_actors::storage::{Address, Storage};
use sluice_actors::testing::{Probe, Unmeasured};
use sluice_actors::watcher::{ObjectChanged, Watcher};
use sluice_actors::{Key, Known, Object};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::authority::{LIMIT, REFUSAL};
use crate::registry::{Registry, image};

/// A Secret of each namespace; only that of `team` is right.
struct Cluster(String);

#[async_trait]
impl ClusterReader for Cluster {
    async fn secret(&self, namespace: &str, _: &str) -> Result<Secret, ReadError> {
        let password = if namespace == "team" { "right" } else { "wrong" };
        let config = json!({"auths": {&self.0: {"username": "team", "password": password}}}).to_string();
        let data = [(".dockerconfigjson".to_owned(), config.into())].into();
        Ok(Secret { kind: "kubernetes.io/dockerconfigjson".into(), data, version: "1".into() })
    }

    async fn service_account(&self, _: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        Err(ReadError::NotFound(name.to_owned()))
    }
}

/// The actors, whole, with probes at the end of the cluster alone.
struct Operator {
    watcher: Addr<Watcher>,
    writes: UnboundedReceiver<WriteStatus>,
    root: TempDir,
}

impl Operator {
    fn before(registry: &Registry) -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(root.path(), Settings::default()).unwrap());
        let storage = Storage::new(Arc::clone(&store), Address::new("here"), Limits::default()).start();
        let (fetcher, resolver) = (Fetcher::new(store, None).start(), Resolver::default().start());
        let (write_status, writes) = Probe::start_with(|_: &WriteStatus| async {});
        let settings = registry::Settings {
            concurrency: NonZeroUsize::new(4).unwrap(),
            max_retry_delay: Duration::from_mins(15),
            client: oci::Settings::default(),
        };
        let services = Services {
            cluster: Arc::new(Cluster(registry.host().to_owned())),
            registries: Registries::new(settings, Arc::new(Unmeasured)),
            inspect: storage.clone().recipient(),
            resolve: resolver.recipient(),
            verify: Probe::start_with(|_| async { Err(Failure::internal("nothing is signed")) }).0,
            describe: fetcher.clone().recipient(),
            claim: storage.clone().recipient(),
            fetch: fetcher.recipient(),
            publish: storage.clone().recipient(),
            purge: storage.recipient(),
            status_observed: Probe::start_with(|_| async {}).0,
            write_status,
            announce: Probe::start_with(|_| async {}).0,
            add_finalizer: Probe::start_with(|_| async { Ok(()) }).0,
            remove_finalizer: Probe::start_with(|_| async { Ok(()) }).0,
            forget: Probe::start_with(|_| async {}).0,
            known: Arc::new(Known::default()),
            sources: None,
            recorder: Arc::new(Unmeasured),
            policy: Policy {
                backoff: Backoff { first: Duration::from_mins(5), longest: Duration::from_mins(15) },
                jitter_percent: 0,
            },
            default_account: None,
            docker_config: None,
        };
        Self { watcher: Watcher::new(Arc::new(services)).start(), writes, root }
    }

    async fn apply(&self, registry: &Registry, namespace: &str, name: &str, reference: &Value) {
        let object = json!({
            "metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "generation": 1,
                "resourceVersion": "1", "finalizers": ["finalizers.fluxcd.io"]},
            "spec": {"url": registry.url(), "interval": "10m", "insecure": true, "ref": reference,
                "secretRef": {"name": "pull"}, "layerSelector": {"operation": "copy"}},
            "status": {"observedGeneration": -1},
        });
        let object = Arc::new(Object::parse(&object).unwrap());
        self.watcher.send(ObjectChanged::Applied(object)).await.unwrap();
    }

    /// The end of the next pass: whose it is, the text of Ready, and whether there is an artifact.
    async fn concluded(&mut self) -> (Key, String, bool) {
        loop {
            let write = tokio::time::timeout(LIMIT, self.writes.recv()).await.expect("a pass ends").unwrap();
            if !write.progress {
                let ready = write.status.conditions.get(ConditionKind::Ready).unwrap();
                return (write.key, ready.message.clone(), write.status.artifact.is_some());
            }
        }
    }
}

#[actix::test]
async fn neither_an_archive_that_another_builds_nor_one_that_it_has_built_is_given() {
    let registry = Registry::guarded().await;
    let mut operator = Operator::before(&registry);
    let (tag, digest) = (json!({"tag": "v1"}), json!({"digest": image()}));
    operator.apply(&registry, "team", "ours", &tag).await;
    registry.arrived(1).await;
    registry.permit(1);
    registry.arrived(1).await;
    assert!(registry.seen()[1].starts_with("GET /v2/app/blobs/"), "{:?}", registry.seen());

    for (name, reference) in [("tag-meanwhile", &tag), ("digest-meanwhile", &digest)] {
        operator.apply(&registry, "other", name, reference).await;
        keeps_out(operator.concluded().await, name);
    }
    registry.permit(100);
    let (key, _, has_artifact) = operator.concluded().await;
    assert_eq!((key, has_artifact), (Key::new("team", "ours"), true));
    for (name, reference) in [("tag-later", &tag), ("digest-later", &digest)] {
        operator.apply(&registry, "other", name, reference).await;
        keeps_out(operator.concluded().await, name);
    }
    assert!(!operator.root.path().join("ocirepository/other").exists());
}

fn keeps_out((key, ready, has_artifact): (Key, String, bool), name: &str) {
    assert_eq!((key, has_artifact), (Key::new("other", name), false), "{ready}");
    assert!(ready.contains(REFUSAL), "{name}: {ready}");
}

#[actix::test]
async fn a_tag_that_no_address_can_hold_puts_no_host_down_for_others() {
    let registry = Registry::guarded().await;
    let mut operator = Operator::before(&registry);
    registry.permit(100);
    let endless = json!({"tag": "t".repeat(66_000)});
    for name in ["one", "two", "three", "four"] {
        operator.apply(&registry, "team", name, &endless).await;
        let (_, message, _) = operator.concluded().await;
        assert!(
            message.starts_with("failed to determine artifact digest: ") && message.len() < 1_000,
            "{message}"
        );
    }

    operator.apply(&registry, "team", "ours", &json!({"tag": "v1"})).await;

    let (key, message, has_artifact) = operator.concluded().await;
    assert_eq!((key, has_artifact), (Key::new("team", "ours"), true), "{message}");
}
