//! The objects whose events wait: somebody waits for a status, of whatever object, and nobody for an event.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::Key;

/// Statuses of a crowd come a few milliseconds apart; after this time without one, the crowd has passed.
const LULL: Duration = Duration::from_millis(100);
/// What an event waits while statuses never cease: a thousand new objects are Ready by then.
const LONGEST: Duration = Duration::from_secs(10);

/// Objects with events, the longest wait first. Bounded by the objects that are known.
#[derive(Default)]
pub(super) struct Backlog {
    waiting: VecDeque<(Key, Instant)>,
    writes: usize,
    written: Option<Instant>,
    watched: bool,
}

/// What is to be done about events.
#[derive(Debug)]
pub(super) enum Turn {
    /// This object's come next.
    Go(Key),
    /// They are looked at again after this time.
    Watch(Duration),
    /// Nothing.
    Wait,
}

impl Backlog {
    /// Adds an object.
    pub(super) fn push(&mut self, key: Key, now: Instant) {
        self.waiting.push_back((key, now));
    }

    /// A status or a finalizer is being written.
    pub(super) fn write_began(&mut self) {
        self.writes += 1;
    }

    /// It was answered.
    pub(super) fn write_ended(&mut self, now: Instant) {
        self.writes -= 1;
        self.written = Some(now);
    }

    /// The time of the last [`Turn::Watch`] has passed.
    pub(super) fn watched(&mut self) {
        self.watched = false;
    }

    /// Whose events go now; without patience those that wait longest.
    pub(super) fn next(&mut self, now: Instant, patient: bool) -> Turn {
        let Some((_, since)) = self.waiting.front() else {
            return Turn::Wait;
        };
        let last = if self.writes > 0 { Some(now) } else { self.written };
        let due = last.map_or(*since, |last| last + LULL).min(*since + LONGEST);
        if (!patient || due <= now)
            && let Some((key, _)) = self.waiting.pop_front()
        {
            return Turn::Go(key);
        }
        if std::mem::replace(&mut self.watched, true) { Turn::Wait } else { Turn::Watch(due - now) }
    }
}
