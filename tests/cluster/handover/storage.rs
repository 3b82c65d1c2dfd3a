//! A storage root as source-controller leaves it, and its file server.

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::fixture::folder;
use crate::support::files::below;

/// Long enough ago for retention, if it went by this.
const AGE: Duration = Duration::from_hours(24);

/// What a revision before the current one has left.
pub(super) const FORMER: &str =
    "sha256:d2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26.tar.gz";

/// Stores an artifact at its path, with its lock and the link to it.
pub(super) fn store(root: &Path, path: &str, content: &[u8]) {
    write(&root.join(path), content);
    write(&root.join(format!("{path}.lock")), b"");
    let link = root.join(path).with_file_name("latest.tar.gz");
    symlink(root.join(path), link).unwrap();
}

/// Leaves a superseded file with this content beside an artifact.
pub(super) fn supersede(root: &Path, path: &str, content: &[u8]) {
    let former = root.join(path).with_file_name(FORMER);
    write(&former, content);
    write(&former.with_added_extension("lock"), b"");
}

/// Stores the files of other kinds; returns their paths and contents.
pub(super) fn store_others(root: &Path) -> Vec<(String, Vec<u8>)> {
    let source = folder("storage");
    let mut stored = Vec::new();
    for file in below(&source) {
        let path = file.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read(&file).unwrap();
        write(&root.join(&path), &content);
        let link = Path::new(&path).with_file_name("latest.tar.gz");
        symlink(root.join(&path), root.join(&link)).unwrap();
        stored.push((link.to_str().unwrap().to_owned(), content.clone()));
        stored.push((path, content));
    }
    stored
}

/// Every entry below the root but what is Sluice's own: path, and for a file its inode, time and size.
pub(super) fn entries(root: &Path) -> Vec<String> {
    use std::os::unix::fs::MetadataExt as _;
    let described = |path: &PathBuf| {
        let seen = path.metadata().unwrap();
        format!("{} {} {:?} {}", path.display(), seen.ino(), seen.modified().unwrap(), seen.len())
    };
    let files = below(root);
    files.iter().filter(|path| !path.starts_with(root.join(".sluice"))).map(described).collect()
}

fn write(path: &Path, content: &[u8]) {
    let directory = path.parent().unwrap();
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).unwrap();
    let mut options = std::fs::File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, content).unwrap();
    file.set_modified(SystemTime::now() - AGE).unwrap();
}

/// The file server of source-controller, as far as consumers ask it.
pub(super) struct Shelf {
    serving: JoinHandle<()>,
}

impl Shelf {
    /// Serves this root at this address.
    pub(super) async fn open(address: &str, root: PathBuf) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        Self { serving: tokio::spawn(serve(listener, root)) }
    }

    /// Gives the address free.
    pub(super) async fn close(self) {
        self.serving.abort();
        let _ = self.serving.await;
    }
}

async fn serve(listener: TcpListener, root: PathBuf) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        let root = root.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let file = root.join(request.uri().path().trim_start_matches('/'));
            async move { answer(&file) }
        });
        let serve =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service);
        // A connection that fails is its client's business.
        connections.spawn(async move { drop(serve.await) });
    }
}

fn answer(file: &Path) -> Result<Response<Full<Bytes>>, hyper::http::Error> {
    match std::fs::read(file) {
        Ok(content) => Response::builder().body(Full::new(content.into())),
        Err(_) => Response::builder().status(404).body(Full::default()),
    }
}
