//! Receivers, their cluster, and what the tests say to them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Recipient};
use hooks::{Named, Push};
use reference::Digest;
use serde_json::{Value, json};
use sluice_actors::receiver::{
    Deliver, Ending, Equipment, Gate, HandOver, Hook, HookChanged, Hooks, Lead, Receipt, Receiver, Refused,
    Webhook,
};
use sluice_actors::testing::Probe;
use sluice_actors::translate::desired;
use sluice_actors::watcher::{DependencyChanged, Nudge};
use sluice_actors::{Dependency, DependencyKind, Key, Known, Object, Sources};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use crate::cluster::Cluster;

/// The operator's own namespace.
pub(crate) const HOME: &str = "flux-system";
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// One replica.
pub(crate) struct Scene {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) known: Arc<Known>,
    receiver: Addr<Receiver>,
    watcher: Recipient<Nudge>,
    nudges: UnboundedReceiver<Nudge>,
}

/// Plays a scene with a replica that leads and has seen all objects; actors need a local set.
pub(crate) async fn play<F: Future<Output = ()>>(scene: impl FnOnce(Scene) -> F) {
    let start = async {
        let replica = Scene::on(&Arc::default());
        replica.known.complete();
        replica.lead().await;
        scene(replica).await;
    };
    tokio::task::LocalSet::new().run_until(start).await;
}

impl Scene {
    /// A replica on this cluster that does not lead.
    pub(crate) fn on(cluster: &Arc<Cluster>) -> Self {
        let (hooks, sources, known) = (Arc::default(), Arc::default(), Arc::default());
        let equipment = Equipment {
            reader: Arc::clone(cluster) as _,
            writer: Arc::clone(cluster) as _,
            hooks: Arc::clone(&hooks),
            sources: Arc::clone(&sources),
            known: Arc::clone(&known),
            home: Some(HOME.to_owned()),
        };
        let receiver = Receiver::new(Arc::new(equipment)).start();
        let (watcher, nudges) = Probe::start_with(|_: &Nudge| std::future::ready(()));
        Self { cluster: Arc::clone(cluster), hooks, sources, known, receiver, watcher, nudges }
    }

    pub(crate) async fn lead(&self) {
        self.receiver.send(Lead(Some(self.watcher.clone()))).await.unwrap();
    }

    pub(crate) async fn resign(&self) {
        self.receiver.send(Lead(None)).await.unwrap();
    }

    /// The program stops; ends when nobody is to be asked any more.
    pub(crate) async fn hand_over(&self) {
        self.receiver.send(HandOver).await.unwrap();
    }

    /// The watch of hooks says this.
    pub(crate) async fn changed(&self, changed: HookChanged) {
        self.receiver.send(changed).await.unwrap();
        self.settle().await;
    }

    /// The watch of Secrets says this.
    pub(crate) async fn depends(&self, changed: DependencyChanged) {
        self.receiver.send(changed).await.unwrap();
        self.settle().await;
    }

    /// The Secret has changed, and the watch says so.
    pub(crate) async fn rotated(&self, key: &Key) {
        let dependency = Dependency { kind: DependencyKind::Secret, key: key.clone() };
        self.depends(DependencyChanged::Applied { dependency, version: "2".into() }).await;
    }

    /// Shows the hook as the cluster has it.
    pub(crate) async fn show(&self, key: &Key) {
        let webhook = Webhook::parse(&self.cluster.hook(key)).unwrap();
        self.changed(HookChanged::Applied(Arc::new(webhook))).await;
    }

    /// A hook with a Secret of its own, which takes deliveries.
    pub(crate) async fn given(&self, namespace: &str, name: &str, spec: &Value) -> Arc<Hook> {
        let key = Key::new(namespace, name);
        self.cluster.token(&key, &format!("token of {key}"));
        self.cluster.put(object(namespace, name, spec));
        self.show(&key).await;
        let path = self.cluster.hook(&key)["status"]["path"].as_str().unwrap().to_owned();
        let hook = self.hooks.find(&path).expect("it takes deliveries");
        assert!(!matches!(hook.gate, Gate::Closed(_)), "{hook:?}");
        hook
    }

