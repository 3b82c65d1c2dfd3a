//! What the tour walks through: a registry, a folder with the examples, and samples for each of them.

use std::net::TcpListener;
use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci::Credential;
use sluice_actors::Key;
use tempfile::TempDir;

use super::examples;
use super::registry::Registry;
use super::samples::Pusher;
use crate::config::Config;
use crate::local::Folder;

/// The first version of the chart, and the one that is pushed later.
pub(super) const VERSIONS: [&str; 2] = ["1.2.3", "1.2.4"];

/// Everything that the tour needs; what is on disk goes with it.
pub(super) struct Stage {
    pub(super) registry: Registry,
    pub(super) folder: Folder,
    pub(super) manifests: PathBuf,
    pub(super) config: Config,
    pub(super) samples: Vec<Sample>,
    pub(super) pusher: Pusher,
    _room: TempDir,
}

/// What is pushed for one of the examples.
pub(super) struct Sample {
    pub(super) key: Key,
    pub(super) repository: String,
    /// The tag of manifests; `None` for a chart.
    pub(super) tag: Option<String>,
    pub(super) interval: String,
}

impl Stage {
    /// Opens the registry, writes the examples and reads them as `sluice run --manifests` does.
    pub(super) async fn set() -> anyhow::Result<Self> {
        let room =
            tempfile::Builder::new().prefix("sluice-demo-").tempdir().context("no temporary folder")?;
        let (manifests, data) = (room.path().join("manifests"), room.path().join("data"));
        fs_err::create_dir(&manifests)?;
        fs_err::create_dir(&data)?;
        let listener = TcpListener::bind("127.0.0.1:0").context("no port on loopback")?;
        let host = listener.local_addr()?.to_string();
        examples::write(&manifests, &host)?;
        let folder = Folder::open(&manifests)?;
        let reader = folder.ends(None).reader;
        let credential = examples::credential(&*reader, &host).await?;
        Ok(Self {
            registry: Registry::open(listener, credential.as_ref().and_then(authorization))?,
            pusher: Pusher::new(&host, credential.as_ref())?,
            samples: samples(&folder, &host)?,
            config: config(&manifests.display().to_string(), &data.display().to_string())?,
            folder,
            manifests,
            _room: room,
        })
    }

    /// Pushes what an example asks for, a chart in this version; what it is called in the registry.
    pub(super) async fn push(&self, sample: &Sample, version: &str) -> anyhow::Result<String> {
        let Sample { repository, tag, .. } = sample;
        match tag {
            Some(tag) => self.pusher.push_manifests(repository, tag).await?,
            None => self.pusher.push_chart(repository, version).await?,
        }
        let tag = tag.as_deref().unwrap_or(version);
        Ok(format!("{}/{repository}:{tag}", self.registry.address))
    }
}

/// An example with a range of versions wants a chart, any other one manifests.
fn samples(folder: &Folder, host: &str) -> anyhow::Result<Vec<Sample>> {
    let objects = folder.objects();
    let sample = |object: &sluice_actors::Object| {
        let spec = object.spec.as_ref().ok()?;
        let reference = spec.reference.clone().unwrap_or_default();
        let tag = reference.tag.or(reference.branch);
        Some(Sample {
            key: object.key.clone(),
            repository: spec.url.strip_prefix("oci://")?.strip_prefix(host)?.trim_matches('/').to_owned(),
            tag: tag.or_else(|| reference.semver.is_none().then(|| "latest".to_owned())),
            interval: spec.interval.clone(),
        })
    };
    let samples: Option<Vec<_>> = objects.iter().map(|object| sample(object)).collect();
    samples.filter(|samples| !samples.is_empty()).context("the examples cannot be used")
}

/// The very configuration of `sluice run --manifests`, on loopback and without the listeners that nobody asks here.
fn config(manifests: &str, data: &str) -> anyhow::Result<Config> {
    // The address is part of what is stored, so the port must be known before the server has it.
    let storage = TcpListener::bind("127.0.0.1:0")
        .and_then(|port| port.local_addr())
        .context("no port on loopback")?
        .to_string();
    Config::of_flags(&[
        ("--manifests", manifests),
        ("--storage-path", data),
        ("--storage-addr", &storage),
        ("--storage-adv-addr", &storage),
        ("--metrics-addr", "0"),
        ("--health-addr", "0"),
        ("--events-addr", ""),
    ])
}

fn authorization(credential: &Credential) -> Option<String> {
    match credential {
        Credential::Basic { username, password } => {
            Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
        }
        Credential::Anonymous | Credential::IdentityToken { .. } | Credential::RegistryToken(_) => None,
    }
}
