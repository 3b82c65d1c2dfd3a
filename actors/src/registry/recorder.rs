//! Where a Registry tells of its queue, for the metrics.
//!
//! What is told is pushed, not asked for: the metrics are served, too, while the arbiter is late.

use std::time::Duration;

use super::Rank;

/// Opens a recorder for each Registry.
pub trait HostRecorders: Send + Sync {
    /// The recorder of one more Registry of this host, with its port where it has one.
    fn of(&self, host: &str) -> Box<dyn HostRecorder>;
}

/// Hears how one Registry does, until it is dropped with it; called on the arbiter, so it must not wait.
pub trait HostRecorder: Send {
    /// An attempt was given a turn after this wait.
    fn waited(&self, wait: Duration);

    /// Who waits from now on, and for what.
    fn stands(&self, standing: Standing);
}

/// Who waits at one Registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Attempts that wait for a turn.
    pub queue: [(Rank, usize); Rank::ALL.len()],
    /// Objects that wait for the host, or for the end of a cool-down.
    pub parked: usize,
    /// Cool-downs that run: of a credential, or of the whole origin.
    pub cooling: usize,
    /// What the credential with least has left of its quota, where the registry says so.
    pub quota_remaining: Option<u64>,
}
