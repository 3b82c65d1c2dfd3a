//! The scrub of Storage: when it reads, at which pace, and who is told.

use std::fs::{FileTimes, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix::Recipient;
use artifact::store::Settings;
use sluice_actors::Key;
use sluice_actors::storage::{ArtifactDamaged, Scrubbing};
use sluice_actors::testing::Probe;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::{FIRST, SECOND, Scene, app};

const DAY: Duration = Duration::from_hours(24);

/// A scene whose Storage scrubs once a day, who is told of damage, and when it started.
struct Scrubbed {
    scene: Scene,
    found: UnboundedReceiver<ArtifactDamaged>,
    started: Instant,
    _told: Recipient<ArtifactDamaged>,
}

impl Scrubbed {
    fn new() -> Self {
        tokio::time::pause();
        let (told, found) = Probe::start_with(|_: &ArtifactDamaged| async {});
        let scrubbing = Scrubbing { every: DAY, found: told.downgrade() };
        let scene = Scene::scrubbed(Settings::default(), Some(scrubbing));
        Self { scene, found, started: Instant::now(), _told: told }
    }

    /// Publishes for an object and spoils what is stored so that only hashing can tell.
    async fn spoiled(&self, key: &Key, digest: &str) {
        let artifact = self.scene.publish(key, digest).await.unwrap().artifact;
        spoil(&self.scene.path(&artifact.path));
    }

    /// Whose artifact is told of next, and how long after the start.
    async fn next(&mut self) -> (Key, Duration) {
        let damaged = tokio::time::timeout(3 * DAY, self.found.recv()).await;
        let damaged = damaged.expect("it is told of in the next walk").unwrap();
        (damaged.key, self.started.elapsed())
    }
}

fn spoil(file: &Path) {
    let before = file.metadata().unwrap().modified().unwrap();
    let mut file = OpenOptions::new().write(true).open(file).unwrap();
    file.write_all(b"X").unwrap();
    file.set_times(FileTimes::new().set_modified(before)).unwrap();
}

#[actix::test]
async fn each_walk_begins_an_interval_after_the_one_before() {
    let mut scrubbed = Scrubbed::new();
    scrubbed.spoiled(&app(), FIRST).await;

    let (key, after) = scrubbed.next().await;
    assert_eq!(key, app());
    assert!(after >= DAY && after < DAY + Duration::from_secs(1), "{after:?}");

    tokio::time::sleep(Duration::from_mins(1)).await;
    scrubbed.spoiled(&app(), SECOND).await;
    let (_, after) = scrubbed.next().await;
    assert!(after >= 2 * DAY && after < 2 * DAY + Duration::from_secs(1), "{after:?}");
}

#[actix::test]
async fn every_object_of_a_damaged_file_is_told_of() {
    let mut scrubbed = Scrubbed::new();
    let store = Arc::clone(&scrubbed.scene.store);
    let artifact = scrubbed.scene.publish(&app(), FIRST).await.unwrap().artifact;
    let digest = artifact::digest::Digest::parse(&artifact.digest).unwrap();
    let archive = store.private_link(&artifact.path, &digest).unwrap();
    let other = artifact::store::Key::new("other", "app").unwrap();
    store.publish_link(&other, SECOND, &archive, || true).unwrap();
    spoil(&scrubbed.scene.path(&artifact.path));

    let told = [scrubbed.next().await.0, scrubbed.next().await.0];

    assert_eq!(told, [Key::new("other", "app"), app()]);
}

#[actix::test]
async fn a_large_file_is_read_at_no_more_than_four_mebibytes_a_second() {
    let mut scrubbed = Scrubbed::new();
    let write = |out: &mut dyn std::io::Write| {
        let bytes = vec![7; 9 << 20];
        out.write_all(&bytes)?;
        let digest = artifact::digest::Algorithm::Sha256.digest_of(&bytes[..])?;
        Ok::<_, std::io::Error>((digest, bytes.len() as u64))
    };
    let key = artifact::store::Key::new("team", "app").unwrap();
    let published = scrubbed.scene.store.publish(&key, FIRST, write, || true).unwrap();
    spoil(&scrubbed.scene.path(&published.path));

    let (_, after) = scrubbed.next().await;

    let reading = after.checked_sub(DAY).unwrap();
    assert!(reading >= Duration::from_millis(2250) && reading < Duration::from_secs(3), "{reading:?}");
}
