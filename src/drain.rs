//! The order in which things stop, within the pod's grace period.

use std::time::Duration;

use sluice_actors::status_writer::Flush;
use sluice_actors::watcher::StopWatching;
use tokio::task::JoinHandle;

use crate::serve::Servers;
use crate::wiring::Actors;

/// All of a stop: under the 30 s that a pod has by default.
const GRACE: Duration = Duration::from_secs(25);

/// Ends the attempts, then writes what they led to, then closes the servers.
pub(crate) async fn drain(actors: Actors, servers: Servers, watch: JoinHandle<()>) {
    servers.not_ready("shutting down");
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
        servers.stop().await;
    };
    if tokio::time::timeout(GRACE, orderly).await.is_err() {
        tracing::warn!("the stop took longer than {GRACE:?}; what is left is dropped");
    }
}
