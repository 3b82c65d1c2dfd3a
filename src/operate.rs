//! The supervision root: starts everything, waits for a signal or a death, and drains.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
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
    let metrics = metrics(ends.series.drain(..))?;
    let known = Arc::new(Known::default());
    let servers = serve::start(config, &known, &metrics)?;
    let campaign = ends.election.take().map(Election::start);
    let begun = tokio::select! {
        biased;
        begun = begin(config, &ends, servers, known, &metrics, campaign.as_ref(), &shutdown) => begun,
        () = lost(campaign.as_ref()) => bail!(LOST),
    };
    let (actors, servers) = match begun {
        Ok(Some(begun)) => begun,
        unled => {
            leave(campaign).await;
            return unled.map(drop);
        }
    };
    tokio::select! {
        biased;
        led = lead(config, ends.source, actors, servers, &shutdown) => led?,
        () = lost(campaign.as_ref()) => bail!(LOST),
    }
    leave(campaign).await;
    Ok(())
}

/// Everything that is needed to lead, once we may; `None` when `shutdown` comes first.
async fn begin(
    config: &Config,
    ends: &Ends,
    mut servers: Servers,
    known: Arc<Known>,
    metrics: &Registry,
    campaign: Option<&Campaign>,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<(Actors, Servers)>> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => return Ok(None),
        () = beating(&servers, won(campaign)) => {}
    }
    let store = beating(&servers, wiring::open(config)).await?;
    let actors = wiring::start(config, ends, store, known, metrics)?;
    servers.serve_artifacts(config, &actors)?;
    Ok(Some((actors, servers)))
}

/// The operator, until it is stopped or something of it dies.
async fn lead(
    config: &Config,
    source: Source,
    actors: Actors,
    servers: Servers,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let watching = CancellationToken::new();
    let mut watch = tokio::spawn(source(actors.listeners(), watching.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), storage = %config.storage_path.display(), "starting manager");
    let died = tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        service = death(&actors, &servers) => Some(service),
        _ = &mut watch => Some("the watch of objects"),
    };
    watching.cancel();
    if let Some(service) = died {
        bail!("{service} died of a bug: its state cannot be trusted, so the process ends and starts anew");
    }
    drain::drain(actors, servers, watch).await;
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
async fn death(actors: &Actors, servers: &Servers) -> &'static str {
    let mut tick = tokio::time::interval(TICK);
    loop {
        let due = tick.tick().await;
        servers.beat(due.elapsed());
        if let Some(service) = actors.dead().or_else(|| servers.dead()) {
            return service;
        }
    }
}
