//! A registry that is read, on loopback: open or with a password, plain or with TLS; also a proxy before itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;

use actix_web::dev::ServerHandle;
use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use serde_json::json;

use super::images::Image;

const REPOSITORY: &str = "podinfo";

/// The registry, until it is dropped.
pub(crate) struct Registry {
    address: SocketAddr,
    desk: Data<Desk>,
    handle: ServerHandle,
}

struct Desk {
    /// What lets in.
    password: Option<String>,
    shelves: Mutex<Shelves>,
    /// What was shown to be let in; empty for nothing.
    shown: Mutex<BTreeSet<String>>,
    /// Every request, `METHOD PATH`.
    asked: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Shelves {
    manifests: BTreeMap<String, Bytes>,
    tags: BTreeMap<String, String>,
    blobs: BTreeMap<String, Bytes>,
}

impl Registry {
    /// For everybody.
    pub(crate) fn open() -> Self {
        Self::start(None, None)
    }

    /// For one user.
    pub(crate) fn of(user: &str, password: &str) -> Self {
        Self::start(Some(format!("{user}:{password}")), None)
    }

    /// For everybody who gets through TLS.
    pub(crate) fn secured(tls: ServerConfig) -> Self {
        Self::start(None, Some(tls))
    }

    fn start(password: Option<String>, tls: Option<ServerConfig>) -> Self {
        let (shelves, shown, asked) = (Mutex::default(), Mutex::default(), Mutex::default());
        let desk = Data::new(Desk { password, shelves, shown, asked });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Data::clone(&desk);
        let app = move || App::new().app_data(Data::clone(&shared)).default_service(web::to(answer));
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = match tls {
            Some(tls) => server.listen_rustls_0_23(listener, tls),
            None => server.listen(listener),
        };
        let server = server.unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, desk, handle }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The repository that everything is pushed to.
    pub(crate) fn url(&self) -> String {
        format!("oci://{}/{REPOSITORY}", self.address)
    }

    /// Puts an image there under these tags.
    pub(crate) fn push(&self, image: &Image, tags: &[&str]) {
        let mut shelves = self.desk.shelves.lock().unwrap();
        shelves.manifests.insert(image.digest(), image.manifest.clone().into());
        shelves.blobs.insert(super::images::digest(&image.layer), image.layer.clone().into());
        for tag in tags {
            shelves.tags.insert((*tag).to_owned(), image.digest());
        }
    }

    /// The passwords of all requests so far, `USER:PASSWORD`; empty where a request had none.
    pub(crate) fn shown(&self) -> BTreeSet<String> {
        self.desk.shown.lock().unwrap().clone()
    }

    /// How many requests began like this so far.
    pub(crate) fn asked(&self, beginning: &str) -> usize {
        self.desk.asked.lock().unwrap().iter().filter(|line| line.starts_with(beginning)).count()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn answer(request: HttpRequest, desk: Data<Desk>) -> HttpResponse {
    let shown = shown(&request);
    desk.shown.lock().unwrap().insert(shown.clone());
    desk.asked.lock().unwrap().push(format!("{} {}", request.method(), request.path()));
    if desk.password.as_ref().is_some_and(|password| *password != shown) {
        return HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"example\""))
            .json(problem("UNAUTHORIZED", "authentication required"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().finish();
    }
    let shelves = desk.shelves.lock().unwrap();
    let parts: Vec<&str> = request.path().split('/').collect();
    let found = match parts[..] {
        ["", "v2", ""] => Some(HttpResponse::Ok().json(json!({}))),
        ["", "v2", REPOSITORY, "tags", "list"] => {
            let tags: Vec<&String> = shelves.tags.keys().collect();
            Some(HttpResponse::Ok().json(json!({"name": REPOSITORY, "tags": tags})))
        }
        ["", "v2", REPOSITORY, "manifests", reference] => {
            let digest = shelves.tags.get(reference).map_or(reference, String::as_str);
            shelves.manifests.get(digest).map(|manifest| {
                HttpResponse::Ok()
                    .insert_header(("Docker-Content-Digest", digest))
                    .content_type("application/vnd.oci.image.manifest.v1+json")
                    .body(manifest.clone())
            })
        }
        ["", "v2", REPOSITORY, "blobs", digest] => {
            shelves.blobs.get(digest).map(|blob| HttpResponse::Ok().body(blob.clone()))
        }
        _ => None,
    };
    found.unwrap_or_else(|| HttpResponse::NotFound().json(problem("MANIFEST_UNKNOWN", "manifest unknown")))
}

/// The user and the password of a request.
fn shown(request: &HttpRequest) -> String {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = header.and_then(|value| value.strip_prefix("Basic ")).unwrap_or_default();
    String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap()
}

fn problem(code: &str, message: &str) -> serde_json::Value {
    json!({"errors": [{"code": code, "message": message}]})
}
