//! The chart `helm/sluice`: rendered, installed and removed by helm itself.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::controlplane::ControlPlane;
use super::manifest::documents;
use super::scene::Scene;
use super::tools::Tools;

/// The name of the release.
pub(crate) const RELEASE: &str = "sluice";

/// Its folder.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("helm/sluice")
}

/// An image, which has no default, and these values.
pub(crate) fn values(more: &Value) -> Value {
    let mut values = json!({"image": {"repository": "ghcr.io/example/sluice"}});
    for (name, value) in more.as_object().expect("values have names") {
        values[name] = value.clone();
    }
    values
}

/// A release, installed or not.
pub(crate) struct Chart {
    tools: Tools,
    directory: PathBuf,
    kubeconfig: PathBuf,
    namespace: String,
    runs: AtomicUsize,
}

impl Chart {
    fn new(tools: &Tools, directory: PathBuf, kubeconfig: PathBuf, namespace: &str) -> Self {
        Self {
            tools: tools.clone(),
            directory,
            kubeconfig,
            namespace: namespace.to_owned(),
            runs: AtomicUsize::new(0),
        }
    }

    /// A release that is only rendered, for this namespace.
    pub(crate) fn unplaced(tools: &Tools, directory: PathBuf, namespace: &str) -> Self {
        Self::new(tools, directory, "/dev/null".into(), namespace)
    }

    /// A release on this control plane.
    pub(crate) fn of(scene: &Scene, plane: &ControlPlane, namespace: &str) -> Self {
        Self::new(&scene.tools, scene.folder("helm"), plane.admin_kubeconfig(), namespace)
    }

    /// Checks the chart as `helm lint --strict` does.
    pub(crate) async fn lint(&self, values: &Value) -> Result<String, String> {
        self.with_chart(&["lint", "--strict"], values).await
    }

    /// The objects as helm would install them; nothing is asked of a cluster.
    pub(crate) async fn render(&self, values: &Value) -> Result<Vec<Value>, String> {
        let text = self.with_chart(&["template", RELEASE], values).await?;
        Ok(documents(&text))
    }

    /// Installs it; returns what helm says.
    pub(crate) async fn install(&self, values: &Value) -> Result<String, String> {
        self.install_with(&[], values).await
    }

    /// The same, with flags of helm.
    pub(crate) async fn install_with(&self, flags: &[&str], values: &Value) -> Result<String, String> {
        self.with_chart(&[&["install", RELEASE], flags].concat(), values).await
    }

    /// Changes the installed release to exactly these values; returns what helm says.
    pub(crate) async fn upgrade(&self, values: &Value) -> Result<String, String> {
        self.with_chart(&["upgrade", "--reset-values", RELEASE], values).await
    }

    /// Removes it.
    pub(crate) async fn uninstall(&self) -> Result<String, String> {
        self.helm(&["uninstall", RELEASE]).await
    }

    async fn with_chart(&self, arguments: &[&str], values: &Value) -> Result<String, String> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let file = self.directory.join(format!("values-{run}.json"));
        std::fs::write(&file, values.to_string()).unwrap();
        let (chart, file) = (folder().display().to_string(), file.display().to_string());
        let arguments = [arguments, &[&chart, "--values", &file]].concat();
        self.helm(&arguments).await
    }

    async fn helm(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.tools.command("helm");
        command
            .args(arguments)
            .args(["--namespace", &self.namespace])
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .env("HOME", &self.directory);
        let output = tokio::process::Command::from(command).kill_on_drop(true).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("helm speaks UTF-8");
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }
}

/// The only object of a kind.
pub(crate) fn only<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<_> = objects.iter().filter(|object| object["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "there is one {kind}");
    found[0]
}

/// The arguments of the container.
pub(crate) fn arguments(objects: &[Value]) -> Vec<String> {
    let container = &only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    let arguments = container["args"].as_array().expect("there are arguments");
    arguments.iter().map(|argument| argument.as_str().expect("arguments are text").to_owned()).collect()
}
