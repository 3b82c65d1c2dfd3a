//! The supervision root: starts everything, waits for a signal or a death, and drains.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use artifact::store::Store;
use prometheus::Registry;
use prometheus::core::Collector;
use sluice_actors::Known;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::drain;
use crate::lease::{Campaign, Election};
use crate::metrics::{Process, Tokens};
use crate::serve::{self, Servers};
use crate::webhooks::Reception;
use crate::wiring::{self, Actors, Ends, Source};

/// How often the root looks whether every service lives.
const TICK: Duration = Duration::from_secs(1);

/// Drafts are dropped with the process (D43).
const LOST: &str = "leader election lost: another replica may lead now";

/// Runs the operator between these ends until `shutdown` is cancelled; to be called on the arbiter.
///
/// Until the election is won, if there is one, only health and metrics are served.
///
/// # Errors
/// Something that cannot be used at the start, the death of a service, or the loss of the Lease. After the last two the
/// process must end at once: its state cannot be trusted, or another replica leads.
pub async fn operate(config: &Config, mut ends: Ends, shutdown: CancellationToken) -> anyhow::Result<()> {
    let groundwork = Groundwork::lay(config, &mut ends)?;
    let campaign = ends.election.take().map(Election::start);
    let begun = tokio::select! {
        biased;
        begun = begin(config, &ends, groundwork, campaign.as_ref(), &shutdown) => begun,
        () = lost(campaign.as_ref()) => bail!(LOST),
    };
    let (actors, groundwork) = match begun {
        Ok(Some(begun)) => begun,
        unled => {
            leave(campaign).await;
            return unled.map(drop);
        }
    };
    tokio::select! {
        biased;
        led = lead(config, ends.source, actors, groundwork, &shutdown) => led?,
        () = lost(campaign.as_ref()) => bail!(LOST),
    }
    leave(campaign).await;
    Ok(())
}

/// What is there whether we lead or not.
struct Groundwork {
    known: Arc<Known>,
    metrics: Registry,
    servers: Servers,
    reception: Option<Reception>,
}

impl Groundwork {
    fn lay(config: &Config, ends: &mut Ends) -> anyhow::Result<Self> {
        let metrics = metrics(ends.series.drain(..))?;
        let known = Arc::new(Known::default());
        let mut servers = serve::start(config, &known, &metrics)?;
        let mut reception = None;
        if let (Some(webhooks), Some(address)) = (ends.webhooks.take(), &config.webhook_address) {
            let (started, desk) = Reception::start(config, webhooks, &ends.reader, &known, &metrics)?;
            servers.take_deliveries(address, desk)?;
            reception = Some(started);
        }
        Ok(Self { known, metrics, servers, reception })
    }

    /// Starts the actors. From now on pushes are held against their objects.
    async fn start(&mut self, config: &Config, ends: &Ends, store: Arc<Store>) -> anyhow::Result<Actors> {
        let mut sources = None;
        if let Some(reception) = &mut self.reception {
            reception.stop_standing_by().await;
            sources = Some(reception.sources());
        }
        let actors = wiring::start(config, ends, store, Arc::clone(&self.known), sources, &self.metrics)?;
        if let Some(reception) = &self.reception {
            reception.lead(&actors.watcher);
        }
        self.servers.serve_artifacts(config, &actors)?;
        Ok(actors)
    }

    /// The name of a part that has ended by itself.
    fn dead(&self) -> Option<&'static str> {
        let deaf = self.reception.as_ref().is_some_and(|reception| !reception.is_alive());
        self.servers.dead().or(deaf.then_some("Receiver"))
    }
}

/// Everything that is needed to lead, once we may; `None` when `shutdown` comes first.
async fn begin(
    config: &Config,
    ends: &Ends,
    mut groundwork: Groundwork,
    campaign: Option<&Campaign>,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<(Actors, Groundwork)>> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => {
            drain::stand_down(groundwork.servers, groundwork.reception).await;
            return Ok(None);
        }
        () = beating(&groundwork.servers, won(campaign)) => {}
    }
    let store = beating(&groundwork.servers, wiring::open(config)).await?;
    let actors = groundwork.start(config, ends, store).await?;
    Ok(Some((actors, groundwork)))
}

/// The operator, until it is stopped or something of it dies.
async fn lead(
    config: &Config,
    source: Source,
    actors: Actors,
    groundwork: Groundwork,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let watching = CancellationToken::new();
    let mut watch = tokio::spawn(source(actors.listeners(), watching.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), storage = %config.storage_path.display(), "starting manager");
    let died = tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        service = death(&actors, &groundwork) => Some(service),
        _ = &mut watch => Some("the watch of objects"),
    };
    watching.cancel();
    if let Some(service) = died {
        bail!("{service} died of a bug: its state cannot be trusted, so the process ends and starts anew");
    }
    drain::drain(actors, groundwork.servers, watch, groundwork.reception).await;
    Ok(())
}

/// Nothing is written any more: the next one may.
async fn leave(campaign: Option<Campaign>) {
    if let Some(campaign) = campaign {
        campaign.leave().await;
    }
}

async fn won(campaign: Option<&Campaign>) {
    if let Some(campaign) = campaign {
        campaign.won().await;
    }
}

async fn lost(campaign: Option<&Campaign>) {
    match campaign {
        Some(campaign) => campaign.lost().await,
        None => std::future::pending().await,
    }
}

/// Waits for what may take long, and tells meanwhile that the arbiter is alive.
async fn beating<T>(servers: &Servers, work: impl Future<Output = T>) -> T {
    let (mut work, mut tick) = (pin!(work), tokio::time::interval(TICK));
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            due = tick.tick() => servers.beat(due.elapsed()),
        }
    }
}

/// What is measured of the process and of its ends; the actors add theirs.
fn metrics(ends: impl Iterator<Item = Box<dyn Collector>>) -> prometheus::Result<Registry> {
    let metrics = Registry::new();
    metrics.register(Box::new(Process::new()?))?;
    Tokens::register(&metrics)?;
    for series in ends {
        metrics.register(series)?;
    }
    Ok(metrics)
}

/// A token that SIGINT and SIGTERM cancel.
///
/// # Errors
/// The process may not listen to signals.
pub(crate) fn on_signal(token: CancellationToken) -> anyhow::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        shutdown.cancel();
    });
    Ok(token)
}

/// The name of the first service that dies. Each look also tells that the arbiter itself is alive.
async fn death(actors: &Actors, groundwork: &Groundwork) -> &'static str {
    let mut tick = tokio::time::interval(TICK);
    loop {
        let due = tick.tick().await;
        groundwork.servers.beat(due.elapsed());
        if let Some(service) = actors.dead().or_else(|| groundwork.dead()) {
            return service;
        }
    }
}
