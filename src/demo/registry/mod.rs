//! A registry in memory on loopback: as much of the distribution API as pushing and pulling takes.

mod shelves;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::json;

pub(super) use shelves::digest;
use shelves::{Manifest, Shelves};

/// The samples have a few KiB.
const LARGEST_BODY: usize = 16 << 20;

/// The registry, as long as it answers.
pub(super) struct Registry {
    pub(super) address: SocketAddr,
    handle: ServerHandle,
}

struct Desk {
    shelves: Mutex<Shelves>,
    /// The `Authorization` that every request must have, if any.
    password: Option<String>,
}

impl Registry {
    /// Answers on this listener, to requests with this `Authorization` where one is given.
    pub(super) fn open(listener: TcpListener, password: Option<String>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let desk = Data::new(Desk { shelves: Mutex::default(), password });
        let app = move || {
            App::new()
                .app_data(Data::clone(&desk))
                .app_data(PayloadConfig::new(LARGEST_BODY))
                .default_service(web::to(answer))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, handle })
    }

    /// Answers no more.
    pub(super) async fn close(self) {
        self.handle.stop(false).await;
    }
}

async fn answer(request: HttpRequest, body: Bytes, desk: Data<Desk>) -> HttpResponse {
    if desk.password.is_some() && desk.password.as_deref() != header(&request, &header::AUTHORIZATION) {
        return HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"demo\""))
            .json(problem("UNAUTHORIZED"));
    }
    let Some(path) = request.path().strip_prefix("/v2/") else {
        return missing("UNSUPPORTED");
    };
    let parts: Vec<&str> = path.rsplitn(3, '/').collect();
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match parts[..] {
        [""] if reading => HttpResponse::Ok().json(json!({})),
        [reference, "manifests", repository] if reading => read_manifest(&desk, repository, reference),
        [reference, "manifests", repository] if request.method() == Method::PUT => {
            let media_type = header(&request, &header::CONTENT_TYPE)
                .unwrap_or("application/vnd.oci.image.manifest.v1+json");
            let digest = desk.shelves().put_manifest(repository, reference, media_type, body);
            created(&format!("/v2/{repository}/manifests/{digest}"))
        }
        [digest, "blobs", _] if reading => match desk.shelves().blob(digest) {
            Some(bytes) => HttpResponse::Ok().content_type("application/octet-stream").body(bytes),
            None => missing("BLOB_UNKNOWN"),
        },
        ["list", "tags", repository] if reading => match desk.shelves().tags(repository) {
            Some(tags) => HttpResponse::Ok().json(json!({ "name": repository, "tags": tags })),
            None => missing("NAME_UNKNOWN"),
        },
        ["", "uploads", repository] if request.method() == Method::POST => {
            let location = format!("/v2/{repository}/monolithic");
            HttpResponse::Accepted().insert_header((header::LOCATION, location)).finish()
        }
        ["monolithic", ..] if request.method() == Method::PUT => take_blob(&desk, &request, body),
        _ => missing("UNSUPPORTED"),
    }
}

fn read_manifest(desk: &Desk, repository: &str, reference: &str) -> HttpResponse {
    let Some(Manifest { digest, media_type, bytes }) = desk.shelves().manifest(repository, reference) else {
        return missing("MANIFEST_UNKNOWN");
    };
    HttpResponse::Ok().insert_header(("Docker-Content-Digest", digest)).content_type(media_type).body(bytes)
}

fn take_blob(desk: &Desk, request: &HttpRequest, body: Bytes) -> HttpResponse {
    let query = request.uri().query().unwrap_or_default();
    let digest = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "digest");
    let Some((_, digest)) = digest.filter(|(_, digest)| desk.shelves().put_blob(digest, body)) else {
        return HttpResponse::BadRequest().json(problem("DIGEST_INVALID"));
    };
    created(&request.path().replace("monolithic", &format!("blobs/{digest}")))
}

impl Desk {
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn header<'a>(request: &'a HttpRequest, name: &header::HeaderName) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn created(location: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::CREATED).insert_header((header::LOCATION, location)).finish()
}

fn missing(code: &str) -> HttpResponse {
    HttpResponse::NotFound().json(problem(code))
}

fn problem(code: &str) -> serde_json::Value {
    json!({ "errors": [{ "code": code, "message": "the demo's registry has no such thing" }] })
}
