//! Shows every object and every change of one to the Watcher, for ever: a server that is gone is waited for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix::{MailboxError, Recipient};
use futures::{Stream, StreamExt};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::{self, Event, InitialListStrategy};
use kube::{Client, ResourceExt};
use reconcile::Backoff;
use sluice_actors::watcher::ObjectChanged;
use sluice_actors::{Key, Object};
use tokio_util::sync::CancellationToken;

use super::answer::words;
use super::{GROUP, KIND, PLURAL, VERSION};

/// Below the idle time-outs of load balancers that stand before API servers, which begin at 240 s.
const WATCH_SECONDS: u32 = 200;
/// Between failures in a row: one request of one client, so that a server that is back is soon noticed.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(800),
    longest: Duration::from_secs(5),
};
const GONE: u16 = 410;

/// Which objects are watched.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Those of this namespace; `None` for all.
    pub namespace: Option<String>,
    /// Those that match this label selector; `None` for all.
    pub labels: Option<String>,
}

type Result = std::result::Result<Event<DynamicObject>, watcher::Error>;

/// How a watch that cannot go on begins anew.
enum Outcome {
    Stopped,
    Anew(InitialListStrategy),
}

/// Watches until `stop` is cancelled or nobody listens any more. The awaited reply is the backpressure.
pub async fn watch(
    client: Client,
    selection: Selection,
    watcher: Recipient<ObjectChanged>,
    stop: CancellationToken,
) {
    let mut strategy = InitialListStrategy::StreamingList;
    loop {
        let events = watcher::watcher(api(&client, &selection), settings(&selection, &strategy));
        let listening = forward(events, &strategy, &watcher);
        let outcome = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            outcome = listening => outcome,
        };
        match outcome {
            Ok(Outcome::Anew(next)) if next == strategy => tokio::time::sleep(BACKOFF.first).await,
            Ok(Outcome::Anew(next)) => strategy = next,
            Ok(Outcome::Stopped) => return,
            Err(dead) => {
                tracing::error!(%dead, "nobody listens to the watch");
                return;
            }
        }
    }
}

fn api(client: &Client, selection: &Selection) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(GROUP, VERSION, KIND);
    let resource = ApiResource::from_gvk_with_plural(&kind, PLURAL);
    match &selection.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

fn settings(selection: &Selection, strategy: &InitialListStrategy) -> watcher::Config {
    watcher::Config {
        label_selector: selection.labels.clone(),
        timeout: Some(WATCH_SECONDS),
        initial_list_strategy: strategy.clone(),
        ..watcher::Config::default()
    }
}

async fn forward(
    events: impl Stream<Item = Result>,
    strategy: &InitialListStrategy,
    watcher: &Recipient<ObjectChanged>,
) -> std::result::Result<Outcome, MailboxError> {
    let mut events = pin!(events);
    let mut failures = 0_u32;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                if failures > 0 && !matches!(event, Event::Init) {
                    tracing::info!(failures, "the watch is back");
                    failures = 0;
                }
                if let Some(change) = change(event) {
                    watcher.send(change).await?;
                }
            }
            Err(error) => {
                let (remedy, error) = (remedy(&error, strategy), words(&error));
                match remedy {
                    Remedy::Patience => {
                        failures = failures.saturating_add(1);
                        tracing::warn!(error, failures, "the watch failed and is tried again");
                    }
                    Remedy::List => {
                        failures = 0;
                        tracing::info!(error, "the watch goes on with a list");
                    }
                    Remedy::Anew(strategy) => {
                        tracing::info!(error, "the watch begins anew");
                        return Ok(Outcome::Anew(strategy));
                    }
                }
                tokio::time::sleep(BACKOFF.after(failures)).await;
            }
        }
    }
    Ok(Outcome::Stopped)
}

/// What helps after an error.
enum Remedy {
    /// The same again, later.
    Patience,
    /// A list, which kube's watcher makes by itself.
    List,
    /// Another watcher: kube's one repeats a request that can never succeed.
    Anew(InitialListStrategy),
}

fn remedy(error: &watcher::Error, strategy: &InitialListStrategy) -> Remedy {
    let status = match error {
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status,
        watcher::Error::WatchError(status) if status.code == GONE => return Remedy::List,
        watcher::Error::WatchStartFailed(_)
        | watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchError(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => return Remedy::Patience,
    };
    let streaming = *strategy == InitialListStrategy::StreamingList;
    match status.code {
        400 | 422 if streaming => Remedy::Anew(InitialListStrategy::ListWatch),
        GONE => Remedy::Anew(strategy.clone()),
        // Of a cluster that was restored from a backup.
        504 if status.message.contains("Too large resource version") => Remedy::Anew(strategy.clone()),
        _ => Remedy::Patience,
    }
}

fn change(event: Event<DynamicObject>) -> Option<ObjectChanged> {
    match event {
        Event::Init => Some(ObjectChanged::RelistStarted),
        Event::InitDone => Some(ObjectChanged::RelistFinished),
        Event::InitApply(object) | Event::Apply(object) => applied(object),
        Event::Delete(object) => {
            let key = Key::new(&object.namespace()?, &object.name_any());
            Some(ObjectChanged::Deleted {
                key,
                uid: object.uid().unwrap_or_default().into(),
            })
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
