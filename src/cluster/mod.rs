//! The Kubernetes ends: the watch of objects and of what they name, reads of what they name, and writes.

mod answer;
mod client;
mod counting;
mod dependencies;
mod event;
mod follow;
mod leadership;
mod notify;
mod reader;
mod watch;
mod watched;
mod webhooks;
mod writer;

use std::sync::Arc;

use kube::Client;
use kube::core::Request;
use prometheus::core::Collector;
use tokio_util::sync::CancellationToken;

pub(crate) use answer::{TIME_LIMIT, words};
pub use client::{client, connect};
pub use dependencies::watch_dependencies;
pub use leadership::{Leadership, Sole};
pub use notify::Notifier;
pub use reader::Reader;
pub use watch::{Selection, watch};
pub use writer::Writer;

use crate::config::Config;
use crate::lease::Election;
use crate::metrics::{Lag, Requests};
use crate::wiring::{Ends, Listeners, WebhookEnds};

const GROUP: &str = sluice_crds::GROUP;
const VERSION: &str = "v1";
const KIND: &str = sluice_crds::KIND;
const PLURAL: &str = "ocirepositories";
/// Field manager and event source as upstream, so that objects can be handed over in either direction (D23).
pub(crate) const MANAGER: &str = "source-controller";

/// The two ends at the cluster that kubeconfig or the pod's service account names.
///
/// # Errors
/// No such cluster is configured, or the notification client cannot be built.
pub async fn ends(config: &Config) -> anyhow::Result<Ends> {
    let requests = Requests::new()?;
    let client = connect(&requests).await?;
    let notifier = config.events.clone().map(Notifier::new).transpose()?;
    let selection = Selection { namespace: config.namespace.clone(), labels: config.selector.clone() };
    let lag = Lag::of_watch()?;
    let mut series: Vec<Box<dyn Collector>> = vec![Box::new(requests), Box::new(lag.clone())];
    let election = config.election.as_ref();
    let election = election.map(|settings| Election::new(client.clone(), settings)).transpose()?;
    if let Some(election) = &election {
        series.push(Box::new(election.series()));
    }
    let webhooks = config.webhook_address.as_ref().map(|_| webhook_ends(&client, &selection, &lag));
    let leadership = election.as_ref().map_or_else(|| Arc::new(Sole) as _, Election::leadership);
    Ok(Ends {
        reader: Arc::new(Reader::new(client.clone())),
        writer: Arc::new(Writer::new(client.clone(), leadership, notifier)),
        source: Box::new(|listeners, stop| Box::pin(watch_all(client, selection, lag, listeners, stop))),
        election,
        webhooks,
        series,
    })
}

fn webhook_ends(client: &Client, selection: &Selection, lag: &Lag) -> WebhookEnds {
    let (hooks, objects) = (client.clone(), client.clone());
    let (selection, namespace) = (selection.clone(), selection.namespace.clone());
    let (hooks_lag, objects_lag) = (lag.clone(), lag.clone());
    WebhookEnds {
        writer: Arc::new(webhooks::WebhookWriter { client: client.clone() }),
        hooks: Box::new(|receiver, secrets, stop| {
            let (other, elsewhere, lag) = (hooks.clone(), namespace.clone(), hooks_lag.clone());
            Box::pin(async move {
                tokio::join!(
                    webhooks::watch_webhooks(hooks, namespace, hooks_lag, receiver, stop.clone()),
                    dependencies::watch_secrets(other, elsewhere, lag, secrets, stop),
                );
            })
        }),
        objects: Box::new(|indexer, stop| Box::pin(watch(objects, selection, objects_lag, indexer, stop))),
    }
}

async fn watch_all(
    client: Client,
    selection: Selection,
    lag: Lag,
    listeners: Listeners,
    stop: CancellationToken,
) {
    let namespace = selection.namespace.clone();
    tokio::join!(
        watch_dependencies(client.clone(), namespace, lag.clone(), listeners.dependencies, stop.clone()),
        watch(client, selection, lag, listeners.objects, stop),
    );
}

fn repositories(namespace: &str) -> Request {
    Request::new(format!("/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}"))
}

fn core(namespace: &str, plural: &str) -> Request {
    Request::new(format!("/api/v1/namespaces/{namespace}/{plural}"))
}

#[cfg(test)]
mod tests;
