//! Tells the Watcher of Secrets and service accounts by name and version: no payload, nothing else is kept (D19, D53).

use std::fmt::Debug;
use std::time::Duration;

use actix::Recipient;
use k8s_openapi::api::core::v1 as api;
use kube::api::Api;
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::runtime::watcher::Event;
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use sluice_actors::watcher::DependencyChanged;
use sluice_actors::{Dependency, DependencyKind};
use tokio_util::sync::CancellationToken;

use super::follow::{Unwatchable, Watch};
use crate::metrics::Lag;

/// Before it is asked again for what may not be watched: roles change seldom, and each request ends in an audit log.
const AFTER_REFUSAL: Duration = Duration::from_mins(10);

/// Watches them in this namespace, `None` for all, until `stop` is cancelled or nobody listens any more. What may
/// not be watched is said once and asked for again every ten minutes.
pub async fn watch_dependencies(
    client: Client,
    namespace: Option<String>,
    lag: Lag,
    watcher: Recipient<DependencyChanged>,
    stop: CancellationToken,
) {
    Watched { client, namespace, after_refusal: AFTER_REFUSAL, lag }.follow(watcher, stop).await;
}

/// Watches Secrets alone, in the same way.
pub(super) async fn watch_secrets(
    client: Client,
    namespace: Option<String>,
    lag: Lag,
    receiver: Recipient<DependencyChanged>,
    stop: CancellationToken,
) {
    let watched = Watched { client, namespace, after_refusal: AFTER_REFUSAL, lag };
    watched.kind::<api::Secret>(DependencyKind::Secret, receiver, stop).await;
}

/// Where is watched, and how patiently.
pub(super) struct Watched {
    pub(super) client: Client,
    pub(super) namespace: Option<String>,
    pub(super) after_refusal: Duration,
    pub(super) lag: Lag,
}

impl Watched {
    pub(super) async fn follow(&self, watcher: Recipient<DependencyChanged>, stop: CancellationToken) {
        tokio::join!(
            self.kind::<api::Secret>(DependencyKind::Secret, watcher.clone(), stop.clone()),
            self.kind::<api::ServiceAccount>(DependencyKind::ServiceAccount, watcher, stop),
        );
    }

    async fn kind<K>(
        &self,
        kind: DependencyKind,
        watcher: Recipient<DependencyChanged>,
        stop: CancellationToken,
    ) where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + Debug
            + Send
            + 'static,
    {
        let api: Api<PartialObjectMeta<K>> = match &self.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        };
        let watch = Watch {
            api,
            what: match kind {
                DependencyKind::Secret => "secrets",
                DependencyKind::ServiceAccount => "serviceaccounts",
            },
            labels: None,
            unwatchable: Some(Unwatchable {
                again_after: self.after_refusal,
                meaning: "these may not be watched: a change is noticed when they are read next",
            }),
            lag: self.lag.clone(),
        };
        watch.follow(|event| change(kind, event), watcher, stop).await;
    }
}

fn change<K>(kind: DependencyKind, event: Event<PartialObjectMeta<K>>) -> Option<DependencyChanged>
where
    PartialObjectMeta<K>: Resource,
{
    let named =
        |object: &PartialObjectMeta<K>| Some(Dependency::new(kind, &object.namespace()?, &object.name_any()));
    match event {
        Event::Init => Some(DependencyChanged::RelistStarted(kind)),
        Event::InitDone => Some(DependencyChanged::RelistFinished(kind)),
        Event::InitApply(object) | Event::Apply(object) => Some(DependencyChanged::Applied {
            dependency: named(&object)?,
            version: object.metadata.resource_version?.into(),
        }),
        Event::Delete(object) => Some(DependencyChanged::Deleted(named(&object)?)),
    }
}
