//! The Kubernetes ends: the watch of objects, reads of what they name, and writes.

mod answer;
mod client;
mod event;
mod leadership;
mod notify;
mod reader;
mod watch;
mod writer;

use std::sync::Arc;

use kube::core::Request;

pub use client::{client, connect};
pub use leadership::{Leadership, Sole};
pub use notify::Notifier;
pub use reader::Reader;
pub use watch::{Selection, watch};
pub use writer::Writer;

use crate::config::Config;
use crate::wiring::Ends;

const GROUP: &str = sluice_crds::GROUP;
const VERSION: &str = "v1";
const KIND: &str = sluice_crds::KIND;
const PLURAL: &str = "ocirepositories";
/// Field manager and event source as upstream, so that objects can be handed over in either direction (D23).
const MANAGER: &str = "source-controller";

/// The two ends at the cluster that kubeconfig or the pod's service account names.
///
/// # Errors
/// No such cluster is configured, or the notification client cannot be built.
pub async fn ends(config: &Config) -> anyhow::Result<Ends> {
    let client = connect().await?;
    let notifier = config.events.clone().map(Notifier::new).transpose()?;
    let selection = Selection {
        namespace: config.namespace.clone(),
        labels: config.selector.clone(),
    };
    Ok(Ends {
        reader: Arc::new(Reader::new(client.clone())),
        writer: Arc::new(Writer::new(client.clone(), Arc::new(Sole), notifier)),
        source: Box::new(|watcher, stop| Box::pin(watch(client, selection, watcher, stop))),
    })
}

fn repositories(namespace: &str) -> Request {
    Request::new(format!("/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}"))
}

fn core(namespace: &str, plural: &str) -> Request {
    Request::new(format!("/api/v1/namespaces/{namespace}/{plural}"))
}

#[cfg(test)]
mod tests;
