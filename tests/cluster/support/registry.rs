//! The registry itself, as a process, and what a test puts there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

use super::ports;
use super::process::Process;
use super::tools::{Keys, Tools};

const START_LIMIT: Duration = Duration::from_secs(30);

/// What `flux push artifact` calls its layers.
const LAYER_TYPE: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";

/// A registry with its blobs on disk: it can be stopped and started again.
pub(crate) struct Registry {
    tools: Tools,
    directory: PathBuf,
    port: u16,
    user: Option<String>,
    notified: Option<Notified>,
    process: Option<Process>,
}

/// Where a registry tells of what happens to it.
#[derive(Clone)]
pub(crate) struct Notified {
    pub(crate) url: String,
    /// `NAME: VALUE`, sent along.
    pub(crate) header: String,
}

impl Registry {
    /// Starts one in this directory, for everybody or for one `NAME:PASSWORD`.
    pub(crate) async fn start(tools: &Tools, directory: &Path, user: Option<&str>) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let mut registry = Self {
            tools: tools.clone(),
            directory: directory.to_owned(),
            port: ports::free(),
            user: user.map(str::to_owned),
            notified: None,
            process: None,
        };
        registry.resume().await;
        registry
    }

    /// From its next start on it tells of what happens to it.
    pub(crate) async fn notify(&mut self, notified: Notified) {
        self.stop();
        self.notified = Some(notified);
        self.resume().await;
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends the process; connections to it are refused from now on.
    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, at the same address with the same blobs.
    pub(crate) async fn resume(&mut self) {
        let mut command = self.tools.command("registry");
        command.arg("--listen").arg(self.host());
        command.arg("--directory").arg(self.directory.join("blobs"));
        command.arg("--access-log").arg(self.access_log());
        command.env("TMPDIR", &self.directory);
        command.args(self.user.iter().flat_map(|user| ["--user", user]));
        if let Some(Notified { url, header }) = &self.notified {
            command.arg("--notify").arg(format!("operator={url}")).arg("--notify-header").arg(header);
        }
        let mut process = Process::start("registry", command, &self.directory);
        let before = process.output().matches("listening ").count();
        let listens =
            async |process: &Process| (process.output().matches("listening ").count() > before).then_some(());
        process.wait_for("listener", START_LIMIT, listens).await;
        self.process = Some(process);
    }

    /// Every request that it has answered, `METHOD PATH STATUS`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.access_log()).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// How many it has answered so far; pushes count too.
    pub(crate) fn mark(&self) -> usize {
        self.requests().len()
    }

    /// Its answers since a mark, without the pings by which clients learn how to speak with it (D47).
    pub(crate) fn since(&self, mark: usize) -> Vec<String> {
        self.requests().split_off(mark).into_iter().filter(|line| !line.starts_with("GET /v2/ ")).collect()
    }

    /// Pushes files as `flux push artifact` does; returns the digest of the manifest.
    pub(crate) async fn push(&self, repository_and_tag: &str, files: &[(&str, &[u8])]) -> String {
        let source = tempfile::tempdir_in(&self.directory).unwrap();
        for (name, content) in files {
            let path = source.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let url = format!("oci://{}/{repository_and_tag}", self.host());
        let path = source.path().to_str().unwrap();
        let arguments = [
            "push",
            &url,
            "--path",
            path,
            "--source",
            "https://example.com/app.git",
            "--revision",
            "main@sha1:1",
        ];
        self.pushed(&arguments).await
    }

    /// Packages and pushes the chart as `helm push` does, into this parent; returns the digest of the manifest.
    pub(crate) async fn push_chart(&self, parent: &str, name: &str, version: &str) -> String {
        let source = tempfile::tempdir_in(&self.directory).unwrap();
        let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
        std::fs::create_dir(source.path().join("templates")).unwrap();
        std::fs::write(source.path().join("Chart.yaml"), chart).unwrap();
        std::fs::write(source.path().join("values.yaml"), "replicas: 1\n").unwrap();
        std::fs::write(source.path().join("templates/map.yaml"), "kind: ConfigMap\n").unwrap();
        let url = format!("oci://{}/{parent}", self.host());
        self.pushed(&["push", "chart", &url, "--path", source.path().to_str().unwrap()]).await
    }

    /// Gives a pushed artifact one more tag.
    pub(crate) async fn tag(&self, repository_and_tag: &str, tag: &str) {
        let url = format!("oci://{}/{repository_and_tag}", self.host());
        self.authorized(&["tag", &url, tag]).await;
    }

    /// Signs `REPOSITORY@DIGEST` with cosign.
    pub(crate) async fn sign(&self, repository_and_digest: &str, keys: &Keys) {
        let reference = format!("{}/{repository_and_digest}", self.host());
        self.authorized(&["sign", &reference, "--key", keys.private.to_str().unwrap()]).await;
    }

    /// Pushes an image of one layer with these very bytes, whatever they are; for a registry that is open to everybody.
    pub(crate) async fn push_layer(&self, repository_and_tag: &str, layer: Vec<u8>) {
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        let reference: Reference = format!("{}/{repository_and_tag}", self.host()).parse().unwrap();
        let layers = [ImageLayer::new(layer, LAYER_TYPE.to_owned(), None)];
        let empty = Config::new(b"{}".to_vec(), "application/vnd.oci.empty.v1+json".to_owned(), None);
        let client = Client::new(config);
        client.push(&reference, &layers, empty, &RegistryAuth::Anonymous, None).await.unwrap();
    }

    /// The digest of the only layer of a manifest.
    pub(crate) fn layer_of(&self, manifest: &str) -> String {
        let hex = manifest.trim_start_matches("sha256:");
        let blobs = self.directory.join("blobs/docker/registry/v2/blobs/sha256");
        let content = std::fs::read(blobs.join(&hex[..2]).join(hex).join("data")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&content).unwrap();
        manifest["layers"][0]["digest"].as_str().unwrap().to_owned()
    }

    /// Changes one byte in the middle of the only blob that has so many bytes.
    pub(crate) fn corrupt_blobs_of(&self, length: usize) {
        let blobs = self.directory.join("blobs/docker/registry/v2/blobs/sha256");
        let mut changed = 0;
        for path in super::files::below(&blobs) {
            let mut content = std::fs::read(&path).unwrap();
            if content.len() >= length {
                let middle = content.len() / 2;
                content[middle] ^= 1;
                std::fs::write(&path, content).unwrap();
                changed += 1;
            }
        }
        assert_eq!(changed, 1, "one blob has {length} bytes or more");
    }

    async fn pushed(&self, arguments: &[&str]) -> String {
        let output = self.authorized(arguments).await;
        output.lines().last().unwrap_or_default().to_owned()
    }

    async fn authorized(&self, arguments: &[&str]) -> String {
        let mut arguments = arguments.to_vec();
        arguments.push("--insecure");
        if let Some(user) = &self.user {
            arguments.extend(["--creds", user]);
        }
        self.tools.run(&arguments).await.unwrap_or_else(|error| panic!("tools {arguments:?}: {error}"))
    }

    fn access_log(&self) -> PathBuf {
        self.directory.join("access.log")
    }
}
