//! `kill -9` at a chosen moment of an attempt, and a start on what it left.
//!
//! Each test updates an object that has an artifact. The requests at which it is killed are held until the test has seen what
//! the next process does on its own: the recorded artifact is served, and is not downloaded again.

use std::sync::Arc;

use hyper::Method;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::artifact;
use crate::support::bench::Bench;
use crate::support::files::{artifacts_in, below, noise};
use crate::support::gate::{Gate, Hold};
use crate::support::manifest::{repository, secret};
use crate::support::operator::Operator;
use crate::support::registry::Registry;
use crate::support::release::short_lease;
use crate::support::scene::Scene;
use crate::support::waiting::{if_so, until};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(before_the_finalizer_is_written),
        bench.trial(before_the_manifest_is_read),
        bench.trial(before_the_signature_is_read),
        bench.trial(before_the_layer_is_read),
        bench.trial(in_the_middle_of_a_transfer),
        bench.trial(in_the_middle_of_a_publish),
        bench.trial(before_the_status_is_written),
        bench.trial(with_nothing_to_do),
        bench.trial(with_nothing_to_do_and_an_empty_disk),
    ]
}

/// Larger than what is kept in memory, so that it is a spool file.
const LAYER_BYTES: usize = 4 << 20;

/// Building it takes a debug build long enough to be caught at it.
const LARGE_LAYER_BYTES: usize = 16 << 20;

/// An operator between two gates, and an object of the tag `main`.
struct Stage {
    scene: Scene,
    registry: Registry,
    gate: Gate,
    api: Gate,
    operator: Operator,
}

impl Stage {
    async fn set(scene: Scene) -> Self {
        let registry = scene.registry().await;
        let gate = scene.gate(&registry).await;
        let (api, kubeconfig) = scene.api_gate().await;
        let release = scene.release(&short_lease()).await;
        let operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
        Self { scene, registry, gate, api, operator }
    }

    async fn push(&self, bytes: usize, seed: u64) -> String {
        let digest = self.registry.push("app:main", &[("noise", &noise(bytes, seed))]).await;
        format!("main@{digest}")
    }

    async fn apply(&self) {
        let spec = json!({"ref": {"tag": "main"}});
        self.scene.namespace.apply(&repository("app", &format!("{}/app", self.gate.host()), &spec)).await;
    }

    /// An object with an artifact, whose next push is looked for but held.
    async fn updating(&self, bytes: usize) -> (Value, String) {
        self.push(LAYER_BYTES, 1).await;
        self.apply().await;
        let first = self.scene.namespace.until_ready("app").await;
        self.scene.until_writes(3).await;
        (first, self.push(bytes, 2).await)
    }

    async fn consume(&self, object: &Value, folder: &str) {
        let (url, digest) = artifact(object);
        self.scene.tools.consume(url, digest, &self.scene.folder(folder)).await.unwrap();
    }

    /// Kills it there, starts it again, and holds it to what is promised; returns how often it then downloaded the update.
    async fn killed_while_updating(mut self, hold: Hold, first: &Value, second: &str) -> usize {
        hold.reached(1).await;
        self.operator.kill();
        let mark = self.registry.mark();
        self.operator.resume().await;

        self.consume(first, "after the kill").await;
        drop(hold);

        self.ends_with(second).await;
        let old = first["status"]["artifact"]["revision"].as_str().unwrap();
        assert_eq!(self.downloads_since(mark, old), 0);
        self.downloads_since(mark, second)
    }

    fn downloads_since(&self, mark: usize, revision: &str) -> usize {
        let layer = self.registry.layer_of(digest_of(revision));
        let request = format!("GET /v2/app/blobs/{layer} ");
        self.registry.since(mark).iter().filter(|line| line.starts_with(&request)).count()
    }

