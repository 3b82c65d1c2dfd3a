//! The store over directories of its own, with a clock, a disk and links that a test sets.

mod inspect;
mod known;
mod link;
mod locks;
mod names;
mod open;
mod publish;
mod purge;
mod records;
mod repair;
mod retention;
mod room;
mod scrub;
mod serve;

use std::convert::Infallible;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::host::Host;
use super::{Key, Published, Recorded, Settings, Store};
use crate::digest::{Algorithm, Digest};
use crate::disk::{self, Space};

/// A machine whose answers are set by the test.
struct Scripted {
    now: Mutex<SystemTime>,
    space: Mutex<Space>,
    no_link: Mutex<Option<io::ErrorKind>>,
}

impl Host for Arc<Scripted> {
    fn now(&self) -> SystemTime {
        *self.now.lock().unwrap()
    }

    fn space(&self, _: &Path) -> io::Result<Space> {
        Ok(*self.space.lock().unwrap())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        match *self.no_link.lock().unwrap() {
            Some(kind) => Err(kind.into()),
            None => disk::hard_link(from, to),
        }
    }
}

/// A store in a directory that goes with it.
struct Fixture {
    directory: TempDir,
    host: Arc<Scripted>,
    store: Store,
}

fn scripted() -> Arc<Scripted> {
    Arc::new(Scripted {
        now: Mutex::new(UNIX_EPOCH + Duration::from_secs(1_000_000)),
        space: Mutex::new(Space { free: 1 << 30, total: 1 << 30 }),
        no_link: Mutex::new(None),
    })
}

impl Fixture {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let host = scripted();
        let store = Store::open_on(directory.path(), settings, Box::new(host.clone())).unwrap();
        Self { directory, host, store }
    }

    /// The same root, opened by what would be the next process.
    fn reopened(self) -> Self {
        let Self { directory, host, store } = self;
        drop(store);
        let store = Store::open_on(directory.path(), Settings::default(), Box::new(host.clone())).unwrap();
        Self { directory, host, store }
    }

    fn passes(&self, time: Duration) {
        *self.host.now.lock().unwrap() += time;
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    fn names(&self, relative: &str) -> Vec<String> {
        disk::names(&self.path(relative)).unwrap()
    }

    fn inode(&self, relative: &str) -> (u64, u64) {
        disk::look(&self.path(relative)).unwrap().unwrap().identity.inode
    }

    /// Publishes a text under a file name made of a letter.
    fn publish(&self, key: &Key, revision: char, text: &str) -> Published {
        let published = self.store.publish(key, &digest_name(revision), writes(text), || true).unwrap();
        let record = self.store.record(key).unwrap_or_default();
        self.store.record_published(key, &published, record).unwrap();
        published
    }
}

fn key(name: &str) -> Key {
    Key::new("team", name).unwrap()
}

/// The digest part of a revision whose hash is all one digit.
fn digest_name(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

fn digest_of(text: &str) -> Digest {
    Algorithm::Sha256.digest_of(text.as_bytes()).unwrap()
}

fn writes(text: &str) -> impl FnOnce(&mut dyn Write) -> Result<(Digest, u64), Infallible> {
    move |writer| {
        writer.write_all(text.as_bytes()).unwrap();
        Ok((digest_of(text), text.len() as u64))
    }
}

fn recorded(published: &Published) -> Recorded {
    Recorded { path: published.path.clone(), digest: published.digest.to_string(), shown: None }
}
