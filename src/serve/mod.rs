//! The HTTP servers: artifacts, health, metrics and webhooks.
//!
//! Addresses are in the syntax of Go: `:9090`, `127.0.0.1:9090`, `[::1]:80`.

mod address;
mod artifacts;
mod file;
mod head_only;
mod health;
mod hooks;
mod listening;
mod location;
mod metrics;
#[cfg(test)]
mod tests;
mod unread;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use prometheus::Registry;
use sluice_actors::Known;

use crate::config::Config;
use crate::metrics::{BytesServed, Lag};
use crate::webhooks::Desk;
use crate::wiring::Actors;
use health::{Pulse, Readiness};
use listening::{Limits, Listening, Running};

/// The servers of one process.
pub struct Servers {
    readiness: Arc<Readiness>,
    pulse: Arc<Pulse>,
    lag: Lag,
    served: BytesServed,
    running: Vec<(&'static str, Running)>,
}

impl Servers {
    /// To be called each second, by the arbiter, with how late it is: the process counts as dead ten seconds after the
    /// last call.
    pub fn beat(&self, late: Duration) {
        self.lag.observe(late);
        self.pulse.beat();
    }

    /// `/readyz` fails from now on, with this reason.
    pub fn not_ready(&self, reason: &'static str) {
        self.readiness.withdraw(reason);
    }

    /// Serves artifacts, too.
    ///
    /// # Errors
    /// The address of `--storage-addr` cannot be listened on.
    pub fn serve_artifacts(&mut self, config: &Config, actors: &Actors) -> anyhow::Result<()> {
        let (address, limits) = (&config.storage_address, Limits::default());
        let server = artifacts::artifacts(address, limits, &actors.store, &actors.known, &self.served);
        self.add("the file server", server.context("--storage-addr")?);
        Ok(())
    }

    /// Takes deliveries of webhooks, too.
    ///
    /// # Errors
    /// The address of `--webhook-addr` cannot be listened on.
    pub fn take_deliveries(&mut self, address: &str, desk: Desk) -> anyhow::Result<()> {
        self.add("the webhook server", hooks::hooks(address, desk).context("--webhook-addr")?);
        Ok(())
    }

    fn add(&mut self, name: &'static str, server: Listening) {
        tracing::info!(address = %server.address, "{name} listens");
        self.running.push((name, server.start()));
    }

    /// Takes no more requests and lets bodies under way end, for at most five seconds.
    pub async fn stop(self) {
        futures::future::join_all(self.running.iter().map(|(_, server)| server.stop())).await;
    }

    /// The first server that has ended by itself: a reason to end the process.
    #[must_use]
    pub fn dead(&self) -> Option<&'static str> {
        self.running.iter().find(|(_, server)| server.has_ended()).map(|(name, _)| *name)
    }
}

/// Serves health and metrics; artifacts are served by whoever has them.
///
/// # Errors
/// An address cannot be listened on; the flag that gave it is named.
pub fn start(config: &Config, known: &Arc<Known>, registry: &Registry) -> anyhow::Result<Servers> {
    let mut servers = Servers {
        readiness: Arc::new(Readiness::new(Arc::clone(known))),
        pulse: Arc::new(Pulse::new()),
        lag: Lag::of_arbiter()?,
        served: BytesServed::new()?,
        running: Vec::new(),
    };
    registry.register(Box::new(servers.lag.clone()))?;
    registry.register(Box::new(servers.served.clone()))?;
    let limits = Limits::default();
    if let Some(address) = &config.health_address {
        let server = health::health(address, limits, &servers.readiness, &servers.pulse);
        servers.add("the health server", server.context("--health-addr")?);
    }
    if let Some(address) = &config.metrics_address {
        let server = metrics::metrics(address, limits, registry.clone());
        servers.add("the metrics server", server.context("--metrics-addr")?);
    }
    Ok(servers)
}
