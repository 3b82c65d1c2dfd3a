//! The webhooks of one process, from before it leads until it ends.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use prometheus::Registry;
use sluice_actors::cluster::ClusterReader;
use sluice_actors::receiver::{Equipment, HandOver, Hooks, Indexer, Lead, Receiver};
use sluice_actors::watcher::Watcher;
use sluice_actors::{Known, Sources};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::desk::Desk;
use crate::config::Config;
use crate::metrics::Deliveries;
use crate::wiring::WebhookEnds;

/// How long a stop waits for requests to the API server.
const HAND_OVER: Duration = Duration::from_secs(10);

/// What takes deliveries; its watches end with it.
pub struct Reception {
    receiver: Addr<Receiver>,
    sources: Arc<Sources>,
    /// Ends the watches with this.
    _watching: DropGuard,
    standby: Option<Standby>,
}

/// The index of a replica that does not lead.
struct Standby {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Reception {
    /// Begins to watch hooks, and objects too where another replica may lead; to be called on the arbiter.
    ///
    /// # Errors
    /// None that can occur: series that are registered once, settings that are fixed.
    pub fn start(
        config: &Config,
        ends: WebhookEnds,
        reader: &Arc<dyn ClusterReader>,
        known: &Arc<Known>,
        metrics: &Registry,
    ) -> anyhow::Result<(Self, Desk)> {
        let (hooks, sources) = (Arc::new(Hooks::default()), Arc::new(Sources::default()));
        let cluster = Arc::clone(&ends.writer);
        let equipment = Equipment {
            reader: Arc::clone(reader),
            writer: ends.writer,
            hooks: Arc::clone(&hooks),
            sources: Arc::clone(&sources),
            known: Arc::clone(known),
            home: config.home.clone(),
        };
        let receiver = Receiver::new(Arc::new(equipment)).start();
        let deliveries = Deliveries::new()?;
        metrics.register(Box::new(deliveries.clone()))?;
        let (deliver, refused) = (receiver.clone().recipient(), receiver.clone().recipient());
        let desk = Desk::new(hooks, Arc::clone(&sources), deliver, refused, cluster, deliveries)?;
        let watching = CancellationToken::new();
        let (hooks, secrets) = (receiver.clone().recipient(), receiver.clone().recipient());
        tokio::spawn((ends.hooks)(hooks, secrets, watching.clone()));
        let standby = config.election.is_some().then(|| {
            let indexer = Indexer::new(Arc::clone(&sources)).start();
            let stop = watching.child_token();
            let task = tokio::spawn((ends.objects)(indexer.recipient(), stop.clone()));
            Standby { stop, task }
        });
        Ok((Self { receiver, sources, _watching: watching.drop_guard(), standby }, desk))
    }

    /// What pushes are held against.
    #[must_use]
    pub fn sources(&self) -> Arc<Sources> {
        Arc::clone(&self.sources)
    }

    /// Nobody but the Watcher's own objects fill the index from now on.
    pub async fn stop_standing_by(&mut self) {
        let Some(Standby { stop, task }) = self.standby.take() else {
            return;
        };
        stop.cancel();
        if let Err(error) = task.await {
            tracing::warn!(%error, "the watch of a replica that did not lead ended badly");
        }
    }

    /// This replica leads: pushes go to its Watcher.
    pub fn lead(&self, watcher: &Addr<Watcher>) {
        self.receiver.do_send(Lead(Some(watcher.clone().recipient())));
    }

    /// Whether it still takes deliveries.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.receiver.connected()
    }

    /// This replica is about to end: whom a push concerns is told so by the next one.
    pub fn resign(&self) {
        self.receiver.do_send(Lead(None));
    }

    /// The last thing, once no deliveries come any more: nobody who was to be woken is forgotten.
    pub async fn hand_over(&self) {
        if tokio::time::timeout(HAND_OVER, self.receiver.send(HandOver)).await.is_err() {
            tracing::warn!(
                "not all pushes could be passed on within {HAND_OVER:?}: their objects are looked at when their intervals are over"
            );
        }
    }
}
