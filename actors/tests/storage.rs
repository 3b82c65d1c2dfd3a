//! Storage and Fetcher over a disk that refuses: what the attempt is told, and that what is stored stays.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

#[cfg(test)]
#[path = "storage/busy.rs"]
mod busy;
#[cfg(test)]
#[path = "storage/scrub.rs"]
mod scrub;

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use artifact::Limits;
use artifact::store::{Settings, Store};
use bytes::Bytes;
use oci::{Client, Credential, Origin};
use reconcile::{Artifact, ConditionKind, Disposition, Failure, Operation, Reason, Stock};
use serde_json::json;
use sluice_actors::fetcher::{Fetch, Fetched, Fetcher};
use sluice_actors::registry::{Line, Turn, TurnReturned};
use sluice_actors::storage::{
    Address, Claim, Claimed, Inspect, Inspected, Making, Processors, Publish, Published, Purge, RecipeKey,
    Scrubbing, Storage, Supply,
};
use sluice_actors::testing::{self, Probe};
use sluice_actors::{Key, Scope};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

const FIRST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SECOND: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

struct Scene {
    root: TempDir,
    store: Arc<Store>,
    storage: Addr<Storage>,
    processors: Arc<Processors>,
}

fn scope(key: &Key) -> Scope {
    testing::scope(key, Duration::from_mins(1))
}

fn app() -> Key {
    Key::new("team", "app")
}

/// The way to a registry that nobody asks.
fn line() -> Line {
    let origin = Origin::new("127.0.0.1:1");
    let client = Client::new(&origin, &oci::Settings::default()).unwrap();
    Line::new(client, origin.key(), Arc::new(Credential::Anonymous))
}

/// A turn, and who hears of its return.
fn turn() -> (Turn, UnboundedReceiver<TurnReturned>) {
    let (returned, heard) = Probe::start_with(|_: &TurnReturned| async {});
    (Turn::new(line(), 1, returned), heard)
}

/// A claim of what one recipe makes of the layer of this digest.
fn claim(key: &Key, digest: &str) -> Claim {
    let recipe = RecipeKey { of_repository: digest.to_owned(), of_origin: format!("any {digest}") };
    Claim { scope: scope(key), recipe }
}

impl Scene {
    fn new(settings: Settings) -> Self {
        Self::scrubbed(settings, None)
    }

    fn scrubbed(settings: Settings, scrubbing: Option<Scrubbing>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(root.path(), settings).unwrap());
        let storage = Storage::new(Arc::clone(&store), Address::new("here"), Limits::default());
        let storage = storage.scrubbed(scrubbing);
        let processors = storage.processors();
        Self { root, store, storage: storage.start(), processors }
    }

    /// One with the first revision in store.
    async fn stocked() -> (Self, Artifact) {
        let scene = Self::new(Settings::default());
        let artifact = scene.publish(&app(), FIRST).await.unwrap().artifact;
        (scene, artifact)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    async fn publish(&self, key: &Key, digest: &str) -> Result<Published, Failure> {
        self.publish_in(scope(key), digest, turn().0).await
    }

    async fn publish_in(&self, scope: Scope, digest: &str, turn: Turn) -> Result<Published, Failure> {
        let Claimed::Build(ticket) = self.storage.send(claim(&scope.key, digest)).await.unwrap()? else {
            panic!("somebody else builds it");
        };
        let making = Making {
            operation: Operation::Copy,
            ignore: None,
            chart: false,
            url: "oci://ghcr.io/example/app".to_owned(),
            platform: None,
            generation: 1,
            fields: BTreeSet::new(),
        };
        let content = Fetched::Memory(Bytes::from_static(b"content"));
        let supply = Supply::Content { ticket, content, turn: Some(Box::new(turn)) };
        let (revision, metadata) = (digest.to_owned(), [].into());
        let publish = Publish { scope, supply, revision, metadata, making };
        self.storage.send(publish).await.unwrap()
    }

    async fn inspect(&self, artifact: &Artifact) -> Result<Inspected, Failure> {
        let recorded = Some(artifact.clone());
        let scope = scope(&app());
        self.storage.send(Inspect { scope, recorded, shown: None, using: None }).await.unwrap()
    }

    /// Looks at the object as an attempt of this generation does, which uses these fields of ours.
    async fn inspect_using(&self, generation: i64, fields: &[&str]) -> (i64, BTreeSet<String>) {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        let (scope, using) = (scope(&app()), Some((generation, fields)));
        let inspect = Inspect { scope, recorded: None, shown: None, using };
        let inspected = self.storage.send(inspect).await.unwrap().unwrap();
        (inspected.generation, inspected.fields)
    }

    async fn holds(&self, artifact: &Artifact) {
        assert_eq!(self.inspect(artifact).await.unwrap().stock, Stock::Present);
        assert_eq!(std::fs::read(self.path(&artifact.path)).unwrap(), b"content");
    }

    /// Puts a link that leads to itself in the place of the namespace's folder: nothing below it can be reached.
    fn lose_the_namespace(&self) -> PathBuf {
        let (folder, aside) = (self.path("ocirepository/team"), self.path("aside"));
        std::fs::rename(&folder, aside).unwrap();
        symlink("team", &folder).unwrap();
        folder
    }

    fn find_the_namespace(&self, folder: &PathBuf) {
        std::fs::remove_file(folder).unwrap();
        std::fs::rename(self.path("aside"), folder).unwrap();
    }
}

/// The failure is one of the storage, is tried again, and begins and ends like this.
fn is_told<T>(told: Result<T, Failure>, reason: Reason, head: &str, tail: &str) {
    let failure = told.err().expect("the disk refuses");
    assert_eq!((failure.condition, failure.reason), (Some(ConditionKind::StorageOperationFailed), reason));
    assert_eq!(failure.disposition, Disposition::Retry { not_before: None });
    assert!(failure.message.starts_with(head) && failure.message.contains(tail), "{}", failure.message);
}

