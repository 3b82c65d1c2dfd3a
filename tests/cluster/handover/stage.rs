//! One cluster, one registry with everything published, and an operator that does not run yet.

use std::collections::BTreeMap;

use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::archive;
use super::fixture::{Fixture, Places, names};
use super::published::{Published, publish};
use super::storage;
use crate::support::api::{Namespace, resource};
use crate::support::controlplane::ControlPlane;
use crate::support::gate::Gate;
use crate::support::manifest::secret;
use crate::support::operator::Operator;
use crate::support::registry::Registry;
use crate::support::scene::Scene;
use crate::support::tools::Keys;
use crate::support::waiting::{if_so, until};

/// The field manager of source-controller.
pub(super) const MANAGER: &str = "source-controller";

/// The stage of one test.
pub(super) struct Stage {
    pub(super) scene: Scene,
    pub(super) plane: ControlPlane,
    pub(super) client: Client,
    pub(super) namespace: Namespace,
    pub(super) elsewhere: Namespace,
    pub(super) registry: Registry,
    pub(super) gate: Gate,
    pub(super) keys: Keys,
    pub(super) published: BTreeMap<String, Published>,
    pub(super) operator: Operator,
}

impl Stage {
    /// Sets it; the operator will watch all namespaces.
    pub(super) async fn set(scene: Scene) -> Self {
        let (plane, namespace) = scene.another_plane().await;
        let client = plane.client().await;
        let elsewhere = Namespace::create(client.clone(), &format!("{}-elsewhere", namespace.name)).await;
        let registry = scene.registry().await;
        let gate = scene.gate(&registry).await;
        let keys = scene.keys().await;
        let mut published = BTreeMap::new();
        for name in names() {
            published.insert(name.clone(), publish(&registry, &name, &keys).await);
        }
        namespace.apply(&secret("trusted", "cosign.pub", &keys.public)).await;
        let release = scene.release(&json!({"watchAllNamespaces": true})).await;
        let kubeconfig = release.place(&plane).await;
        let operator = Operator::new(&scene.folder("operator"), &kubeconfig, &release);
        Self { scene, plane, client, namespace, elsewhere, registry, gate, keys, published, operator }
    }

    /// The object of this name with a file of this digest and size.
    pub(super) fn fixture(&self, name: &str, stored: (&str, usize)) -> Fixture {
        let places = Places {
            registry: self.gate.host(),
            operator: self.operator.address(),
            namespace: self.namespace.name.clone(),
            elsewhere: self.elsewhere.name.clone(),
        };
        Fixture::of(name, &places, &self.published[name], stored)
    }

    /// The object of this name and the file that source-controller has stored for it.
    pub(super) fn handed_over(&self, name: &str) -> (Fixture, Vec<u8>) {
        let file = self.stored(name);
        let digest = format!("sha256:{}", hex(&file));
        (self.fixture(name, (&digest, file.len())), file)
    }

    /// The tar in the file that source-controller has stored for an object.
    pub(super) fn tar(&self, name: &str) -> Vec<u8> {
        archive::tar(&self.fixture(name, ("", 0)).content())
    }

    fn stored(&self, name: &str) -> Vec<u8> {
        if self.fixture(name, ("", 0)).copies() {
            return self.published[name].layer.clone();
        }
        archive::gzip(&self.tar(name))
    }

    /// Writes all objects as source-controller has left them, and with `store` its files; returns the objects.
    pub(super) async fn hand_over(&self, store: bool) -> Vec<Fixture> {
        let mut fixtures = Vec::new();
        for name in names() {
            let (fixture, file) = self.handed_over(&name);
            self.write(&fixture).await;
            if let Some(path) = fixture.path().filter(|_| store) {
                storage::store(&self.operator.data(), path, &file);
            }
            fixtures.push(fixture);
        }
        fixtures
    }

    async fn write(&self, fixture: &Fixture) {
        fixture.apply(self.namespace_of(fixture)).await;
        let objects = self.objects(fixture.namespace());
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let finalizers = &fixture.object["metadata"]["finalizers"];
        let held = Patch::Merge(json!({"metadata": {"finalizers": finalizers}}));
        objects.patch(fixture.name(), &parameters, &held).await.unwrap();
        let status = Patch::Merge(json!({"status": fixture.object["status"]}));
        objects.patch_status(fixture.name(), &parameters, &status).await.unwrap();

        let written = self.object(fixture).await;
        for part in ["spec", "status"] {
            assert_eq!(written[part], fixture.object[part], "{}", fixture.name());
        }
        for part in ["generation", "finalizers", "annotations"] {
            assert_eq!(written["metadata"][part], fixture.object["metadata"][part], "{}", fixture.name());
        }
    }

    /// The namespace of an object.
    pub(super) fn namespace_of(&self, fixture: &Fixture) -> &Namespace {
        if fixture.namespace() == self.namespace.name { &self.namespace } else { &self.elsewhere }
    }

    /// The object as it is now.
    pub(super) async fn object(&self, fixture: &Fixture) -> Value {
        self.namespace_of(fixture).object(fixture.name()).await
    }

    /// The objects of a namespace.
    pub(super) fn objects(&self, namespace: &str) -> Api<DynamicObject> {
        let kind = resource("source.toolkit.fluxcd.io/v1", "OCIRepository");
        Api::namespaced_with(self.client.clone(), namespace, &kind)
    }

    /// Writes a status as source-controller would, on trial; the API server refuses what it does not know.
    pub(super) async fn write_strictly(&self, fixture: &Fixture, object: &Value) -> Result<(), String> {
        let path = format!(
            "/apis/source.toolkit.fluxcd.io/v1/namespaces/{}/ocirepositories/{}/status",
            fixture.namespace(),
            fixture.name()
        );
        let query = format!("fieldValidation=Strict&dryRun=All&fieldManager={MANAGER}");
        let request = http::Request::put(format!("{path}?{query}"))
            .header("content-type", "application/json")
            .body(object.to_string().into_bytes())
            .unwrap();
        self.client.request::<Value>(request).await.map(drop).map_err(|error| error.to_string())
    }

    /// Takes the artifact that an object names, as its consumer does, and compares it with what was published.
    pub(super) async fn consume(&self, object: &Value, fixture: &Fixture) {
        let (url, digest) = crate::support::api::artifact(object);
        let folder = self.scene.folder(fixture.name());
        if fixture.name() == "chart" {
            let chart = self.scene.tools.consume_chart(url, digest, &folder).await;
            assert_eq!(chart.as_deref(), Ok("podinfo 1.2.3"));
            return;
        }
        let files = fixture.content();
        let expected: Vec<_> = files.iter().map(|(path, bytes)| format!("{path} {}", hex(bytes))).collect();
        let consumed = self.scene.tools.consume(url, digest, &folder).await;
        assert_eq!(consumed, Ok(expected), "{}", fixture.name());
    }

    /// Waits until the registry was asked so often since a mark for each object that polls it.
    pub(super) async fn until_polled(&self, fixtures: &[Fixture], mark: usize, times: usize) {
        let polling = fixtures.iter().filter(|fixture| fixture.polls());
        for fixture in polling {
            let request = format!("HEAD /v2/{}/manifests/", fixture.repository());
            until(&request, async || {
                if_so(self.asked(mark, &request).len() >= times, self.registry.since(mark))
            })
            .await;
        }
    }

    /// The requests since a mark that contain a text.
    pub(super) fn asked(&self, mark: usize, text: &str) -> Vec<String> {
        self.registry.since(mark).into_iter().filter(|line| line.contains(text)).collect()
    }
}

/// The SHA-256 of bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