    /// An object that follows this repository by this reference.
    pub(crate) fn follow(&self, namespace: &str, name: &str, url: &str, reference: &Value) {
        let object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": { "namespace": namespace, "name": name, "uid": name, "generation": 1 },
            "spec": { "url": format!("oci://{url}"), "interval": "1h", "ref": reference },
        });
        let object = Object::parse(&object).unwrap();
        self.sources.follow(&object.key, &desired(&object, None));
    }

    pub(crate) async fn deliver(&self, hook: &Arc<Hook>, pushes: Vec<Push>) -> Receipt {
        self.delivery(hook, None, pushes, None).await
    }

    pub(crate) async fn named(&self, hook: &Arc<Hook>, id: &str, pushes: Vec<Push>) -> Ending {
        self.delivery(hook, Some(id), pushes, None).await.ending
    }

    pub(crate) async fn delivery(
        &self,
        hook: &Arc<Hook>,
        id: Option<&str>,
        pushes: Vec<Push>,
        request: Option<&str>,
    ) -> Receipt {
        let (reply, receipt) = oneshot::channel();
        let (id, request) = (id.map(str::to_owned), request.map(str::to_owned));
        let deliver = Deliver { hook: Arc::clone(hook), id, pushes, request, reply };
        self.receiver.send(deliver).await.unwrap();
        receipt.await.unwrap()
    }

    pub(crate) async fn refuse(&self, hook: &Hook) {
        self.receiver.send(Refused(hook.key.clone())).await.unwrap();
    }

    /// Whom the Watcher was told of since this was last asked.
    pub(crate) async fn nudges(&mut self) -> Vec<Nudge> {
        let told = reconcile::Nudge::default();
        let last = Nudge { key: Key::new("", ""), told, at: tokio::time::Instant::now() };
        self.watcher.send(last.clone()).await.unwrap();
        let mut nudges = Vec::new();
        while let Some(nudge) = self.nudges.recv().await.filter(|nudge| *nudge != last) {
            nudges.push(nudge);
        }
        nudges
    }

    pub(crate) async fn woken(&mut self) -> Vec<String> {
        self.nudges().await.into_iter().map(|nudge| nudge.key.to_string()).collect()
    }

    /// Lets (paused) time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Lets all happen that takes no time.
    pub(crate) async fn settle(&self) {
        self.pass(Duration::from_millis(1)).await;
    }
}

/// A hook for pipelines, unless the spec says otherwise.
pub(crate) fn object(namespace: &str, name: &str, spec: &Value) -> Value {
    let mut fields = json!({ "type": "generic", "secretRef": { "name": name } });
    for (field, value) in spec.as_object().unwrap() {
        fields[field] = value.clone();
    }
    json!({
        "metadata": {
            "namespace": namespace, "name": name, "uid": format!("uid-{name}"), "generation": 1,
        },
        "spec": fields,
    })
}

/// A push of `main` to this path on ghcr.io, with a digest of this number or without.
pub(crate) fn push(path: &str, digest: Option<u16>) -> Push {
    let digest = digest.map(|number| {
        let [high, low] = number.to_be_bytes();
        let mut bytes = [0; 32];
        (bytes[0], bytes[1]) = (high, low);
        Digest::sha256_from_bytes(bytes)
    });
    Push {
        repositories: vec![Named { host: Some("ghcr.io".to_owned()), path: path.to_owned() }],
        tag: "main".to_owned(),
        folded: false,
        digest,
        early: false,
    }
}

/// The reference of those who follow [`push`].
pub(crate) fn main_tag() -> Value {
    json!({ "tag": "main" })
}
