//! Writes objects and events: every call is one request, within its time limit and only while this replica leads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kube::Client;
use kube::api::{GetParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use sluice_actors::cluster::{ClusterWriter, Notice, StatusChange, WriteError};
use sluice_actors::{Key, Object};

use super::answer::{Error, TIME_LIMIT, text};
use super::leadership::Leadership;
use super::notify::{self, Notifier};
use super::{GROUP, KIND, MANAGER, VERSION, core, event, repositories};

/// The writing end.
pub struct Writer {
    client: Client,
    leadership: Arc<dyn Leadership>,
    notifier: Option<Notifier>,
}

type Request = Result<http::Request<Vec<u8>>, kube::core::request::Error>;

impl Writer {
    /// Writes through this client as long as `leadership` holds, and posts events where `notifier` says.
    #[must_use]
    pub fn new(client: Client, leadership: Arc<dyn Leadership>, notifier: Option<Notifier>) -> Self {
        Self { client, leadership, notifier }
    }

    async fn write(&self, request: Request) -> Result<String, WriteError> {
        self.lead_for(TIME_LIMIT)?;
        Ok(text(&self.client, request).await?)
    }

    fn lead_for(&self, limit: Duration) -> Result<(), WriteError> {
        if self.leadership.holds_for(limit) { Ok(()) } else { Err(WriteError::NotLeader) }
    }
}

#[async_trait]
impl ClusterWriter for Writer {
    /// Replaces the status: a patch to the same effect costs the API server an eighth more.
    async fn change_status(&self, change: &StatusChange) -> Result<Object, WriteError> {
        let Key { namespace, name } = &change.of.key;
        let whole = replacement(change).to_string().into_bytes();
        let request = repositories(namespace).replace_subresource("status", name, &written(), whole);
        object(&self.write(request).await?)
    }

    async fn patch(&self, key: &Key, patch: Value) -> Result<Object, WriteError> {
        let request = repositories(&key.namespace).patch(&key.name, &managed(), &Patch::Merge(patch));
        object(&self.write(request).await?)
    }

    async fn get(&self, key: &Key) -> Result<Object, WriteError> {
        let request = repositories(&key.namespace).get(&key.name, &GetParams::default());
        object(&text(&self.client, request).await?)
    }

    async fn record_event(&self, notice: &Notice, name: &str, count: u32) -> Result<(), WriteError> {
        let events = core(&notice.key.namespace, "events");
        let request = if count == 1 {
            events.create(&written(), event::first(notice, name).to_string().into_bytes())
        } else {
            events.patch(name, &managed(), &Patch::Merge(event::again(notice, count)))
        };
        self.write(request).await.map(drop)
    }

    async fn notify(&self, notice: &Notice) -> Result<(), WriteError> {
        let Some(notifier) = &self.notifier else {
            return Ok(());
        };
        self.lead_for(notify::TIME_LIMIT)?;
        notifier.post(notice).await
    }
}

fn replacement(change: &StatusChange) -> Value {
    let Object { key, uid, resource_version, .. } = &*change.of;
    json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": KIND,
        "metadata": {
            "namespace": &*key.namespace, "name": &*key.name, "uid": &**uid, "resourceVersion": &**resource_version,
        },
        "status": change.status(),
    })
}

fn written() -> PostParams {
    PostParams { dry_run: false, field_manager: Some(MANAGER.to_owned()) }
}

fn managed() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() }
}

fn object(text: &str) -> Result<Object, WriteError> {
    let seen = serde_json::from_str(text).map_err(|_| Error::Unreadable)?;
    Object::new(seen).map_err(WriteError::Failed)
}