#[actix::test]
async fn a_folder_that_cannot_be_made_is_named_and_another_object_keeps_its_artifact() {
    let (scene, artifact) = Scene::stocked().await;
    std::fs::write(scene.path("ocirepository/other"), b"a file").unwrap();

    let told = scene.publish(&Key::new("other", "app"), SECOND).await;

    let head = "failed to create artifact directory: ";
    is_told(told, Reason::DirectoryCreationFailed, head, "ocirepository/other");
    scene.holds(&artifact).await;
}

#[actix::test]
async fn a_file_that_cannot_be_looked_at_is_neither_missing_nor_damaged() {
    let (scene, artifact) = Scene::stocked().await;
    let folder = scene.lose_the_namespace();

    let told = scene.inspect(&artifact).await;

    let head = format!("failed to stat '{}': ", artifact.path);
    is_told(told, Reason::StatOperationFailed, &head, "Too many levels of symbolic links");
    scene.find_the_namespace(&folder);
    scene.holds(&artifact).await;
}

#[actix::test]
async fn a_file_that_cannot_get_its_name_leaves_the_one_before() {
    let (scene, artifact) = Scene::stocked().await;
    let taken = format!("ocirepository/team/app/{SECOND}.tar.gz");
    std::fs::create_dir(scene.path(&taken)).unwrap();

    let told = scene.publish(&app(), SECOND).await;

    let head = format!("unable to copy artifact to storage: failed to publish '{taken}': ");
    is_told(told, Reason::ArchiveOperationFailed, &head, "directory");
    scene.holds(&artifact).await;
}

#[actix::test]
async fn a_file_that_cannot_be_written_leaves_the_one_before() {
    let (scene, artifact) = Scene::stocked().await;
    std::fs::remove_dir_all(scene.path(".sluice/archives")).unwrap();
    std::fs::write(scene.path(".sluice/archives"), b"a file").unwrap();

    let told = scene.publish(&app(), SECOND).await;

    let head =
        format!("unable to copy artifact to storage: failed to create 'ocirepository/team/app/{SECOND}");
    is_told(told, Reason::ArchiveOperationFailed, &head, "Not a directory");
    scene.holds(&artifact).await;
}

#[actix::test]
async fn a_layer_that_is_larger_than_the_room_is_refused_before_it_is_asked_for() {
    let scene = Scene::new(Settings { reserve_percent: 100, ..Settings::default() });
    let fetcher = Fetcher::new(Arc::clone(&scene.store), None).start();
    let layer = json!({"digest": FIRST, "size": 2 << 20});
    let fetch = Fetch {
        scope: scope(&app()),
        line: line(),
        url: "oci://127.0.0.1:1/app".to_owned(),
        repository: reference::Repository::parse_url("oci://127.0.0.1:1/app").unwrap(),
        layer: serde_json::from_value(layer).unwrap(),
        operation: Operation::Extract,
        elsewhere: None,
    };

    let told = fetcher.send(fetch).await.unwrap();

    let head =
        "unable to archive artifact to storage: not enough disk space: 2097152 bytes are needed, 0 are";
    is_told(told, Reason::ArchiveOperationFailed, head, "available beyond the reserve");
}

#[actix::test]
async fn what_an_object_used_is_remembered_of_the_generation_that_was_looked_at_last() {
    let scene = Scene::new(Settings::default());
    let branch = || BTreeSet::from(["ref.branch".to_owned()]);
    assert_eq!(scene.inspect_using(1, &["ref.branch"]).await, (0, BTreeSet::new()));

    assert_eq!(scene.inspect_using(1, &[]).await, (1, branch()), "it has vanished: nothing forgets it");
    assert_eq!(scene.inspect_using(1, &[]).await, (1, branch()));
    assert_eq!(
        scene.inspect_using(3, &["ref.branch"]).await,
        (1, branch()),
        "of a pass without a new artifact, too"
    );
    assert_eq!(scene.inspect_using(3, &[]).await, (3, branch()));
    assert_eq!(scene.inspect_using(4, &[]).await, (3, branch()), "its owner took it out");
    assert_eq!(scene.inspect_using(4, &[]).await, (4, BTreeSet::new()));
}

#[actix::test]
async fn what_is_published_is_remembered_of_its_object() {
    let (scene, artifact) = Scene::stocked().await;

    assert_eq!(scene.inspect(&artifact).await.unwrap().generation, 1);
}

#[actix::test]
async fn a_name_that_leads_out_of_the_storage_is_refused() {
    let scene = Scene::new(Settings::default());

    let told = scene.publish(&Key::new("..", "app"), FIRST).await;

    is_told(told, Reason::InvalidPath, "'..' is no name for a stored file", "");
}

#[actix::test]
async fn files_of_a_deleted_object_that_cannot_be_removed_are_told_and_can_be_removed_later() {
    let (scene, _) = Scene::stocked().await;
    let folder = scene.lose_the_namespace();

    let failure = scene.storage.send(Purge { key: app() }).await.unwrap().unwrap_err();

    assert_eq!((failure.condition, failure.reason), (None, Reason::GarbageCollectionFailed));
    assert_eq!(failure.disposition, Disposition::Retry { not_before: None });
    let head = "garbage collection for deleted resource failed: failed to remove directory 'ocirepository/team/app': ";
    assert!(failure.message.starts_with(head), "{}", failure.message);
    scene.find_the_namespace(&folder);
    assert!(scene.storage.send(Purge { key: app() }).await.unwrap().unwrap());
    assert!(!folder.join("app").exists());
}
