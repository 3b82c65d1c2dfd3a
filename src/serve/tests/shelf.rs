//! A store with one artifact, and the file server before it.

use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use artifact::store::{Settings, Store};
use sluice_actors::{Key, Known};
use tempfile::TempDir;

use super::client::{Answer, ask};
use crate::metrics::BytesServed;
use crate::serve::artifacts::artifacts;
use crate::serve::listening::{Limits, Running};

pub(super) const DIRECTORY: &str = "/ocirepository/apps/app";
pub(super) const ARTIFACT: &str = "/ocirepository/apps/app/sha256:ab12.tar.gz";
pub(super) const LATEST: &str = "/ocirepository/apps/app/latest.tar.gz";
pub(super) const MODIFIED: &str = "Fri, 13 Feb 2009 23:31:30 GMT";
pub(super) const LENGTH: usize = 200_000;

pub(super) struct Shelf {
    root: TempDir,
    pub(super) known: Arc<Known>,
    pub(super) bytes: BytesServed,
    pub(super) server: SocketAddr,
    running: Running,
}

impl Shelf {
    pub(super) fn open() -> Self {
        Self::limited(Limits::default())
    }

    pub(super) fn limited(limits: Limits) -> Self {
        let shelf = Self::make(limits);
        shelf.known.complete();
        shelf
    }

    /// As it is before the first list of objects is complete.
    pub(super) fn unlisted() -> Self {
        Self::make(Limits::default())
    }

    fn make(limits: Limits) -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(root.path(), Settings::default()).unwrap());
        let known = Arc::new(Known::default());
        let bytes = BytesServed::new().unwrap();
        let listening = artifacts("127.0.0.1:0", limits, &store, &known, &bytes).unwrap();
        let server = listening.address;
        let shelf = Self { root, known, bytes, server, running: listening.start() };
        shelf.put(ARTIFACT, &content());
        symlink(shelf.path(ARTIFACT), shelf.path(LATEST)).unwrap();
        shelf
    }

    pub(super) fn put(&self, path: &str, content: &[u8]) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        let modified = UNIX_EPOCH + Duration::from_millis(1_234_567_890_500);
        std::fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    pub(super) fn record(&self, path: &str) {
        self.known.note(&Key::new("apps", "app"), Some(path));
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[]).await
    }

    pub(super) async fn ask(&self, request: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.server, request, headers).await
    }

    pub(super) async fn stop(&self) {
        self.running.stop().await;
    }
}

/// Several chunks, no two alike.
pub(super) fn content() -> Vec<u8> {
    (0..u32::try_from(LENGTH).unwrap() / 4).flat_map(u32::to_le_bytes).collect()
}
