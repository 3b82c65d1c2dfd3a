//! Notifications on their way: a bounded queue in the background, so that no attempt waits for the receiver (D10).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::lane::RETRY;
use crate::cluster::{Notice, WriteError};
use crate::fields::{ERROR, NAME, NAMESPACE};

/// Best effort by contract; some minutes of a busy fleet.
const WAITING: usize = 1_000;
/// Each ends within its own time limit; a few at once keep the order of one object's events in practice.
const IN_FLIGHT: usize = 4;
/// Upstream's number of further attempts (spec 8.1).
const RETRIES: u32 = 4;

/// The notifications that wait.
#[derive(Default)]
pub(super) struct Notifications {
    waiting: BTreeMap<u64, Waiting>,
    ready: BTreeSet<u64>,
    in_flight: usize,
    last: u64,
    given_up: bool,
}

struct Waiting {
    notice: Arc<Notice>,
    failures: u32,
}

/// A notification under way.
pub(super) struct Flight {
    /// Its number in the queue.
    pub(super) number: u64,
    /// What it tells.
    pub(super) notice: Arc<Notice>,
    failures: u32,
}

impl Notifications {
    /// Adds one; whether the oldest one had to go.
    pub(super) fn push(&mut self, notice: Arc<Notice>) -> bool {
        self.last += 1;
        self.waiting.insert(self.last, Waiting { notice, failures: 0 });
        self.ready.insert(self.last);
        self.bound()
    }

    /// Takes the next one off the queue, as long as few are under way.
    pub(super) fn next(&mut self) -> Option<Flight> {
        if self.in_flight >= IN_FLIGHT {
            return None;
        }
        let number = self.ready.pop_first()?;
        let Waiting { notice, failures } = self.waiting.remove(&number)?;
        self.in_flight += 1;
        Some(Flight { number, notice, failures })
    }

    /// Takes an answer: the time after which the notification is due again, and whether one is lost.
    pub(super) fn answered(
        &mut self,
        flight: Flight,
        answer: Result<(), WriteError>,
    ) -> (Option<Duration>, bool) {
        self.in_flight -= 1;
        let Err(error) = answer else { return (None, false) };
        let failures = flight.failures + 1;
        let refused = matches!(error, WriteError::Refused(_) | WriteError::Gone | WriteError::Conflict);
        if refused || failures > RETRIES {
            tracing::error!(
                { NAMESPACE } = %flight.notice.key.namespace,
                { NAME } = %flight.notice.key.name,
                { ERROR } = %error,
                "unable to record event"
            );
            return (None, true);
        }
        self.waiting.insert(flight.number, Waiting { notice: flight.notice, failures });
        let lost = self.bound();
        (self.waiting.contains_key(&flight.number).then(|| RETRY.after(failures)), lost)
    }

    /// The back-off of one is over.
    pub(super) fn due(&mut self, number: u64) {
        if self.waiting.contains_key(&number) {
            self.ready.insert(number);
        }
    }

    /// Whether nobody need wait for one.
    pub(super) fn are_told(&self) -> bool {
        self.given_up || (self.waiting.is_empty() && self.in_flight == 0)
    }

    /// Lets those go that wait; how many. Nobody waits for those under way any more.
    pub(super) fn give_up(&mut self) -> usize {
        self.given_up = true;
        self.ready.clear();
        let lost = std::mem::take(&mut self.waiting).len();
        if lost > 0 {
            tracing::error!(lost, "notifications could not be delivered before the operator stopped");
        }
        lost
    }

    fn bound(&mut self) -> bool {
        if self.waiting.len() <= WAITING {
            return false;
        }
        if let Some((oldest, _)) = self.waiting.pop_first() {
            self.ready.remove(&oldest);
        }
        true
    }
}
