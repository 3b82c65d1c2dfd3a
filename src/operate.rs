//! The supervision root: starts everything, waits for a signal or a death, and drains.

use std::time::Duration;

use anyhow::bail;
use prometheus::Registry;
use prometheus::core::Collector;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::drain;
use crate::metrics::{Process, Tokens};
use crate::serve::{self, Servers};
use crate::wiring::{self, Actors, Ends};

/// How often the root looks whether every service lives.
const TICK: Duration = Duration::from_secs(1);

/// Runs the operator between these ends until `shutdown` is cancelled; to be called on the arbiter.
///
/// # Errors
/// Something that cannot be used at the start, or the death of a service.
pub async fn operate(config: &Config, mut ends: Ends, shutdown: CancellationToken) -> anyhow::Result<()> {
    let metrics = metrics(ends.series.drain(..))?;
    let actors = wiring::start(config, &ends, &metrics)?;
    let servers = serve::start(config, &actors, &metrics)?;
    let watching = CancellationToken::new();
    let mut watch = tokio::spawn((ends.source)(actors.listeners(), watching.clone()));
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
        tick.tick().await;
        servers.beat();
        if let Some(service) = actors.dead() {
            return service;
        }
    }
}
