//! The read and the three writes that the API server gets for each object: the status as the program writes it, replaced.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{GetParams, Object, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind, Request};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use sluice_actors::FINALIZER;
use sluice_crds::{GROUP, KIND, OciRepositorySpec, OciRepositoryStatus};

use crate::registry::Pulled;

/// Events wait until no status has been written for so long, as those of the program do.
const QUIET: Duration = Duration::from_millis(100);

pub(crate) type Repository = Object<OciRepositorySpec, OciRepositoryStatus>;

/// What somebody has asked for by annotation.
pub(crate) fn requested(object: &Repository) -> Option<&String> {
    object.annotations().get("reconcile.fluxcd.io/requestedAt")
}

/// Whether its status answers neither its generation nor what was asked for.
pub(crate) fn due(object: &Repository) -> bool {
    let status = object.status.as_ref();
    let handled = status.and_then(|status| status.last_handled_reconcile_at.as_ref());
    status.and_then(|status| status.observed_generation) != object.metadata.generation
        || requested(object) != handled
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
        Api::all_with(self.client.clone(), &ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1", KIND)))
    }

    /// The certificate authority that the object names, if it names one.
    pub(crate) async fn authority(&self, object: &Repository) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(secret) = &object.spec.cert_secret_ref else { return Ok(None) };
        let name = &secret.name;
        let request = of_core(object, "secrets").get(name, &GetParams::default())?;
        let secret: Secret = serde_json::from_str(&self.client.request_text(request).await?)?;
        let authority = secret.data.and_then(|mut data| data.remove("ca.crt")).context("no ca.crt")?;
        Ok(Some(authority.0))
    }

    /// The object as it is then.
    pub(crate) async fn put_on_finalizer(&self, object: &Repository) -> anyhow::Result<Repository> {
        if object.finalizers().iter().any(|finalizer| finalizer == FINALIZER) {
            return Ok(object.clone());
        }
        let patch = Patch::Merge(json!({"metadata": {"finalizers": [FINALIZER]}}));
        let request = of_kind(object).patch(&object.name_any(), &PatchParams::default(), &patch)?;
        Ok(serde_json::from_str(&self.client.request_text(request).await?)?)
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
        let metadata = &object.metadata;
        let whole = json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": KIND,
            "metadata": {
                "namespace": metadata.namespace, "name": metadata.name, "resourceVersion": metadata.resource_version,
            },
            "status": {
                "observedGeneration": generation, "url": url, "artifact": artifact,
                "conditions": [condition("Ready"), condition("ArtifactInStorage")],
                "lastHandledReconcileAt": requested(object),
            },
        });
        let (name, whole) = (object.name_any(), serde_json::to_vec(&whole)?);
        let request = of_kind(object).replace_subresource("status", &name, &PostParams::default(), whole)?;
        self.client.request_text(request).await?;
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
        let request =
            of_core(object, "events").create(&PostParams::default(), serde_json::to_vec(&event)?)?;
        self.client.request_text(request).await?;
        Ok(())
    }
}

fn of_core(object: &Repository, plural: &str) -> Request {
    Request::new(format!("/api/v1/namespaces/{}/{plural}", object.namespace().unwrap_or_default()))
}

fn of_kind(object: &Repository) -> Request {
    let namespace = object.namespace().unwrap_or_default();
    Request::new(format!("/apis/{GROUP}/v1/namespaces/{namespace}/ocirepositories"))
}

/// As RFC 3339 has it, in whole seconds.
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
