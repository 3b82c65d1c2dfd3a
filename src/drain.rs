//! The order in which things stop, within the pod's grace period.

use std::time::Duration;

use sluice_actors::status_writer::Flush;
use sluice_actors::watcher::StopWatching;
use tokio::task::JoinHandle;

use crate::serve::Servers;
use crate::webhooks::Reception;
use crate::wiring::Actors;

/// All of a stop: under the 30 s that a pod has by default.
const GRACE: Duration = Duration::from_secs(25);
/// What readiness says meanwhile.
const STOPPING: &str = "shutting down";

/// Ends the attempts, then writes what they led to, then closes the servers, then passes on what these have taken.
pub(crate) async fn drain(
    actors: Actors,
    servers: Servers,
    watch: JoinHandle<()>,
    reception: Option<Reception>,
) {
    servers.not_ready(STOPPING);
    if let Some(reception) = &reception {
        reception.resign();
    }
    let orderly = async {
        if let Err(error) = watch.await {
            tracing::warn!(%error, "the watch ended badly");
        }
        for (what, answer) in [
            ("attempts", actors.watcher.send(StopWatching).await),
            ("statuses", actors.status_writer.send(Flush).await),
        ] {
            if let Ok(Err(failure)) = answer {
                tracing::warn!(what, error = failure.message, "not everything was finished");
            }
        }
        close(servers, reception).await;
    };
    within_grace(orderly).await;
}

/// The end of a replica that has not led.
pub(crate) async fn stand_down(servers: Servers, reception: Option<Reception>) {
    servers.not_ready(STOPPING);
    within_grace(close(servers, reception)).await;
}

async fn close(servers: Servers, reception: Option<Reception>) {
    servers.stop().await;
    if let Some(reception) = reception {
        reception.hand_over().await;
    }
}

async fn within_grace(work: impl Future<Output = ()>) {
    if tokio::time::timeout(GRACE, work).await.is_err() {
        tracing::warn!("the stop took longer than {GRACE:?}; what is left is dropped");
    }
}
