//! What all tests of one run share: the testbed's binaries, one control plane, and a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Mutex, OnceCell};

use super::chart::Chart;
use super::controlplane::{Binaries, ControlPlane};
use super::manifest::replaced;
use super::scene::Scene;
use super::tools::Tools;

/// Many times what the longest test takes on a busy machine; a wait for something that never comes ends here.
const LIMIT: Duration = Duration::from_mins(5);

/// Stands for the namespace in what is rendered for all tests.
const NAMESPACE: &str = "namespace-of-the-release";

/// One run.
pub(crate) struct Bench {
    work: TempDir,
    testbed: OnceCell<PathBuf>,
    plane: OnceCell<ControlPlane>,
    rendered: Mutex<BTreeMap<String, Vec<Value>>>,
    consumed: AtomicUsize,
}

impl Bench {
    /// Nothing is started before the first test asks for it.
    pub(crate) fn new() -> Arc<Self> {
        let work = tempfile::Builder::new().prefix("sluice-cluster-").tempdir().unwrap();
        Arc::new(Self {
            work,
            testbed: OnceCell::new(),
            plane: OnceCell::new(),
            rendered: Mutex::default(),
            consumed: AtomicUsize::new(0),
        })
    }

    /// A test, by the name of its function.
    pub(crate) fn trial<T, F>(self: &Arc<Self>, test: T) -> Trial
    where
        T: FnOnce(Scene) -> F + Send + 'static,
        F: Future<Output = ()>,
    {
        let path = std::any::type_name::<T>();
        let name = path.split_once("::").map_or(path, |(_, name)| name).to_owned();
        let bench = Arc::clone(self);
        Trial::test(name.clone(), move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            let trial = async {
                let scene = Scene::set(Arc::clone(&bench), &name).await;
                let root = scene.root().to_owned();
                test(scene).await;
                bench.consume(&root).await;
            };
            let ended = runtime.block_on(async { tokio::time::timeout(LIMIT, trial).await });
            ended.map_err(|_| format!("{name} did not end within {LIMIT:?}").into())
        })
    }

    /// Takes every artifact that the operators of a test have stored, as consumers do.
    async fn consume(&self, root: &Path) {
        let consumed = self.tools().await.consume_stored(root).await;
        let consumed = consumed.unwrap_or_else(|error| panic!("an artifact in the storage: {error}"));
        self.consumed.fetch_add(consumed.len(), Ordering::Relaxed);
    }

    /// How many artifacts were taken after the tests.
    pub(crate) fn consumed(&self) -> usize {
        self.consumed.load(Ordering::Relaxed)
    }

    /// The control plane of the run.
    pub(crate) async fn plane(&self) -> &ControlPlane {
        let directory = self.work.path().join("plane");
        self.plane.get_or_init(async || self.bare_plane(&directory).await.with_definitions().await).await
    }

    /// Another control plane, without definitions, for a test that disturbs it.
    pub(crate) async fn bare_plane(&self, directory: &Path) -> ControlPlane {
        ControlPlane::start(directory, self.binaries().await).await
    }

    /// The peer's clients and servers.
    pub(crate) async fn tools(&self) -> Tools {
        Tools::new(self.testbed().await.join("tools"))
    }

    /// The objects of the chart with these values, in this namespace. Helm renders each set of values once: nothing but
    /// the text of its name depends on the namespace.
    pub(crate) async fn rendered(&self, values: &Value, namespace: &str) -> Vec<Value> {
        let mut rendered = self.rendered.lock().await;
        let key = values.to_string();
        if !rendered.contains_key(&key) {
            let chart = Chart::unplaced(&self.tools().await, self.folder("helm"), NAMESPACE);
            let objects = chart.render(values).await.unwrap();
            rendered.insert(key.clone(), objects);
        }
        let objects = rendered[&key].iter();
        objects.map(|object| replaced(object.clone(), NAMESPACE, namespace)).collect()
    }

    /// A folder for one test.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.work.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    async fn binaries(&self) -> Binaries {
        match std::env::var_os("KUBEBUILDER_ASSETS") {
            Some(assets) => Binaries::Directory(assets.into()),
            None => Binaries::One(self.testbed().await.join("controlplane")),
        }
    }

    /// Where the testbed's binaries are.
    pub(crate) async fn testbed(&self) -> &Path {
        self.testbed
            .get_or_init(async || tokio::task::spawn_blocking(build).await.expect("a build does not panic"))
            .await
    }
}

fn build() -> PathBuf {
    if let Some(built) = std::env::var_os("SLUICE_TESTBED") {
        return built.into();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/build");
    let output = Command::new(script).stderr(Stdio::inherit()).output().expect("bash is there");
    assert!(output.status.success(), "tests/testbed/build failed");
    let text = String::from_utf8(output.stdout).expect("paths are text");
    text.lines().last().expect("the last line is the directory").into()
}
