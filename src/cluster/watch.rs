//! Shows every object and every change of one to the Watcher.

use std::sync::Arc;

use actix::Recipient;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::Event;
use kube::{Client, ResourceExt};
use sluice_actors::watcher::ObjectChanged;
use sluice_actors::{Key, Object};
use tokio_util::sync::CancellationToken;

use super::follow::Watch;
use super::{GROUP, KIND, PLURAL, VERSION};
use crate::metrics::Lag;

/// Which objects are watched.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Those of this namespace; `None` for all.
    pub namespace: Option<String>,
    /// Those that match this label selector; `None` for all.
    pub labels: Option<String>,
}

/// Watches until `stop` is cancelled or nobody listens any more. The awaited reply is the backpressure.
pub async fn watch(
    client: Client,
    selection: Selection,
    lag: Lag,
    watcher: Recipient<ObjectChanged>,
    stop: CancellationToken,
) {
    let api = api(client, &selection);
    let watch = Watch { api, what: PLURAL, labels: selection.labels, unwatchable: None, lag };
    watch.follow(change, watcher, stop).await;
}

fn api(client: Client, selection: &Selection) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(GROUP, VERSION, KIND);
    let resource = ApiResource::from_gvk_with_plural(&kind, PLURAL);
    match &selection.namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    }
}

fn change(event: Event<DynamicObject>) -> Option<ObjectChanged> {
    match event {
        Event::Init => Some(ObjectChanged::RelistStarted),
        Event::InitDone => Some(ObjectChanged::RelistFinished),
        Event::InitApply(object) | Event::Apply(object) => applied(object),
        Event::Delete(object) => {
            let key = Key::new(&object.namespace()?, &object.name_any());
            Some(ObjectChanged::Deleted { key, uid: object.uid().unwrap_or_default().into() })
        }
    }
}

fn applied(mut object: DynamicObject) -> Option<ObjectChanged> {
    object.metadata.managed_fields = None;
    let parsed = serde_json::to_value(&object)
        .map_err(|error| error.to_string())
        .and_then(|value| Object::parse(&value));
    match parsed {
        Ok(object) => Some(ObjectChanged::Applied(Arc::new(object))),
        Err(error) => {
            tracing::error!(error, name = object.name_any(), "an object cannot be read");
            None
        }
    }
}
