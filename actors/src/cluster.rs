//! The two ends of the actor graph as ports: what is read from and written to the cluster, or to a folder of manifests.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use reconcile::{Announcement, Failure};
use serde_json::{Value, json};

pub use crate::merge_patch::merge;
use crate::{Key, Object};

/// A Secret's payload, read at use and never kept (D53). `Debug` shows no value.
#[derive(Clone)]
pub struct Secret {
    /// Its type, such as `kubernetes.io/dockerconfigjson`.
    pub kind: String,
    /// Its data, decoded.
    pub data: BTreeMap<String, Vec<u8>>,
    /// Its resourceVersion.
    pub version: Arc<str>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<_> = self.data.keys().collect();
        formatter
            .debug_struct("Secret")
            .field("kind", &self.kind)
            .field("keys", &keys)
            .field("version", &self.version)
            .finish()
    }
}

/// A `ServiceAccount`, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccount {
    /// The names of its pull secrets.
    pub image_pull_secrets: Vec<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its resourceVersion.
    pub version: Arc<str>,
}

/// Why an object could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there; the text is the API server's.
    #[error("{0}")]
    NotFound(String),
    /// It may be there; the text is the API server's or the transport's.
    #[error("{0}")]
    Unreadable(String),
}

/// Reads the objects that an `OCIRepository` names.
#[async_trait]
pub trait ClusterReader: Send + Sync {
    /// The Secret of this name.
    async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError>;
    /// The `ServiceAccount` of this name.
    async fn service_account(&self, namespace: &str, name: &str) -> Result<ServiceAccount, ReadError>;
}

/// Why a write did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The object has another resourceVersion by now: read it and try again.
    #[error("the object has changed meanwhile")]
    Conflict,
    /// The object, or this life of it, is no longer there.
    #[error("the object is gone")]
    Gone,
    /// Writing is not ours at present: the lease is lost or runs out (D43).
    #[error("another replica leads")]
    NotLeader,
    /// The server asks for patience.
    #[error("the API server is busy: {message}")]
    Busy {
        /// What it said.
        message: String,
        /// How long to wait.
        retry_after: Option<std::time::Duration>,
    },
    /// The server refuses the write as it is; the same write would be refused again.
    #[error("the API server refused the write: {0}")]
    Refused(String),
    /// Anything else; trying again may help.
    #[error("{0}")]
    Failed(String),
}

/// What an event is about and what it says.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The object.
    pub key: Key,
    /// Its uid.
    pub uid: Arc<str>,
    /// Its resourceVersion when the event arose.
    pub resource_version: Arc<str>,
    /// When the event arose.
    pub time: jiff::Timestamp,
    /// `event.toolkit.fluxcd.io/*` annotations of the object, which win over the event's own.
    pub object_metadata: BTreeMap<String, String>,
    /// The event.
    pub announcement: Announcement,
}

/// What is to become different in the status of one version of an object.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// The version that is changed.
    pub of: Arc<Object>,
    /// A merge patch of its `status` (RFC 7386).
    pub difference: Value,
}

impl StatusChange {
    /// The change as a merge patch of the object; it names the life and the version that it holds for (D43).
    #[must_use]
    pub fn patch(&self) -> Value {
        json!({
            "metadata": { "uid": &*self.of.uid, "resourceVersion": &*self.of.resource_version },
            "status": self.difference,
        })
    }

    /// The whole status that the change leads to, with what others wrote into it.
    #[must_use]
    pub fn status(&self) -> Value {
        let mut status = Value::Object(self.of.recorded_status());
        merge(&mut status, &self.difference);
        status
    }
}

/// Writes to the cluster. Every call is one request; patience is the caller's.
#[async_trait]
pub trait ClusterWriter: Send + Sync {
    /// Changes the status of an object that is still of this version and returns the object as it is then.
    async fn change_status(&self, change: &StatusChange) -> Result<Object, WriteError>;
    /// Merge-patches the object itself and returns it as it is then.
    async fn patch(&self, key: &Key, patch: Value) -> Result<Object, WriteError>;
    /// The object as it is now.
    async fn get(&self, key: &Key) -> Result<Object, WriteError>;
    /// Records an event; `name` is unique to it, `count` says how often it has been told, the first time `1`.
    async fn record_event(&self, notice: &Notice, name: &str, count: u32) -> Result<(), WriteError>;
    /// Posts an event to the notification address (spec 8.1); without an address it does nothing.
    async fn notify(&self, notice: &Notice) -> Result<(), WriteError>;
}

/// The failure of a write that an attempt waited for.
#[must_use]
pub fn patch_failure(error: &WriteError) -> Failure {
    Failure::retry(None, reconcile::Reason::PatchOperationFailed, error.to_string())
}
