//! Shows every object and every change of one to the Watcher.

use std::sync::Arc;

use actix::Recipient;
use kube::Client;
use kube::api::{Api, ApiResource};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::Event;
use sluice_actors::Object;
use sluice_actors::watcher::ObjectChanged;
use tokio_util::sync::CancellationToken;

use super::follow::Watch;
use super::watched::Watched;
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

fn api(client: Client, selection: &Selection) -> Api<Watched> {
    let kind = GroupVersionKind::gvk(GROUP, VERSION, KIND);
    let resource = ApiResource::from_gvk_with_plural(&kind, PLURAL);
    match &selection.namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    }
}

fn change(event: Event<Watched>) -> Option<ObjectChanged> {
    match event {
        Event::Init => Some(ObjectChanged::RelistStarted),
        Event::InitDone => Some(ObjectChanged::RelistFinished),
        Event::InitApply(object) | Event::Apply(object) => {
            object.read(PLURAL, Object::new).map(|object| ObjectChanged::Applied(Arc::new(object)))
        }
        Event::Delete(object) => {
            object.identity().map(|(key, uid)| ObjectChanged::Deleted { key, uid: uid.into() })
        }
    }
}