    /// The same state as if nothing had happened.
    async fn ends_with(&self, revision: &str) {
        let object = self.scene.namespace.until_revision("app", revision).await;
        self.consume(&object, "in the end").await;
        let digest = digest_of(revision);
        let names = artifacts_in(&self.operator.artifacts("app"));
        assert!(names.contains(&format!("{digest}.tar.gz")), "{names:?}");
        assert!(
            names.iter().all(|name| name.starts_with("sha256:") && name.ends_with(".tar.gz")),
            "{names:?}"
        );
        let spools = below(&self.operator.data().join(".sluice"));
        let spooled: u64 =
            spools.iter().map(|path| path.metadata().map_or(0, |metadata| metadata.len())).sum();
        assert!(spooled < 64 << 10, "{spooled} bytes are left in {spools:?}");
        assert_eq!(object["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));
    }
}

async fn before_the_finalizer_is_written(scene: Scene) {
    let mut stage = Stage::set(scene).await;
    let revision = stage.push(LAYER_BYTES, 1).await;
    let hold = stage.api.hold(Method::PATCH, "/ocirepositories/app$");
    stage.apply().await;
    hold.reached(1).await;
    stage.operator.kill();
    assert_eq!(artifacts_in(&stage.operator.artifacts("app")), Vec::<String>::new());

    drop(hold);
    stage.operator.resume().await;

    stage.ends_with(&revision).await;
}

async fn before_the_manifest_is_read(scene: Scene) {
    let stage = Stage::set(scene).await;
    let (first, second) = stage.updating(LAYER_BYTES).await;
    let hold = stage.gate.hold(Method::GET, "/manifests/");
    stage.scene.namespace.poke("app", "now").await;
    assert_eq!(stage.killed_while_updating(hold, &first, &second).await, 1);
}

async fn before_the_signature_is_read(scene: Scene) {
    let stage = Stage::set(scene).await;
    let keys = stage.scene.keys().await;
    let (first, second) = stage.updating(LAYER_BYTES).await;
    for revision in [first["status"]["artifact"]["revision"].as_str().unwrap(), &second] {
        let digest = digest_of(revision);
        stage.registry.sign(&format!("app@{digest}"), &keys).await;
    }
    stage.scene.namespace.apply(&secret("trusted", "cosign.pub", &keys.public)).await;
    let hold = stage.gate.hold(Method::GET, ".sig$");
    let verify = json!({"provider": "cosign", "secretRef": {"name": "trusted"}});
    stage.scene.namespace.change("app", json!({"spec": {"verify": verify}})).await;
    assert_eq!(stage.killed_while_updating(hold, &first, &second).await, 1);
}

async fn before_the_layer_is_read(scene: Scene) {
    let stage = Stage::set(scene).await;
    let (first, second) = stage.updating(LAYER_BYTES).await;
    let hold = stage.gate.hold(Method::GET, "/blobs/");
    stage.scene.namespace.poke("app", "now").await;
    assert_eq!(stage.killed_while_updating(hold, &first, &second).await, 1);
}

async fn in_the_middle_of_a_transfer(scene: Scene) {
    let stage = Stage::set(scene).await;
    let (first, second) = stage.updating(LAYER_BYTES).await;
    let hold = stage.gate.hold_after(LAYER_BYTES / 2, Method::GET, "/blobs/");
    stage.scene.namespace.poke("app", "now").await;
    assert_eq!(stage.killed_while_updating(hold, &first, &second).await, 1);
}

async fn before_the_status_is_written(scene: Scene) {
    let stage = Stage::set(scene).await;
    let (first, second) = stage.updating(LAYER_BYTES).await;
    let hold = stage.api.hold(Method::PUT, "/ocirepositories/app/status$");
    stage.scene.namespace.poke("app", "now").await;
    assert_eq!(stage.killed_while_updating(hold, &first, &second).await, 0);
}

async fn in_the_middle_of_a_publish(scene: Scene) {
    let mut stage = Stage::set(scene).await;
    let (first, second) = stage.updating(LARGE_LAYER_BYTES).await;
    let published = stage.operator.artifacts("app").join(format!("{}.tar.gz", digest_of(&second)));
    stage.scene.namespace.poke("app", "now").await;
    while !stage.operator.is_writing_an_artifact() {
        tokio::task::yield_now().await;
    }
    stage.operator.kill();
    assert!(!published.exists(), "it was killed after the publish");

    stage.operator.resume().await;

    stage.consume(&first, "after the kill").await;
    stage.ends_with(&second).await;
}

async fn with_nothing_to_do(scene: Scene) {
    let mut stage = Stage::set(scene).await;
    let revision = stage.push(LAYER_BYTES, 1).await;
    stage.apply().await;
    let before = stage.scene.namespace.until_ready("app").await;
    let written = stage.scene.until_writes(3).await;
    let mark = stage.registry.mark();

    stage.operator.kill();
    stage.operator.resume().await;

    stage.consume(&before, "after the kill").await;
    stage.ends_with(&revision).await;
    assert_eq!(stage.scene.namespace.object("app").await, before);
    assert_eq!(stage.scene.writes().await, written);
    assert_eq!(stage.downloads_since(mark, &revision), 0);
}

async fn with_nothing_to_do_and_an_empty_disk(scene: Scene) {
    let mut stage = Stage::set(scene).await;
    let revision = stage.push(LAYER_BYTES, 1).await;
    stage.apply().await;
    let before = stage.scene.namespace.until_ready("app").await;
    stage.scene.until_writes(3).await;
    stage.operator.kill();
    std::fs::remove_dir_all(stage.operator.data()).unwrap();
    std::fs::create_dir(stage.operator.data()).unwrap();

    stage.operator.resume().await;

    let stored = stage.operator.artifacts("app").join(format!("{}.tar.gz", digest_of(&revision)));
    until("artifact that is built again", async || if_so(stored.exists(), &stored)).await;
    stage.consume(&before, "rebuilt").await;
    stage.ends_with(&revision).await;
}

/// The digest in `NAME@DIGEST`.
fn digest_of(revision: &str) -> &str {
    revision.split_once('@').expect("revisions of tags have both").1
}
