//! Where the Lease is kept: in the cluster.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use uuid::Uuid;

use crate::cluster::{MANAGER, words};
use crate::config;

/// How many requests fit into the time that a renewal has.
const TRIES: u32 = 3;
/// What upstream calls the events of its elections.
const REASON: &str = "LeaderElection";

/// Why the Lease was not read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Somebody else wrote it first.
    #[error("somebody else has written it")]
    Conflict,
    /// Nothing is known of it.
    #[error("{0}")]
    Unknown(String),
}

/// Keeps one Lease.
#[async_trait]
pub(super) trait Board: Send + Sync {
    /// The Lease as it is; `None` where there is none.
    async fn read(&self) -> Result<Option<Lease>, Failure>;

    /// Writes it over the version that it was read from, or for the first time.
    async fn write(&self, lease: Lease) -> Result<Lease, Failure>;

    /// Records this event of the Lease, if that is possible.
    async fn tell(&self, lease: &Lease, text: String);
}

/// The Lease in the cluster.
pub(super) struct ClusterBoard {
    leases: Api<Lease>,
    events: Api<Event>,
    namespace: String,
    name: String,
    identity: String,
    limit: Duration,
}

impl ClusterBoard {
    /// The Lease of these settings, through this client, for the candidate of this name.
    pub(super) fn new(client: Client, settings: &config::Election, identity: &str) -> Self {
        Self {
            leases: Api::namespaced(client.clone(), &settings.namespace),
            events: Api::namespaced(client, &settings.namespace),
            namespace: settings.namespace.clone(),
            name: settings.lease.clone(),
            identity: identity.to_owned(),
            limit: settings.renew_deadline / TRIES,
        }
    }

    async fn answer<T>(&self, request: impl Future<Output = kube::Result<T>> + Send) -> Result<T, Failure> {
        let Ok(answer) = tokio::time::timeout(self.limit, request).await else {
            return Err(Failure::Unknown(format!("no answer within {:?}", self.limit)));
        };
        answer.map_err(|error| {
            if matches!(&error, kube::Error::Api(status) if status.code == 409) {
                return Failure::Conflict;
            }
            Failure::Unknown(words(&error))
        })
    }
}

#[async_trait]
impl Board for ClusterBoard {
    async fn read(&self) -> Result<Option<Lease>, Failure> {
        self.answer(self.leases.get_opt(&self.name)).await
    }

    async fn write(&self, mut lease: Lease) -> Result<Lease, Failure> {
        let parameters = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        if lease.metadata.resource_version.is_some() {
            return self.answer(self.leases.replace(&self.name, &parameters, &lease)).await;
        }
        lease.metadata.name = Some(self.name.clone());
        self.answer(self.leases.create(&parameters, &lease)).await
    }

    async fn tell(&self, lease: &Lease, text: String) {
        let time = Some(Timestamp::now().into());
        let event = Event {
            metadata: ObjectMeta {
                name: Some(format!("{}.{}", self.name, Uuid::new_v4().simple())),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some("coordination.k8s.io/v1".to_owned()),
                kind: Some("Lease".to_owned()),
                namespace: Some(self.namespace.clone()),
                name: Some(self.name.clone()),
                uid: lease.metadata.uid.clone(),
                resource_version: lease.metadata.resource_version.clone(),
                ..ObjectReference::default()
            },
            type_: Some("Normal".to_owned()),
            reason: Some(REASON.to_owned()),
            message: Some(text),
            source: Some(EventSource { component: Some(self.identity.clone()), ..EventSource::default() }),
            first_timestamp: time.clone(),
            last_timestamp: time,
            count: Some(1),
            ..Event::default()
        };
        if let Err(error) = self.answer(self.events.create(&PostParams::default(), &event)).await {
            tracing::debug!(%error, "the event of the election could not be recorded");
        }
    }
}
