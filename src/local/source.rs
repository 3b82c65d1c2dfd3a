//! Shows the folder's objects to the Watcher, as the watch of a cluster would.

use std::sync::Arc;
use std::time::Duration;

use actix::MailboxError;
use sluice_actors::watcher::ObjectChanged;
use tokio_util::sync::CancellationToken;

use super::Stand;
use super::wakes::Wakes;
use crate::wiring::Listeners;

/// Sends every object, then every change, until the token is cancelled or nobody listens.
pub(super) async fn follow(stand: Arc<Stand>, listeners: Listeners, stop: CancellationToken) {
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        told = tell(&stand, &listeners) => if let Err(dead) = told {
            tracing::error!(%dead, "nobody listens to the folder of manifests");
        }
    }
}

async fn tell(stand: &Arc<Stand>, listeners: &Listeners) -> Result<(), MailboxError> {
    let mut version = stand.records.version();
    let wakes = Wakes::of(&stand.folder);
    let mut again = Some(Duration::ZERO);
    let mut news = listed(stand);
    loop {
        for change in news {
            listeners.objects.send(change).await?;
        }
        for change in stand.shelf.changes() {
            listeners.dependencies.send(change).await?;
        }
        tokio::select! {
            biased;
            changed = version.changed() => if changed.is_err() { return Ok(()) },
            () = wakes.next(again) => again = look(stand).await,
        }
        news = stand.records.changes();
    }
}

/// The whole list; what is known so far needs no telling.
fn listed(stand: &Stand) -> Vec<ObjectChanged> {
    stand.records.changes();
    stand.shelf.changes();
    let objects = stand.records.all().into_iter().map(ObjectChanged::Applied);
    let (start, end) =
        (std::iter::once(ObjectChanged::RelistStarted), std::iter::once(ObjectChanged::RelistFinished));
    start.chain(objects).chain(end).collect()
}

/// Looks at the folder; how soon to look again.
async fn look(stand: &Arc<Stand>) -> Option<Duration> {
    let stand = Arc::clone(stand);
    let looked = tokio::task::spawn_blocking(move || stand.look()).await;
    looked.unwrap_or_else(|error| {
        tracing::error!(%error, "a look at the folder of manifests ended in a panic");
        None
    })
}
