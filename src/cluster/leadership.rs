//! Who may write: one replica at a time (D43).

use std::time::Duration;

/// Asked before every write.
pub trait Leadership: Send + Sync {
    /// Whether writing is certainly ours for this long, the write's own time limit.
    fn holds_for(&self, time: Duration) -> bool;
}

/// The leadership of a replica that is the only one.
#[derive(Clone, Copy, Debug)]
pub struct Sole;

impl Leadership for Sole {
    fn holds_for(&self, _: Duration) -> bool {
        true
    }
}
