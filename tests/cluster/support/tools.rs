//! The peer's own clients: pushing as `flux` and `helm` do, taking an artifact as its consumers do.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The testbed's `tools` binary.
#[derive(Clone)]
pub(crate) struct Tools {
    binary: PathBuf,
}

/// A key pair of cosign's.
pub(crate) struct Keys {
    /// The file of the private one.
    pub(crate) private: PathBuf,
    /// The public one, in PEM.
    pub(crate) public: String,
}

impl Tools {
    /// The binary at this path.
    pub(crate) fn new(binary: PathBuf) -> Self {
        Self { binary }
    }

    /// A command that runs one of its servers.
    pub(crate) fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(subcommand);
        command
    }

    /// Runs it to its end and returns what it printed on its standard output, or what it said on the other one.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = tokio::process::Command::new(&self.binary)
            .args(arguments)
            .env("HOME", "/nonexistent")
            .kill_on_drop(true)
            .output()
            .await
            .unwrap_or_else(|error| panic!("tools does not start: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Makes a key pair of cosign's in this directory.
    pub(crate) async fn keys(&self, directory: &Path) -> Keys {
        self.run(&["sign", "keygen", directory.to_str().unwrap()]).await.unwrap();
        let public = std::fs::read_to_string(directory.join("cosign.pub")).unwrap();
        Keys { private: directory.join("cosign.key"), public }
    }

    /// Takes an artifact as kustomize-controller does; returns the lines `PATH SHA256` of its files.
    pub(crate) async fn consume(
        &self,
        url: &str,
        digest: &str,
        directory: &Path,
    ) -> Result<Vec<String>, String> {
        let listing = self.run(&["consume", url, digest, directory.to_str().unwrap()]).await?;
        Ok(listing.lines().map(str::to_owned).collect())
    }

    /// Takes every artifact below a directory that has storage roots in it, as its consumers do; returns a line for each.
    pub(crate) async fn consume_stored(&self, directory: &Path) -> Result<Vec<String>, String> {
        let listing = self.run(&["consume", "stored", directory.to_str().unwrap()]).await?;
        Ok(listing.lines().map(str::to_owned).collect())
    }

    /// Takes a chart as helm-controller does; returns its name and version.
    pub(crate) async fn consume_chart(
        &self,
        url: &str,
        digest: &str,
        directory: &Path,
    ) -> Result<String, String> {
        self.run(&["consume", "chart", url, digest, directory.to_str().unwrap()]).await
    }
}
