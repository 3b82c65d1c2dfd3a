//! A registry that answers when the test lets it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifact::digest::Algorithm;
use oci::{Client, Credential, Origin};
use reference::Repository;
use serde_json::json;
use sluice_actors::registry::Line;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

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
    guard: Option<&'static str>,
    permits: Semaphore,
    arrived: Semaphore,
    seen: Mutex<Vec<String>>,
    quota: Mutex<Option<u64>>,
}

impl Registry {
    /// Every answer but that to a ping takes a permit, of which there is none.
    pub(crate) async fn held() -> Self {
        Self::start(0, false, None).await
    }

    /// The same, with the layer, for the user `team` with the password `right`; whoever else asks is refused at once.
    pub(crate) async fn guarded() -> Self {
        Self::start(0, true, Some("Basic dGVhbTpyaWdodA==")).await
    }

    /// It answers at once, and has the layer or not.
    pub(crate) async fn of_layer(has_layer: bool) -> Self {
        Self::start(Semaphore::MAX_PERMITS, has_layer, None).await
    }

    async fn start(permits: usize, has_layer: bool, guard: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (permits, arrived) = (Semaphore::new(permits), Semaphore::new(0));
        let seen = Mutex::default();
        let desk = Arc::new(Desk { has_layer, guard, permits, arrived, seen, quota: Mutex::default() });
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

    /// Every request so far that was not refused, without pings.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.desk.seen.lock().unwrap().clone()
    }

    /// A way to it without a credential.
    pub(crate) fn line(&self) -> Line {
        self.line_of(Credential::Anonymous)
    }

    /// A way to it with a credential.
    pub(crate) fn line_of(&self, credential: Credential) -> Line {
        let origin = self.origin();
        let client = Client::new(&origin, &oci::Settings::default()).unwrap();
        Line::new(client, origin.key(), Arc::new(credential))
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn url(&self) -> String {
        format!("oci://{}/app", self.host)
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin { plain_http: true, ..Origin::new(self.host.clone()) }
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::parse_url(&self.url()).unwrap()
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
            if let Some(refusal) = self.refusal(&head) {
                if connection.write_all(refusal.as_bytes()).await.is_err() {
                    return;
                }
                continue;
            }
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

    fn refusal(&self, head: &str) -> Option<String> {
        let guard = self.guard?;
        let shown = head.lines().filter_map(|line| line.split_once(": "));
        let mut shown = shown.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        match shown.next() {
            Some((_, credential)) if credential == guard => None,
            Some(_) => Some("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_owned()),
            None => Some(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"here\"\r\nContent-Length: 0\r\n\r\n"
                    .to_owned(),
            ),
        }
    }

    fn answer(&self, request: &str) -> String {
        let manifest = manifest();
        let (status, body) = match request {
            tags if tags.contains("/tags/list") => ("200 OK", TAGS),
            blob if blob.contains("/blobs/") && self.has_layer => ("200 OK", LAYER),
            blob if blob.contains("/blobs/") => ("404 Not Found", ""),
            image if image.contains("/manifests/") => ("200 OK", &*manifest),
            _ => ("200 OK", ""),
        };
        let quota = self.quota.lock().unwrap().map(|left| format!("RateLimit-Remaining: {left}\r\n"));
        let sent = if request.starts_with("HEAD ") { "" } else { body };
        format!(
            "HTTP/1.1 {status}\r\nDocker-Content-Digest: {}\r\nContent-Length: {}\r\n{}\
             Content-Type: application/vnd.oci.image.manifest.v1+json\r\n\r\n{sent}",
            sha256(body),
            body.len(),
            quota.unwrap_or_default(),
        )
    }
}

/// The only image that it has.
fn manifest() -> String {
    let descriptor = |kind: &str, content: &str| {
        let media_type = format!("application/vnd.oci.image.{kind}");
        json!({"mediaType": media_type, "digest": sha256(content), "size": content.len()})
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("config.v1+json", "{}"),
        "layers": [descriptor("layer.v1.tar+gzip", LAYER)],
    });
    manifest.to_string()
}

/// The digest of that image.
pub(crate) fn image() -> String {
    sha256(&manifest())
}

fn sha256(content: &str) -> String {
    Algorithm::Sha256.digest_of(content.as_bytes()).unwrap().to_string()
}
