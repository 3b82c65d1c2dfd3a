//! Writes to the folder instead of a cluster: statuses and finalizers into the records, events into the log.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use sluice_actors::cluster::{ClusterWriter, Notice, StatusChange, WriteError};
use sluice_actors::{Key, Object};

use super::records::Records;
use crate::cluster::Notifier;

/// The writer.
pub(super) struct Sink {
    pub(super) records: Arc<Records>,
    pub(super) notifier: Option<Notifier>,
}

impl Sink {
    async fn on_disk(
        &self,
        work: impl FnOnce(&Records) -> Result<Value, WriteError> + Send + 'static,
    ) -> Result<Object, WriteError> {
        let records = Arc::clone(&self.records);
        let work = move || Object::parse(&work(&records)?).map_err(WriteError::Failed);
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(WriteError::Failed(error.to_string())))
    }
}

#[async_trait]
impl ClusterWriter for Sink {
    async fn change_status(&self, change: &StatusChange) -> Result<Object, WriteError> {
        let (key, patch) = (change.of.key.clone(), change.patch());
        self.on_disk(move |records| records.patch_status(&key, &patch)).await
    }

    async fn patch(&self, key: &Key, patch: Value) -> Result<Object, WriteError> {
        let key = key.clone();
        self.on_disk(move |records| records.patch(&key, &patch)).await
    }

    async fn get(&self, key: &Key) -> Result<Object, WriteError> {
        let key = key.clone();
        self.on_disk(move |records| records.get(&key)).await
    }

    /// The pass that it arose from has logged what happened.
    async fn record_event(&self, notice: &Notice, _name: &str, count: u32) -> Result<(), WriteError> {
        let Notice { key, announcement, .. } = notice;
        let (reason, text) = (announcement.reason.as_str(), &announcement.message);
        tracing::debug!(namespace = %key.namespace, name = %key.name, reason, count, "event: {text}");
        Ok(())
    }

    async fn notify(&self, notice: &Notice) -> Result<(), WriteError> {
        match &self.notifier {
            Some(notifier) => notifier.post(notice).await,
            None => Ok(()),
        }
    }
}
