//! What one test has for itself: a namespace, a folder, and whatever it starts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::api::Api;
use serde_json::{Value, json};

use super::api::Namespace;
use super::audit::ELECTION;
use super::bench::Bench;
use super::controlplane::ControlPlane;
use super::gate::Gate;
use super::gitea::Gitea;
use super::operator::Operator;
use super::registry::Registry;
use super::release::{Release, of_a_test};
use super::tools::{Keys, Tools};
use super::waiting::{if_so, until};

/// Names of namespaces have 63 characters at most.
const NAME_LENGTH: usize = 50;

/// The stage of one test.
pub(crate) struct Scene {
    bench: Arc<Bench>,
    directory: PathBuf,
    started: AtomicUsize,
    /// Its namespace.
    pub(crate) namespace: Namespace,
    /// The peer's clients.
    pub(crate) tools: Tools,
}

impl Scene {
    /// Sets the stage for the test of this name.
    pub(crate) async fn set(bench: Arc<Bench>, test: &str) -> Self {
        let label: String =
            test.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        let label = label.to_lowercase();
        let label = label[label.len().saturating_sub(NAME_LENGTH)..].trim_matches('-').to_owned();
        let directory = bench.folder(&label);
        let client = bench.plane().await.client().await;
        let namespace = Namespace::create(client, &label).await;
        let tools = bench.tools().await;
        Self { bench, directory, started: AtomicUsize::new(0), namespace, tools }
    }

    /// The control plane that all tests share.
    pub(crate) async fn plane(&self) -> &ControlPlane {
        self.bench.plane().await
    }

    /// The chart with its defaults and these values, in the namespace of the test.
    pub(crate) async fn release(&self, values: &Value) -> Release {
        Release::new(self.bench.rendered(&of_a_test(values), &self.namespace.name).await)
    }

    /// An operator that watches the namespace.
    pub(crate) async fn operator(&self) -> Operator {
        self.operator_of(&json!({})).await
    }

    /// The same, with these values of the chart.
    pub(crate) async fn operator_of(&self, values: &Value) -> Operator {
        let release = self.release(values).await;
        let kubeconfig = release.place(self.plane().await).await;
        Operator::start(&self.folder("operator"), &kubeconfig, &release).await
    }

    /// A registry for everybody.
    pub(crate) async fn registry(&self) -> Registry {
        Registry::start(&self.tools, &self.folder("registry"), None).await
    }

    /// A registry for one `NAME:PASSWORD`.
    pub(crate) async fn registry_of(&self, user: &str) -> Registry {
        Registry::start(&self.tools, &self.folder("registry"), Some(user)).await
    }

    /// A Gitea, which is a registry too.
    pub(crate) async fn gitea(&self) -> Gitea {
        Gitea::start(self.bench.testbed().await, &self.tools, &self.folder("gitea")).await
    }

    /// A key pair for signatures.
    pub(crate) async fn keys(&self) -> Keys {
        self.tools.keys(&self.folder("keys")).await
    }

    /// A gate before a registry.
    pub(crate) async fn gate(&self, registry: &Registry) -> Gate {
        Gate::before(&format!("http://{}", registry.host()), None).await
    }

    /// A gate before the API server, and the file by which an operator goes through it.
    pub(crate) async fn api_gate(&self) -> (Gate, PathBuf) {
        let plane = self.bench.plane().await;
        let authority = std::fs::read(plane.authority()).unwrap();
        let gate = Gate::before(&plane.url(), Some(&authority)).await;
        let release = self.release(&json!({})).await;
        release.place(plane).await;
        let kubeconfig = release.kubeconfig_through(plane, &format!("http://{}", gate.host())).await;
        (gate, kubeconfig)
    }

    /// A control plane of its own, for a test that disturbs it, and the namespace there.
    pub(crate) async fn another_plane(&self) -> (ControlPlane, Namespace) {
        let (plane, namespace) = self.bare_plane().await;
        (plane.with_definitions().await, namespace)
    }

    /// The same without definitions.
    pub(crate) async fn bare_plane(&self) -> (ControlPlane, Namespace) {
        let plane = self.bench.bare_plane(&self.folder("plane")).await;
        let namespace = Namespace::create(plane.client().await, &self.namespace.name).await;
        (plane, namespace)
    }

    /// The Lease of the operators in the namespace.
    pub(crate) async fn lease(&self) -> LeaseSpec {
        let client = self.plane().await.client().await;
        let leases: Api<Lease> = Api::namespaced(client, &self.namespace.name);
        leases.get(ELECTION).await.unwrap().spec.expect("a Lease says who holds it")
    }

    /// What operators have written in the namespace, in order: verb and resource. The election of a leader is left out.
    pub(crate) async fn writes(&self) -> Vec<String> {
        let writes = self.bench.plane().await.writes(&self.namespace.name).into_iter();
        writes.filter(|write| !write.is_of_the_election()).map(|write| write.what).collect()
    }

    /// Waits until there are so many, and returns them.
    pub(crate) async fn until_writes(&self, count: usize) -> Vec<String> {
        until(&format!("{count} writes in {}", self.namespace.name), async || {
            let writes = self.writes().await;
            if_so(writes.len() >= count, writes)
        })
        .await
    }

    /// Everything that belongs to the test is below it.
    pub(crate) fn root(&self) -> &Path {
        &self.directory
    }

    /// A new folder.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let folder = self.directory.join(format!("{number}-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }
}
