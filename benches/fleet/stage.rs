//! A whole operator between a registry and a cluster, all three in this process: what it does is counted at both ends.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use prometheus::Registry as Metrics;
use prometheus::proto::MetricFamily;
use sluice::config::Config;
use sluice::wiring::{self, Actors, Ends};
use sluice_actors::Known;
use sluice_actors::status_writer::Flush;
use sluice_actors::watcher::StopWatching;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::registry::Registry;

/// Between looks at the metrics of all objects, for each of them: a look takes a small part of that.
const LOOK: Duration = Duration::from_micros(50);

/// The three of them; what is on disk goes with it.
pub(crate) struct Stage {
    pub(crate) registry: Registry,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) room: TempDir,
    config: Config,
}

/// An operator that runs.
pub(crate) struct Operator {
    actors: Actors,
    metrics: Metrics,
    watching: CancellationToken,
    watch: JoinHandle<()>,
}

impl Stage {
    /// So many objects, each with a repository of its own that it polls in this interval. Nothing runs yet but the registry.
    pub(crate) fn set(count: usize, interval: &str) -> anyhow::Result<Self> {
        let room = tempfile::tempdir()?;
        let registry = Registry::open(count)?;
        let cluster = Arc::new(Cluster::new(interval, &registry));
        let config = config(&room)?;
        Ok(Self { registry, cluster, room, config })
    }

    /// Starts an operator on what the last one has stored.
    pub(crate) async fn start(&self) -> anyhow::Result<Operator> {
        let metrics = Metrics::new();
        let Ends { reader, writer, source, election, webhooks, series } = self.cluster.ends();
        let (store, known) = (wiring::open(&self.config).await?, Arc::new(Known::default()));
        let ends = Ends { reader, writer, source, election, webhooks, series };
        let actors = wiring::start(&self.config, &ends, store, known, None, &metrics)?;
        let watching = CancellationToken::new();
        let watch = tokio::spawn((ends.source)(actors.listeners(), watching.clone()));
        Ok(Operator { actors, metrics, watching, watch })
    }

    /// New content in every repository, all objects asked to look, until each of them shows it.
    pub(crate) async fn update_all(&self) {
        self.registry.push_all();
        self.ask_all().await;
    }

    /// All objects asked to look, until each of them has answered and shows the newest content.
    pub(crate) async fn ask_all(&self) {
        let all: Vec<usize> = (0..self.registry.count()).collect();
        self.cluster.ask(&all, &self.registry).await;
    }
}

impl Operator {
    /// Until nothing is left to be written, events included.
    pub(crate) async fn settled(&self) -> anyhow::Result<()> {
        if let Err(failure) = self.actors.status_writer.send(Flush).await? {
            bail!("the statuses are not written: {}", failure.message);
        }
        Ok(())
    }

    /// Until so many passes have ended; no measured one takes a minute.
    pub(crate) async fn passes(&self, count: usize) {
        let ended = || {
            let families = self.metrics.gather();
            let passes = families.iter().find(|family| family.name() == "controller_runtime_reconcile_total");
            let all = passes.into_iter().flat_map(MetricFamily::get_metric);
            all.map(|metric| metric.get_counter().get_value()).sum::<f64>()
        };
        let wanted = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let mut look = tokio::time::interval(LOOK * u32::try_from(count).unwrap_or(u32::MAX));
        let looks = async {
            while ended() < wanted {
                look.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), looks).await.expect("the passes end");
    }

    /// Ends it in order.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.watching.cancel();
        (&mut self.watch).await?;
        if let Err(failure) = self.actors.watcher.send(StopWatching).await? {
            bail!("the attempts do not end: {}", failure.message);
        }
        self.settled().await
    }
}

/// What `sluice run` has without any flag, but for the folders and ports.
fn config(room: &TempDir) -> anyhow::Result<Config> {
    let storage = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr())?.to_string();
    Config::of_flags(&[
        ("--storage-path", &room.path().display().to_string()),
        ("--storage-addr", &storage),
        ("--storage-adv-addr", &storage),
        ("--enable-leader-election", "false"),
        ("--events-addr", ""),
    ])
}
