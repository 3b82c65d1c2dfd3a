//! Where Repositories tell of their passes, for the metrics.
//!
//! A port and no counters of our own: durations are told apart by object and counted in histograms, which the crate that
//! serves them does already. So the actors know what happens, and the program what is measured of it.

use std::time::Duration;

use crate::Key;

/// Hears of every pass; called on the arbiter, so it must not wait.
pub trait Recorder: Send + Sync {
    /// A pass of the object begins; `again` after one that failed.
    fn begun(&self, key: &Key, again: bool);

    /// It waits for a turn at its registry, from now on or no longer.
    fn waits(&self, key: &Key, waits: bool);

    /// For so long it has waited for what another pass was building.
    fn claimed(&self, wait: Duration);

    /// An actor has answered a message of this name (`Inspect`, `Admit` and so on, all that an attempt asks) after so long.
    fn answered(&self, message: &'static str, wait: Duration);

    /// A later specification has overtaken one before its pass began.
    fn coalesced(&self);

    /// It ended. Without a beginning it counts as one that took no time.
    fn ended(&self, key: &Key, end: End);

    /// The object is gone, and with it what was measured of it alone.
    fn forgotten(&self, key: &Key);
}

/// How a pass ended, as its Repository sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The next one begins when the interval is over.
    Waiting,
    /// The next one begins when somebody asks: suspended, stalled or deleted objects.
    Resting,
    /// Something newer has overtaken it, and begins now.
    Superseded,
    /// The next one begins after the back-off.
    Failed,
}
