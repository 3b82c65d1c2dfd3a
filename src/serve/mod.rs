//! The HTTP servers: artifacts, health and metrics.
//!
//! Addresses are in the syntax of Go: `:9090`, `127.0.0.1:9090`, `[::1]:80`.

mod address;
mod artifacts;
mod file;
mod head_only;
mod health;
mod listening;
mod location;
mod metrics;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;

use crate::config::Config;
use crate::wiring::Actors;
use health::{Pulse, Readiness};
use listening::{Limits, Running};

/// The servers of one process.
pub struct Servers {
    /// Where artifacts are served, with the port that the system chose.
    pub artifacts: SocketAddr,
    readiness: Arc<Readiness>,
    pulse: Arc<Pulse>,
    running: Vec<(&'static str, Running)>,
}

impl Servers {
    /// To be called each second, by the arbiter: the process counts as dead ten seconds after the last call.
    pub fn beat(&self) {
        self.pulse.beat();
    }

    /// `/readyz` fails from now on, with this reason.
    pub fn not_ready(&self, reason: &'static str) {
        self.readiness.withdraw(reason);
    }

    /// Takes no more requests and lets bodies under way end, for at most five seconds.
    pub async fn stop(self) {
        futures::future::join_all(self.running.iter().map(|(_, server)| server.stop())).await;
    }

    /// The first server that has ended by itself: a reason to end the process.
    #[must_use]
    pub fn dead(&self) -> Option<&'static str> {
        self.running
            .iter()
            .find(|(_, server)| server.has_ended())
            .map(|(name, _)| *name)
    }
}

/// Opens every listener, then starts to answer.
///
/// # Errors
/// An address cannot be listened on; the flag that gave it is named.
pub fn start(config: &Config, actors: &Actors, registry: &prometheus::Registry) -> anyhow::Result<Servers> {
    let readiness = Arc::new(Readiness::new(Arc::clone(&actors.known)));
    let pulse = Arc::new(Pulse::new());
    let limits = Limits::default();
    let files = artifacts::artifacts(&config.storage_address, limits, &actors.store, &actors.known)
        .context("--storage-addr")?;
    let artifacts = files.address;
    let mut listening = vec![("the file server", files)];
    if let Some(address) = &config.health_address {
        let server = health::health(address, limits, &readiness, &pulse).context("--health-addr")?;
        listening.push(("the health server", server));
    }
    if let Some(address) = &config.metrics_address {
        let server = metrics::metrics(address, limits, registry.clone()).context("--metrics-addr")?;
        listening.push(("the metrics server", server));
    }
    let running = listening
        .into_iter()
        .map(|(name, server)| (name, server.start()))
        .collect();
    Ok(Servers {
        artifacts,
        readiness,
        pulse,
        running,
    })
}
