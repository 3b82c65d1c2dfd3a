//! What an object names: who has read another version looks again, and nobody else does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Addr};
use async_trait::async_trait;
use reconcile::{ConditionKind, Truth, Verdict};
use serde_json::{Value, json};
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use sluice_actors::repository::Services;
use sluice_actors::testing::Probe;
use sluice_actors::verifier::Verify;
use sluice_actors::watcher::{DependencyChanged, ObjectChanged, Watcher};
use sluice_actors::{Dependency, DependencyKind};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::support::{Registry, Seen, object, services, stored};

/// Secrets by version and the key that each holds; each read takes a permit.
struct Shelf {
    secrets: Mutex<BTreeMap<&'static str, (&'static str, &'static str)>>,
    permits: Semaphore,
    reading: Semaphore,
}

impl Shelf {
    fn put(&self, name: &'static str, version: &'static str, key: &'static str) {
        self.secrets.lock().unwrap().insert(name, (version, key));
    }
}

#[async_trait]
impl ClusterReader for Shelf {
    async fn secret(&self, _: &str, name: &str) -> Result<Secret, ReadError> {
        self.reading.add_permits(1);
        self.permits.acquire().await.unwrap().forget();
        let found = self.secrets.lock().unwrap().get(name).copied();
        let (version, key) =
            found.ok_or_else(|| ReadError::NotFound(format!("secrets {name:?} not found")))?;
        Ok(Secret {
            kind: "Opaque".into(),
            data: [("key.pub".to_owned(), key.into())].into(),
            version: version.into(),
        })
    }

    async fn service_account(&self, _: &str, _: &str) -> Result<ServiceAccount, ReadError> {
        Ok(ServiceAccount {
            image_pull_secrets: vec!["hidden".to_owned()],
            version: "1".into(),
            ..ServiceAccount::default()
        })
    }
}

struct Scene {
    watcher: Addr<Watcher>,
    seen: Seen,
    shelf: Arc<Shelf>,
    verifications: UnboundedReceiver<Verify>,
}

impl Scene {
    fn new(registry: Registry) -> Self {
        let shelf = Arc::new(Shelf {
            secrets: Mutex::new([("pull", ("1", "old")), ("hidden", ("1", "old"))].into()),
            permits: Semaphore::new(100),
            reading: Semaphore::new(0),
        });
        let (services, seen) = services(registry);
        let cluster = Arc::clone(&shelf) as Arc<dyn ClusterReader>;
        let (verify, verifications) = Probe::start_with(|verify: &Verify| {
            let fingerprint = verify.material.fingerprint.clone();
            async { Ok(Verdict::Verified { fingerprint }) }
        });
        let services = Services { cluster, verify, ..(*services).clone() };
        let watcher = Watcher::new(Arc::new(services)).start();
        Self { watcher, seen, shelf, verifications }
    }

    /// The start is over: objects that appear from now on are new.
    async fn list(&self) {
        for changed in [ObjectChanged::RelistStarted, ObjectChanged::RelistFinished] {
            self.watcher.send(changed).await.unwrap();
        }
    }

    async fn apply(&self, extra: Value) {
        let changed = ObjectChanged::Applied(object(1, extra));
        self.watcher.send(changed).await.unwrap();
    }

    async fn show(&self, changed: DependencyChanged) {
        self.watcher.send(changed).await.unwrap();
    }

    /// The number of the next attempt that begins.
    async fn begun(&mut self) -> u64 {
        self.seen.inspect.recv().await.unwrap().scope.attempt
    }

    /// Waits until an attempt has been concluded; whether the object is Ready then.
    async fn concluded(&mut self) -> Truth {
        let write = self.seen.write.recv().await.unwrap();
        write.status.conditions.get(ConditionKind::Ready).unwrap().truth
    }
}

fn secret(name: &str) -> Dependency {
    Dependency::new(DependencyKind::Secret, "team", name)
}

fn applied(name: &str, version: &str) -> DependencyChanged {
    DependencyChanged::Applied { dependency: secret(name), version: version.into() }
}

fn naming_a_secret() -> Value {
    let mut object = stored();
    object["spec"]["secretRef"]["name"] = json!("pull");
    object
}

