//! The cluster's end of webhooks: the watch of `RegistryWebhook` objects and of their Secrets, and what is written for them.

use std::sync::Arc;
use std::time::Duration;

use actix::Recipient;
use async_trait::async_trait;
use kube::Client;
use kube::api::{Api, ApiResource, GetParams, Patch, PatchParams};
use kube::core::{GroupVersionKind, Request};
use kube::runtime::watcher::Event;
use serde_json::{Value, json};
use sluice_actors::Key;
use sluice_actors::cluster::WriteError;
use sluice_actors::receiver::{HookChanged, HookWriter, Webhook};
use sluice_crds::{WEBHOOK_GROUP, WEBHOOK_KIND, WEBHOOK_PLURAL, WEBHOOK_VERSION};
use tokio_util::sync::CancellationToken;

use super::answer::{Error, text};
use super::follow::{Unwatchable, Watch};
use super::reader::check;
use super::repositories;
use super::watched::Watched;
use crate::metrics::Lag;

/// Whose fields these are. What asks an object to be looked at is ours here, not the controller's.
const MANAGER: &str = "sluice";
/// A definition that is installed later is noticed in this time.
const ABSENT: Unwatchable = Unwatchable {
    again_after: Duration::from_secs(30),
    meaning: "RegistryWebhook objects cannot be watched: no delivery is taken until they can",
};

/// Watches the hooks in this namespace, `None` for all, until `stop` is cancelled or nobody listens any more.
pub(super) async fn watch_webhooks(
    client: Client,
    namespace: Option<String>,
    lag: Lag,
    receiver: Recipient<HookChanged>,
    stop: CancellationToken,
) {
    let kind = GroupVersionKind::gvk(WEBHOOK_GROUP, WEBHOOK_VERSION, WEBHOOK_KIND);
    let resource = ApiResource::from_gvk_with_plural(&kind, WEBHOOK_PLURAL);
    let api: Api<Watched> = match namespace {
        Some(namespace) => Api::namespaced_with(client, &namespace, &resource),
        None => Api::all_with(client, &resource),
    };
    let watch = Watch { api, what: WEBHOOK_PLURAL, labels: None, unwatchable: Some(ABSENT), lag };
    watch.follow(change, receiver, stop).await;
}

fn change(event: Event<Watched>) -> Option<HookChanged> {
    match event {
        Event::Init => Some(HookChanged::RelistStarted),
        Event::InitDone => Some(HookChanged::RelistFinished),
        Event::InitApply(object) | Event::Apply(object) => {
            object.read(WEBHOOK_PLURAL, Webhook::new).map(|webhook| HookChanged::Applied(Arc::new(webhook)))
        }
        Event::Delete(object) => object.identity().map(|(key, _)| HookChanged::Deleted(key)),
    }
}

/// The writing end.
pub(super) struct WebhookWriter {
    pub(super) client: Client,
}

#[async_trait]
impl HookWriter for WebhookWriter {
    async fn patch_status(&self, key: &Key, patch: Value) -> Result<Value, WriteError> {
        let request =
            webhooks(&key.namespace).patch_subresource("status", &key.name, &managed(), &Patch::Merge(patch));
        let answer = text(&self.client, request).await?;
        Ok(serde_json::from_str(&answer).map_err(|_| Error::Unreadable)?)
    }

    async fn request(&self, key: &Key, requested_at: &str) -> Result<(), WriteError> {
        let annotations = json!({ "reconcile.fluxcd.io/requestedAt": requested_at });
        let patch = Patch::Merge(json!({ "metadata": { "annotations": annotations } }));
        let request = repositories(&key.namespace).patch(&key.name, &managed(), &patch);
        text(&self.client, request).await?;
        Ok(())
    }

    async fn object(&self, key: &Key) -> Result<Value, WriteError> {
        if [&key.namespace, &key.name].into_iter().any(|name| check("ocirepositories", name).is_err()) {
            return Err(WriteError::Gone);
        }
        let request = repositories(&key.namespace).get(&key.name, &GetParams::default());
        let answer = text(&self.client, request).await?;
        Ok(serde_json::from_str(&answer).map_err(|_| Error::Unreadable)?)
    }
}

fn managed() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() }
}

fn webhooks(namespace: &str) -> Request {
    Request::new(format!("/apis/{WEBHOOK_GROUP}/{WEBHOOK_VERSION}/namespaces/{namespace}/{WEBHOOK_PLURAL}"))
}
