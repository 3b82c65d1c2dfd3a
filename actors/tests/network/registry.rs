//! A registry that answers when the test lets it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oci::{Client, Credential, Origin};
use reference::Repository;
use sluice_actors::registry::Line;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const TAGS: &str = r#"{"name":"app","tags":["1.0.0","1.2.0","2.0.0","2.1.0-rc.1"]}"#;
/// Everything is on loopback; what never comes ends its test here.
const LIMIT: Duration = Duration::from_secs(30);
/// The only layer that it may have.
pub(crate) const LAYER: &str = "content";

/// A registry with one repository.
pub(crate) struct Registry {
    host: String,
    desk: Arc<Desk>,
}

struct Desk {
    has_layer: bool,
    permits: Semaphore,
    arrived: Semaphore,
    seen: Mutex<Vec<String>>,
    quota: Mutex<Option<u64>>,
}

impl Registry {
    /// Every answer but that to a ping takes a permit, of which there is none.
    pub(crate) async fn held() -> Self {
        Self::start(0, false).await
    }

    /// It answers at once, and has the layer or not.
    pub(crate) async fn of_layer(has_layer: bool) -> Self {
        Self::start(Semaphore::MAX_PERMITS, has_layer).await
    }

    async fn start(permits: usize, has_layer: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (permits, arrived) = (Semaphore::new(permits), Semaphore::new(0));
        let desk =
            Arc::new(Desk { has_layer, permits, arrived, seen: Mutex::default(), quota: Mutex::default() });
        let shared = Arc::clone(&desk);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let desk = Arc::clone(&shared);
                tokio::spawn(async move { desk.serve(connection).await });
            }
        });
        Self { host, desk }
    }

    /// Lets so many answers go.
    pub(crate) fn permit(&self, answers: usize) {
        self.desk.permits.add_permits(answers);
    }

    /// Waits until so many more requests have come.
    pub(crate) async fn arrived(&self, count: u32) {
        let arrived = self.desk.arrived.acquire_many(count);
        let arrived = tokio::time::timeout(LIMIT, arrived).await;
        arrived.expect("as many requests as expected go out").unwrap().forget();
    }

    /// It says from now on that so many requests are left.
    pub(crate) fn meter(&self, remaining: u64) {
        *self.desk.quota.lock().unwrap() = Some(remaining);
    }

    /// Every request so far, without pings.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.desk.seen.lock().unwrap().clone()
    }

    /// A way to it without a credential.
    pub(crate) fn line(&self) -> Line {
        let origin = self.origin();
        let client = Client::new(&origin, &oci::Settings::default()).unwrap();
        Line::new(client, origin.key(), Arc::new(Credential::Anonymous))
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin { plain_http: true, ..Origin::new(self.host.clone()) }
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::parse_url(&format!("oci://{}/app", self.host)).unwrap()
    }
}

impl Desk {
    async fn serve(&self, mut connection: TcpStream) {
        loop {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = connection.read_u8().await else { return };
                head.push(byte);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let request = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
            if request != "GET /v2/" {
                self.seen.lock().unwrap().push(request.to_owned());
                self.arrived.add_permits(1);
                self.permits.acquire().await.unwrap().forget();
            }
            if connection.write_all(self.answer(request).as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &str) -> String {
        let (status, body) = match request {
            tags if tags.contains("/tags/list") => ("200 OK", TAGS),
            blob if blob.contains("/blobs/") && self.has_layer => ("200 OK", LAYER),
            blob if blob.contains("/blobs/") => ("404 Not Found", ""),
            _ => ("200 OK", ""),
        };
        let quota = self.quota.lock().unwrap().map(|left| format!("RateLimit-Remaining: {left}\r\n"));
        let sent = if request.starts_with("HEAD ") { "" } else { body };
        format!(
            "HTTP/1.1 {status}\r\nDocker-Content-Digest: {DIGEST}\r\nContent-Length: {}\r\n{}\
             Content-Type: application/vnd.oci.image.manifest.v1+json\r\n\r\n{sent}",
            body.len(),
            quota.unwrap_or_default(),
        )
    }
}
