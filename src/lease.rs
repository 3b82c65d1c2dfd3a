//! Leader election by a Lease, as upstream does it: same Lease, same rules (spec 8.5).
//!
//! By hand, because no crate tells what a write has to ask: until when the Lease is certainly ours (D43). And one known
//! crate writes with server-side apply, another says of itself that it does not fence, where upstream replaces the very
//! version that it has read; the two must be able to follow each other on one Lease.
//!
//! ```text
//! board (the cluster) <- runner: looks every retry period, bids by the rules of the candidate
//!                          |-> held: until when writing is ours; every write asks it
//!                          '-> campaign: won, lost
//! ```

mod board;
mod campaign;
mod candidate;
mod held;
mod runner;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kube::Client;
use uuid::Uuid;

pub use campaign::Campaign;

use crate::cluster::Leadership;
use crate::config;
use crate::metrics::Leader;
use board::ClusterBoard;
use candidate::Candidate;
use held::Held;
use runner::Runner;

/// An election that has not begun.
pub struct Election {
    runner: Runner,
    held: Arc<Held>,
    series: Leader,
}

impl Election {
    /// This process as a candidate, which the Lease names by its host and a number of its own.
    ///
    /// # Errors
    /// None that can occur: the names of metrics are fixed.
    pub fn new(client: Client, settings: &config::Election) -> anyhow::Result<Self> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let candidate = Candidate::new(format!("{host}_{}", Uuid::new_v4()), settings.duration);
        let board = ClusterBoard::new(client, settings, candidate.identity());
        let (held, series) = (Arc::new(Held::default()), Leader::new(&settings.lease)?);
        let runner = Runner::new(Box::new(board), candidate, settings, Arc::clone(&held), series.clone());
        Ok(Self { runner, held, series })
    }

    /// What every write asks.
    #[must_use]
    pub fn leadership(&self) -> Arc<dyn Leadership> {
        Arc::clone(&self.held) as _
    }

    /// What is measured of it.
    #[must_use]
    pub fn series(&self) -> Leader {
        self.series.clone()
    }

    /// Begins; must be called within a runtime.
    #[must_use]
    pub fn start(self) -> Campaign {
        Campaign::start(self.runner)
    }
}