#[actix::test]
async fn only_a_version_that_was_not_read_is_news() {
    let mut scene = Scene::new(Registry::Answers);
    scene.list().await;
    scene.apply(naming_a_secret()).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (1, Truth::True));

    scene.show(applied("pull", "1")).await;
    scene.shelf.put("pull", "2", "old");
    scene.show(applied("pull", "2")).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (2, Truth::True));

    let kind = DependencyKind::Secret;
    scene.show(DependencyChanged::RelistStarted(kind)).await;
    scene.show(applied("pull", "2")).await;
    scene.show(DependencyChanged::RelistFinished(kind)).await;
    scene.shelf.secrets.lock().unwrap().remove("pull");
    scene.show(DependencyChanged::Deleted(secret("pull"))).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (3, Truth::False));
}

#[actix::test]
async fn what_a_list_shows_after_an_outage_is_news_where_it_differs() {
    let mut scene = Scene::new(Registry::Answers);
    scene.list().await;
    scene.apply(naming_a_secret()).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (1, Truth::True));

    let kind = DependencyKind::Secret;
    scene.show(DependencyChanged::RelistStarted(kind)).await;
    scene.show(applied("pull", "2")).await;
    scene.show(DependencyChanged::RelistFinished(kind)).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (2, Truth::True));
}

#[actix::test]
async fn after_a_start_the_first_list_wakes_nobody_and_a_change_wakes_who_was_only_checked() {
    let mut scene = Scene::new(Registry::Answers);
    scene.apply(naming_a_secret()).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (1, Truth::True));
    assert!(scene.seen.resolve.try_recv().is_err(), "only the store was checked");

    let kind = DependencyKind::Secret;
    scene.show(DependencyChanged::RelistStarted(kind)).await;
    scene.show(applied("pull", "1")).await;
    scene.show(DependencyChanged::RelistFinished(kind)).await;
    scene.show(applied("pull", "2")).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (2, Truth::True));
}

#[actix::test]
async fn a_secret_that_only_a_service_account_names_wakes_as_well() {
    let mut scene = Scene::new(Registry::Answers);
    scene.list().await;
    scene.apply(json!({"spec": {"serviceAccountName": "robot"}, "status": stored()["status"]})).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (1, Truth::True));

    scene.show(applied("hidden", "2")).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (2, Truth::True));

    scene
        .show(DependencyChanged::Applied {
            dependency: Dependency::new(DependencyKind::ServiceAccount, "team", "robot"),
            version: "2".into(),
        })
        .await;
    assert_eq!((scene.begun().await, scene.concluded().await), (3, Truth::True));
}

#[actix::test]
async fn a_rotated_key_verifies_the_stored_revision_again_and_nothing_is_fetched() {
    let mut scene = Scene::new(Registry::Answers);
    scene.list().await;
    let mut object = stored();
    object["spec"]["verify"] = json!({"provider": "cosign", "secretRef": {"name": "pull"}});
    scene.apply(object).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (1, Truth::True));
    let old = scene.verifications.recv().await.unwrap().material.fingerprint;

    scene.shelf.put("pull", "2", "new");
    scene.show(applied("pull", "2")).await;
    let write = scene.seen.write.recv().await.unwrap();
    let new = scene.verifications.recv().await.unwrap().material.fingerprint;
    assert_ne!(new, old);
    assert_eq!(write.status.fingerprint, Some(new));
    assert!(
        write.status.conditions.is(ConditionKind::Ready, Truth::True),
        "a probe of the Fetcher would have failed it"
    );
    assert_eq!(scene.begun().await, 2);

    scene.shelf.put("pull", "3", "new");
    scene.show(applied("pull", "3")).await;
    assert_eq!((scene.begun().await, scene.concluded().await), (3, Truth::True));
    assert!(scene.verifications.try_recv().is_err(), "the same key was asked twice");
}

#[actix::test]
async fn what_changes_before_an_attempt_reads_it_leads_to_no_other() {
    tokio::time::pause();
    let mut scene = Scene::new(Registry::Answers);
    scene.shelf.permits.forget_permits(100);
    scene.list().await;
    let begun = tokio::time::Instant::now();
    scene.apply(naming_a_secret()).await;
    scene.shelf.reading.acquire().await.unwrap().forget();

    scene.shelf.put("pull", "2", "old");
    scene.show(applied("pull", "2")).await;
    scene.shelf.permits.add_permits(100);

    assert_eq!((scene.begun().await, scene.concluded().await), (1, Truth::True));
    assert_eq!(scene.begun().await, 2);
    assert!(begun.elapsed() >= Duration::from_secs(59), "{:?}", begun.elapsed());
}
