//! How far what happens is behind what is due.

use std::time::Duration;

use prometheus::Histogram;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::waits;

/// A delay that is measured again and again. Cheap to copy.
#[derive(Clone)]
pub struct Lag(Histogram);

impl Lag {
    /// Of the arbiter's one-second tick.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn of_arbiter() -> prometheus::Result<Self> {
        Self::new("sluice_arbiter_lag_seconds", "How late the one-second tick of the arbiter was.")
    }

    /// Of what the watches show.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn of_watch() -> prometheus::Result<Self> {
        Self::new("sluice_watch_lag_seconds", "How long watch events waited to be taken.")
    }

    fn new(name: &str, help: &str) -> prometheus::Result<Self> {
        Ok(Self(Histogram::with_opts(waits(name, help)?)?))
    }

    /// It is so long now.
    pub fn observe(&self, lag: Duration) {
        self.0.observe(lag.as_secs_f64());
    }
}

impl Collector for Lag {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}
