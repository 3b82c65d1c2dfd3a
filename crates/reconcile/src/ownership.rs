//! Whose an object is, judged by the changes of its artifact that were not ours (D46).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::{Announcement, Reason, Severity};

/// Changes no further apart are one take-over.
const TOGETHER: Duration = Duration::from_secs(1);
/// A pass may take longer than a short interval.
const SHORTEST_WINDOW: Duration = Duration::from_mins(1);

/// Who writes an object.
///
/// What changes before our first write is a hand-over, from upstream or from another replica of ours, and no conflict.
#[derive(Debug, Default)]
pub struct Ownership(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    Unclaimed,
    Ours,
    /// Taken over at this moment. An operator that finds no file of its own first removes the artifact, and names its own
    /// when it has pulled: `emptied` waits for the second half.
    Contested {
        at: Instant,
        emptied: bool,
    },
    Left(Terms),
}

/// As what somebody wants an object: it is ours to write again once this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The generation of its specification.
    pub generation: i64,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
}

/// A change of an artifact that was not ours.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// When it was seen.
    pub at: Instant,
    /// The object's interval.
    pub interval: Duration,
    /// Whether no artifact is left.
    pub emptied: bool,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Another writer has taken the object over: that is to be told.
    TakenOver,
    /// It did so again, too soon: the object is not written any more.
    Left,
    /// The object is written again.
    Released {
        /// Whether an attempt for new terms follows anyway, so that what was drafted for the old ones is of no use.
        respecified: bool,
    },
}

impl Ownership {
    /// Whether the object is left to the other writer.
    #[must_use]
    pub fn is_left(&self) -> bool {
        matches!(self.0, State::Left(_))
    }

    /// A write of ours succeeded: what the object holds is ours.
    pub fn written(&mut self) {
        if matches!(self.0, State::Unclaimed) {
            self.0 = State::Ours;
        }
    }

    /// The artifact has changed, and not by us.
    pub fn changed(&mut self, change: &Change, terms: &Terms) -> Option<Shift> {
        let contested = State::Contested { at: change.at, emptied: change.emptied };
        let (at, emptied) = match self.0 {
            State::Unclaimed | State::Left(_) => return None,
            State::Ours => {
                self.0 = contested;
                return Some(Shift::TakenOver);
            }
            State::Contested { at, emptied } => (at, emptied),
        };
        if emptied && !change.emptied {
            self.0 = contested;
            return None;
        }
        let since = change.at.saturating_duration_since(at);
        if since <= TOGETHER {
            self.0 = State::Contested { at, emptied: change.emptied };
            return None;
        }
        if since <= window(change.interval) {
            self.0 = State::Left(terms.clone());
            return Some(Shift::Left);
        }
        self.0 = contested;
        Some(Shift::TakenOver)
    }

    /// The object was seen with these terms.
    pub fn shown(&mut self, terms: &Terms) -> Option<Shift> {
        let State::Left(before) = &self.0 else {
            return None;
        };
        if before == terms {
            return None;
        }
        let respecified = before.generation != terms.generation || before.deleting != terms.deleting;
        self.0 = State::Unclaimed;
        Some(Shift::Released { respecified })
    }
}

/// How soon a second take-over follows from a first one where two operators poll the same object: after two intervals at
/// most, each longer by the jitter of its side and by what a pass takes. A quarter allows for both.
fn window(interval: Duration) -> Duration {
    (interval.saturating_mul(5) / 2).max(SHORTEST_WINDOW)
}

/// What is told of a take-over.
#[must_use]
pub fn ownership_conflict() -> Announcement {
    let text = "another writer has changed status.artifact, which this operator had written: only one operator may \
                reconcile an object. If that happens again within two intervals, this one leaves the object to the \
                other until its spec or its labels change";
    Announcement::new(Severity::Warning, Reason::OwnershipConflict, text.to_owned())
}
