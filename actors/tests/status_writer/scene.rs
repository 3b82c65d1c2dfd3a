//! A writer, its API server, and what the tests say to it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use jiff::Timestamp;
use reconcile::{Announcement, Artifact, ConditionKind, Failure, Reason, Severity, Status, Truth};
use serde_json::{Value, json};
use sluice_actors::status_writer::{
    AddFinalizer, Announce, Counters, Flush, Forget, RemoveFinalizer, StatusObserved, StatusWriter,
    WriteStatus,
};
use sluice_actors::{Key, Object};
use tokio::time::Instant;

use crate::cluster::Cluster;

/// When every test begins.
pub(crate) const START: &str = "2026-01-01T00:00:00Z";
/// An interval.
const REPEAT_AFTER: Duration = Duration::from_mins(10);

pub(crate) struct Scene {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) counters: Arc<Counters>,
    writer: Addr<StatusWriter>,
}

/// Plays a scene; actors need a local set.
pub(crate) async fn play<F: Future<Output = ()>>(scene: impl FnOnce(Scene) -> F) {
    let start = async {
        let cluster = Arc::new(Cluster::default());
        let (start, begun): (Timestamp, _) = (START.parse().unwrap(), Instant::now());
        let clock = move || start + begun.elapsed();
        let writer = StatusWriter::new(Arc::clone(&cluster) as _, clock);
        let counters = writer.counters();
        scene(Scene { cluster, counters, writer: writer.start() }).await;
    };
    tokio::task::LocalSet::new().run_until(start).await;
}

impl Scene {
    /// Puts an object into the cluster and shows it to the writer.
    pub(crate) async fn given(&self, object: Value) -> Arc<Object> {
        let object = Arc::new(Object::parse(&self.cluster.put(object)).unwrap());
        self.observe(&object).await;
        object
    }

    /// The same, with a status that we have written.
    pub(crate) async fn owned(&self, name: &str) -> Arc<Object> {
        let object = self.given(object(name)).await;
        self.write(&object, ready("v1")).await;
        self.rest().await;
        object
    }

    /// A new object, its first status, and the event of it.
    pub(crate) async fn stored(&self, name: &str) -> Arc<Object> {
        let object = self.given(object(name)).await;
        self.write(&object, ready("v1")).await;
        self.announce(&object, vec![news("stored")]).await;
        object
    }

    pub(crate) async fn observe(&self, object: &Arc<Object>) {
        self.writer.send(StatusObserved { object: Arc::clone(object) }).await.unwrap();
    }

    /// Shows the object to the writer as the watch would.
    pub(crate) async fn show(&self, name: &str) -> Arc<Object> {
        let object = Arc::new(Object::parse(&self.cluster.object(&key(name))).unwrap());
        self.observe(&object).await;
        object
    }

    pub(crate) async fn write(&self, object: &Object, status: Status) {
        self.draft(object, status, false).await;
    }

    pub(crate) async fn progress(&self, object: &Object, status: Status) {
        self.draft(object, status, true).await;
    }

    async fn draft(&self, object: &Object, status: Status, progress: bool) {
        let (key, uid) = (object.key.clone(), Arc::clone(&object.uid));
        self.writer.send(WriteStatus { key, uid, status: status.into(), progress }).await.unwrap();
    }

    pub(crate) async fn announce(&self, object: &Arc<Object>, announcements: Vec<Announcement>) {
        let object = Arc::clone(object);
        self.writer.send(Announce { object, announcements, repeat_after: REPEAT_AFTER }).await.unwrap();
    }

    pub(crate) async fn add_finalizer(&self, object: &Object) -> Result<(), Failure> {
        let (key, uid) = (object.key.clone(), Arc::clone(&object.uid));
        self.writer.send(AddFinalizer { key, uid }).await.unwrap()
    }

    pub(crate) async fn remove_finalizer(&self, object: &Object) -> Result<(), Failure> {
        let (key, uid) = (object.key.clone(), Arc::clone(&object.uid));
        self.writer.send(RemoveFinalizer { key, uid }).await.unwrap()
    }

    pub(crate) async fn forget(&self, object: &Object) {
        let (key, uid) = (object.key.clone(), Arc::clone(&object.uid));
        self.writer.send(Forget { key, uid }).await.unwrap();
    }

    pub(crate) async fn flush(&self) {
        self.writer.send(Flush).await.unwrap().unwrap();
    }

    /// Lets (paused) time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Lets everything happen that happens without a back-off.
    pub(crate) async fn rest(&self) {
        self.pass(Duration::from_millis(900)).await;
    }
}

/// A new object.
pub(crate) fn object(name: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": { "namespace": "default", "name": name, "uid": format!("uid-{name}"), "generation": 1 },
        "spec": { "url": "oci://ghcr.io/example/app", "interval": "10m" },
        "status": { "observedGeneration": -1 },
    })
}

pub(crate) fn key(name: &str) -> Key {
    Key::new("default", name)
}

/// The status of an object whose artifact has this revision.
pub(crate) fn ready(revision: &str) -> Status {
    let mut status =
        Status { observed_generation: 1, artifact: Some(artifact(revision)), ..Status::default() };
    let text = format!("stored artifact for digest '{revision}'");
    for kind in [ConditionKind::Ready, ConditionKind::ArtifactInStorage] {
        status.conditions.set(kind, Truth::True, "Succeeded", &text, 1);
    }
    status
}

/// The status of an object whose pass is under way.
pub(crate) fn reconciling() -> Status {
    let mut status = Status { observed_generation: -1, ..Status::default() };
    status.conditions.set(ConditionKind::Reconciling, Truth::True, "Progressing", "building artifact", 1);
    status
}

pub(crate) fn artifact(revision: &str) -> Artifact {
    Artifact {
        digest: "sha256:ab".to_owned(),
        path: "ocirepository/default/app/sha256:ab.tar.gz".to_owned(),
        url: "http://localhost/ocirepository/default/app/sha256:ab.tar.gz".to_owned(),
        revision: revision.to_owned(),
        size: Some(7),
        last_update_time: START.to_owned(),
        metadata: [("org.opencontainers.image.version".to_owned(), revision.to_owned())].into(),
    }
}

pub(crate) fn news(message: &str) -> Announcement {
    Announcement::new(Severity::Normal, Reason::NewArtifact, message.to_owned())
}

pub(crate) fn trace(message: &str) -> Announcement {
    Announcement::new(Severity::Trace, Reason::ArtifactUpToDate, message.to_owned())
}

pub(crate) fn warning(message: &str) -> Announcement {
    Announcement::new(Severity::Warning, Reason::OCIArtifactPullFailed, message.to_owned())
}
