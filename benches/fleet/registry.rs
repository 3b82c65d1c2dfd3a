//! A registry in memory on loopback that counts what it is asked and what it gives.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use artifact::digest::Algorithm;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";
const LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";

/// The registry, as long as it answers.
pub(crate) struct Registry {
    pub(crate) address: SocketAddr,
    shelf: Data<Shelf>,
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

/// What it holds: by number, the image that `latest` names in each repository.
struct Shelf {
    images: RwLock<Vec<Image>>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

struct Image {
    version: u32,
    manifest: Bytes,
    digest: String,
    layer: Bytes,
    layer_digest: String,
}

impl Registry {
    /// So many repositories, `app-0` and on, each with an image of its own under `latest`. It answers from a thread of its
    /// own, so that it outlives operators.
    pub(crate) fn open(count: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let images = (0..count).map(|number| Image::new(number, 1)).collect();
        let shelf = Data::new(Shelf {
            images: RwLock::new(images),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        });
        let shown = shelf.clone();
        let app = move || App::new().app_data(shown.clone()).default_service(web::to(answer));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        let thread = std::thread::spawn(move || actix_web::rt::System::new().block_on(server));
        Ok(Self { address, shelf, handle, thread })
    }

    /// How many repositories there are.
    pub(crate) fn count(&self) -> usize {
        self.shelf.images.read().expect("nobody panics with it").len()
    }

    /// The digest that `latest` names in the repository of this number.
    pub(crate) fn newest(&self, number: usize) -> String {
        self.shelf.images.read().expect("nobody panics with it")[number].digest.clone()
    }

    /// New content in the repository of this number.
    pub(crate) fn push(&self, number: usize) {
        let version = self.shelf.images.read().expect("nobody panics with it")[number].version + 1;
        let image = Image::new(number, version);
        self.shelf.images.write().expect("nobody panics with it")[number] = image;
    }

    /// New content in every repository.
    pub(crate) fn push_all(&self) {
        (0..self.count()).for_each(|number| self.push(number));
    }

    /// Requests answered so far, and bytes of the bodies of the answers.
    pub(crate) fn counted(&self) -> (u64, u64) {
        (self.shelf.requests.load(Ordering::Relaxed), self.shelf.bytes.load(Ordering::Relaxed))
    }

    /// Answers no more.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        futures::executor::block_on(self.handle.stop(false));
        self.thread.join().map_err(|_| anyhow::anyhow!("the registry has panicked"))??;
        Ok(())
    }
}

impl Image {
    fn new(number: usize, version: u32) -> Self {
        let layer = layer(number, version);
        let (config, layer_digest) = (digest(b"{}"), digest(&layer));
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": config, "size": 2 },
            "layers": [{ "mediaType": LAYER, "digest": layer_digest, "size": layer.len() }],
        });
        let manifest = Bytes::from(manifest.to_string());
        Self { version, digest: digest(&manifest), manifest, layer, layer_digest }
    }
}

/// The manifest of one application, of about a KiB.
fn layer(number: usize, version: u32) -> Bytes {
    let text = format!("# application {number}\nversion: {version}\n").repeat(32);
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "app.yaml", text.as_bytes()).expect("memory takes everything");
    let gzip = tar.into_inner().expect("memory takes everything");
    gzip.finish().expect("memory takes everything").into()
}

fn digest(bytes: &[u8]) -> String {
    Algorithm::Sha256.digest_of(bytes).expect("memory can be read").to_string()
}

async fn answer(request: HttpRequest, shelf: Data<Shelf>) -> HttpResponse {
    shelf.requests.fetch_add(1, Ordering::Relaxed);
    let parts: Vec<&str> = request.path().trim_start_matches("/v2/").split('/').collect();
    let [repository, kind, reference] = parts[..] else {
        return HttpResponse::Ok().finish();
    };
    let number = repository.strip_prefix("app-").and_then(|number| number.parse::<usize>().ok());
    let images = shelf.images.read().expect("nobody panics with it");
    let Some(image) = number.and_then(|number| images.get(number)) else {
        return HttpResponse::NotFound().finish();
    };
    let (media_type, bytes) = match kind {
        "manifests" if reference == "latest" || reference == image.digest => (MANIFEST, &image.manifest),
        "blobs" if reference == image.layer_digest => ("application/octet-stream", &image.layer),
        _ => return HttpResponse::NotFound().finish(),
    };
    if request.method() == actix_web::http::Method::GET {
        shelf.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }
    let mut response = HttpResponse::Ok();
    if kind == "manifests" {
        response.insert_header(("Docker-Content-Digest", image.digest.as_str()));
    }
    response.content_type(media_type).body(bytes.clone())
}
