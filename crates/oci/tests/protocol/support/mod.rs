//! A registry whose answers a test scripts, and what else the tests share.

mod registry;
mod reply;

pub(crate) use registry::{Registry, Seen};
pub(crate) use reply::{End, Reply};

use std::sync::mpsc;

use oci::{Client, Credential, Origin, Settings};
use reference::Digest;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

/// Settings that do not look at the environment of the test.
pub(crate) fn settings() -> Settings {
    Settings { environment_proxies: false, manifest_max_bytes: 1 << 20, ..Settings::default() }
}

pub(crate) fn client(registry: &Registry) -> Client {
    Client::new(&Origin::new(registry.host()), &settings()).unwrap()
}

pub(crate) fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic { username: username.to_owned(), password: password.to_owned() }
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest::sha256_from_bytes(Sha256::digest(bytes).into())
}

/// A bearer challenge of this very registry.
pub(crate) fn bearer_challenge(seen: &Seen) -> Reply {
    let realm = format!(r#"Bearer realm="http://{}/token",service="example""#, seen.header("host"));
    Reply::error(401, "UNAUTHORIZED", "authentication required").header("WWW-Authenticate", &realm)
}

/// A manifest with its digest in the header, as registries send it.
pub(crate) fn manifest(bytes: &[u8]) -> Reply {
    Reply::ok(bytes)
        .header("Content-Type", "application/vnd.oci.image.manifest.v1+json; charset=utf-8")
        .header("Docker-Content-Digest", &digest(bytes).to_string())
}

/// How the failure of a transfer reads that brings too little.
pub(crate) const TRICKLE: &str = ": less than 16384 bytes per second received for 60s";

/// Keeps a paused clock where it is, though sockets are waited for: only a script moves it.
pub(crate) struct StoppedClock {
    _ends: mpsc::Sender<()>,
}

impl StoppedClock {
    pub(crate) fn new() -> Self {
        let (ends, ended) = mpsc::channel::<()>();
        // Paused time does not move by itself while blocking work runs.
        tokio::task::spawn_blocking(move || ended.recv());
        Self { _ends: ends }
    }
}

/// A port that nobody listens on.
pub(crate) async fn closed_port() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}
