//! The read and the three writes that the API server gets for each object.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use jiff::Timestamp;
use kube::api::Object;
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::registry::Pulled;

/// Events wait until no status has been written for so long, as those of the program do.
const QUIET: Duration = Duration::from_millis(100);

pub(crate) type Repository = Object<Spec, Status>;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Spec {
    pub(crate) url: String,
    #[serde(rename = "ref")]
    pub(crate) reference: Reference,
    #[serde(rename = "certSecretRef")]
    authority: Name,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Reference {
    pub(crate) semver: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Name {
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Status {
    #[serde(rename = "observedGeneration")]
    observed: Option<i64>,
}

/// Whether its status does not answer its generation.
pub(crate) fn due(object: &Repository) -> bool {
    object.status.as_ref().and_then(|status| status.observed) != object.metadata.generation
}

pub(crate) struct Cluster {
    client: Client,
    artifacts: String,
    written: Cell<Instant>,
}

impl Cluster {
    pub(crate) async fn connect(artifacts: &str) -> anyhow::Result<Self> {
        let client = Client::try_default().await?;
        Ok(Self { client, artifacts: artifacts.to_owned(), written: Cell::new(Instant::now()) })
    }

    pub(crate) fn repositories(&self) -> Api<Repository> {
        let kind = GroupVersionKind::gvk("source.toolkit.fluxcd.io", "v1", "OCIRepository");
        Api::all_with(self.client.clone(), &ApiResource::from_gvk(&kind))
    }

    /// The certificate authority that the object names.
    pub(crate) async fn authority(&self, object: &Repository) -> anyhow::Result<Vec<u8>> {
        let path = format!("{}/secrets/{}", core(object), object.spec.authority.name);
        let secret: Value = serde_json::from_str(&self.ask("GET", &path, &Value::Null).await?)?;
        Ok(STANDARD.decode(secret["data"]["ca.crt"].as_str().context("no ca.crt")?)?)
    }

    pub(crate) async fn put_on_finalizer(&self, object: &Repository) -> anyhow::Result<()> {
        let finalizers = json!({"metadata": {"finalizers": ["finalizers.fluxcd.io"]}});
        self.ask("PATCH", &path(object), &finalizers).await.map(drop)
    }

    pub(crate) async fn write_status(&self, object: &Repository, pulled: &Pulled) -> anyhow::Result<()> {
        let (generation, now) = (object.metadata.generation, now());
        let url = format!("http://{}/{}", self.artifacts, pulled.file);
        let condition = |kind: &str| {
            json!({
                "type": kind, "status": "True", "reason": "Succeeded", "observedGeneration": generation,
                "lastTransitionTime": now, "message": format!("stored artifact for digest '{}'", pulled.revision),
            })
        };
        let artifact = json!({
            "path": pulled.file, "url": url, "revision": pulled.revision, "digest": pulled.digest, "size": pulled.size,
            "lastUpdateTime": now,
        });
        let status = json!({"status": {
            "observedGeneration": generation, "url": url, "artifact": artifact,
            "conditions": [condition("Ready"), condition("ArtifactInStorage")],
        }});
        self.ask("PATCH", &format!("{}/status", path(object)), &status).await?;
        self.written.set(Instant::now());
        Ok(())
    }

    pub(crate) async fn write_event(&self, object: &Repository, pulled: &Pulled) -> anyhow::Result<()> {
        while self.written.get().elapsed() < QUIET {
            tokio::time::sleep(QUIET).await;
        }
        let (metadata, now) = (&object.metadata, now());
        let event = json!({
            "metadata": {"generateName": "bare-", "namespace": metadata.namespace},
            "type": "Normal", "reason": "NewArtifact", "count": 1, "firstTimestamp": now, "lastTimestamp": now,
            "message": format!("stored artifact with revision '{}'", pulled.revision),
            "source": {"component": "bare"},
            "involvedObject": {
                "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "uid": metadata.uid,
                "namespace": metadata.namespace, "name": metadata.name,
            },
        });
        self.ask("POST", &format!("{}/events", core(object)), &event).await.map(drop)
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<String> {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        let request = Request::builder().method(method).uri(path).header("content-type", kind).body(body)?;
        Ok(self.client.request_text(request).await?)
    }
}

fn core(object: &Repository) -> String {
    format!("/api/v1/namespaces/{}", object.metadata.namespace.as_deref().unwrap_or_default())
}

fn path(object: &Repository) -> String {
    let (namespace, name) = (&object.metadata.namespace, &object.metadata.name);
    let (namespace, name) = (namespace.as_deref().unwrap_or_default(), name.as_deref().unwrap_or_default());
    format!("/apis/source.toolkit.fluxcd.io/v1/namespaces/{namespace}/ocirepositories/{name}")
}

/// As RFC 3339 has it, in whole seconds.
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
