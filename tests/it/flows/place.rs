//! A folder of manifests with the operator at work on it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use reconcile::{ConditionKind, Status};
use serde_json::{Value, json};
use sluice::config::{Cli, Command, Config};
use sluice::local::Folder;
use sluice_actors::{Object, translate};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// For anything that a test waits for; everything is on loopback.
const LIMIT: Duration = Duration::from_secs(30);

/// The folder, and the operator until [`Place::leave`].
pub(crate) struct Place {
    folder: Folder,
    room: TempDir,
    stop: CancellationToken,
    operating: JoinHandle<anyhow::Result<()>>,
}

impl Place {
    /// Writes the manifests and starts the operator. To be called on an arbiter.
    pub(crate) fn with(manifests: &[Value]) -> Self {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let room = tempfile::tempdir().unwrap();
        let (files, data) = (room.path().join("manifests"), room.path().join("data"));
        fs_err::create_dir(&files).unwrap();
        fs_err::create_dir(&data).unwrap();
        for manifest in manifests {
            write(&files, manifest);
        }
        let folder = Folder::open(&files).unwrap();
        let (config, stop) = (config(&files, &data), CancellationToken::new());
        let (ends, stopped) = (folder.ends(None), stop.clone());
        let operating =
            tokio::task::spawn_local(async move { sluice::operate(&config, ends, stopped).await });
        Self { folder, room, stop, operating }
    }

    /// Writes a manifest, or writes it anew.
    pub(crate) fn apply(&self, manifest: &Value) {
        write(&self.files(), manifest);
    }

    /// Removes the manifest of the object.
    pub(crate) fn delete(&self, name: &str) {
        fs_err::remove_file(self.files().join(file("OCIRepository", name))).unwrap();
    }

    fn files(&self) -> PathBuf {
        self.room.path().join("manifests")
    }

    /// The stored file of the artifact.
    pub(crate) fn artifact(&self, status: &Status) -> Vec<u8> {
        let path = &status.artifact.as_ref().unwrap().path;
        fs_err::read(self.room.path().join("data").join(path)).unwrap()
    }

    /// What the link of the object leads to.
    pub(crate) fn latest(&self, name: &str) -> Vec<u8> {
        let link = format!("data/ocirepository/default/{name}/latest.tar.gz");
        fs_err::read(self.room.path().join(link)).unwrap()
    }

    /// The object as it is now.
    pub(crate) fn object(&self, name: &str) -> Option<Arc<Object>> {
        self.folder.objects().into_iter().find(|object| &*object.key.name == name)
    }

    /// Waits until what is left of the object is like this.
    pub(crate) async fn until(&self, name: &str, is: impl Fn(Option<&Object>) -> bool) {
        let mut version = self.folder.version();
        let wait = async {
            loop {
                version.borrow_and_update();
                if is(self.object(name).as_deref()) {
                    return;
                }
                version.changed().await.unwrap();
            }
        };
        let in_time = tokio::time::timeout(LIMIT, wait).await;
        assert!(in_time.is_ok(), "in vain for {name}, which is {:#?}", self.object(name));
    }

    /// The status of the object once it is Ready or says why it is not.
    pub(crate) async fn settled(&self, name: &str) -> Status {
        self.until(name, |object| object.is_some_and(is_settled)).await;
        translate::recorded(&self.object(name).unwrap())
    }

    /// Stops the operator and waits for its end.
    pub(crate) async fn leave(self) {
        self.stop.cancel();
        self.operating.await.unwrap().unwrap();
    }
}

fn is_settled(object: &Object) -> bool {
    let lines = lines(&translate::recorded(object));
    let says = |part: &str| lines.iter().any(|line| line.starts_with(part));
    let observed = object.status().0.observed_generation == Some(object.generation);
    (says("Ready=True") && observed) || says("Reconciling=True(ProgressingWithRetry") || says("Stalled=True")
}

impl Place {
    /// Waits until the object has failed for this reason, with this text, and shows nothing else; returns its status.
    pub(crate) async fn failed(&self, name: &str, reason: &str, text: &str) -> Status {
        let status = self.settled(name).await;
        let failed = status.conditions.get(ConditionKind::FetchFailed).unwrap();
        assert!(failed.message.contains(text), "{name}: {}", failed.message);
        let told = format!("({reason}, {})", failed.message);
        let expected = [
            "Reconciling=True(ProgressingWithRetry, building artifact)".to_owned(),
            format!("Ready=False{told}"),
            format!("FetchFailed=True{told}"),
        ];
        assert_eq!(lines(&status), expected, "{name}");
        status
    }
}

/// Every condition on a line: `Ready=True(Succeeded, stored artifact ..)`.
pub(crate) fn lines(status: &Status) -> Vec<String> {
    let ordered = status.conditions.ordered();
    let line = |it: &&reconcile::Condition| {
        format!("{}={:?}({}, {})", it.kind.as_str(), it.truth, it.reason, it.message)
    };
    ordered.iter().map(line).collect()
}

/// The files of an archive.
pub(crate) fn unpacked(archive: &[u8]) -> Vec<(String, String)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let entries = archive.entries().unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.header().entry_type().is_file());
    let read = |mut entry: tar::Entry<'_, _>| {
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (entry.path().unwrap().display().to_string(), text)
    };
    files.map(read).collect()
}

fn file(kind: &str, name: &str) -> String {
    format!("{kind}-{name}.yaml")
}

fn write(files: &Path, manifest: &Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let name = file(&text(&manifest["kind"]), &text(&manifest["metadata"]["name"]));
    fs_err::write(files.join(name), manifest.to_string()).unwrap();
}

fn config(files: &Path, data: &Path) -> Config {
    let flags = [
        format!("--manifests={}", files.display()),
        format!("--storage-path={}", data.display()),
        "--storage-addr=127.0.0.1:0".to_owned(),
        "--storage-adv-addr=storage.example.com".to_owned(),
        "--metrics-addr=0".to_owned(),
        "--health-addr=0".to_owned(),
    ];
    let cli = Cli::try_parse_from(["sluice".to_owned(), "run".to_owned()].into_iter().chain(flags)).unwrap();
    let Command::Run(arguments) = cli.command else { panic!("not run") };
    Config::new(&arguments, &|_| None).unwrap()
}

/// An `OCIRepository` that is polled every hour, with more fields of its spec.
pub(crate) fn repository(name: &str, url: &str, more: &Value) -> Value {
    let mut spec = json!({"url": url, "interval": "60m"});
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    let metadata = json!({"name": name});
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": metadata, "spec": spec})
}

/// A Secret with these texts.
pub(crate) fn secret(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})
}
