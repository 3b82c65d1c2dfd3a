//! The events of one object that wait to be recorded, and what has been told of it before.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use reconcile::{Announcement, Reason, Severity};
use tokio::time::Instant;

use super::lane::{Next, RETRY, Stand};
use super::names::Names;
use crate::cluster::{Notice, WriteError};
use crate::fields::{ERROR, NAME, NAMESPACE};

/// Best effort by contract; one pass tells four at most.
const WAITING: usize = 8;
/// Events whose count can still be raised; older ones are recorded anew.
const REMEMBERED: usize = 8;
/// As many as a notification gets.
const RETRIES: u32 = 4;

/// The events of one object.
#[derive(Default)]
pub(super) struct Events {
    /// Where they stand.
    pub(super) stand: Stand,
    queue: VecDeque<Waiting>,
    recorded: VecDeque<Recorded>,
    warned: Vec<Warned>,
    failures: u32,
}

struct Waiting {
    notice: Arc<Notice>,
    /// The name and count with which it has been sent; a further try repeats them.
    sent: Option<(String, u32)>,
}

struct Recorded {
    told: Told,
    name: String,
    count: u32,
}

/// What an event says, as a hash: the text itself would take more memory than the rest of the entry. To whom it says it
/// is part of it: who has its own events collide hurts nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told(u64);

struct Warned {
    reason: Reason,
    message: String,
    at: Instant,
}

impl Events {
    /// Those of one pass that are to be told: a warning that repeats itself is one only after `repeat_after` (D10).
    pub(super) fn select(
        &mut self,
        all: Vec<Announcement>,
        repeat_after: Duration,
        now: Instant,
    ) -> Vec<Announcement> {
        if all.iter().any(|one| one.severity != Severity::Trace) {
            self.warned.retain(|warned| all.iter().any(|one| warned.is(one)));
        }
        let told = all
            .into_iter()
            .filter(|one| one.severity != Severity::Warning || self.is_news(one, repeat_after, now));
        told.collect()
    }

    /// The object is well: whatever is wrong next is news.
    pub(super) fn recovered(&mut self) {
        self.warned.clear();
    }

    /// Ends what is remembered of an earlier life of the object; what waits goes on.
    pub(super) fn renewed(mut self) -> Self {
        self.recorded.clear();
        self.warned.clear();
        self
    }

    /// Adds an event; whether the oldest one that waited had to go.
    pub(super) fn push(&mut self, notice: Arc<Notice>) -> bool {
        let full = self.queue.len() >= WAITING;
        if full {
            self.queue.remove(usize::from(self.stand.is_flying()));
        }
        self.queue.push_back(Waiting { notice, sent: None });
        full
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The next event, its name and its count.
    pub(super) fn next(&mut self, names: &mut Names) -> Option<(Arc<Notice>, String, u32)> {
        let waiting = self.queue.front_mut()?;
        let (name, count) = waiting.sent.get_or_insert_with(|| {
            let told = Told::of(&waiting.notice);
            let before = self.recorded.iter().find(|recorded| recorded.told == told);
            before.map_or_else(
                || (names.next(&waiting.notice), 1),
                |before| (before.name.clone(), before.count.saturating_add(1)),
            )
        });
        Some((Arc::clone(&waiting.notice), name.clone(), *count))
    }

    /// Takes the answer for the first event; the boolean says whether that event was given up.
    pub(super) fn answered(&mut self, answer: Result<(), WriteError>, last_try: bool) -> (Next, bool) {
        let Some(waiting) = self.queue.front_mut() else {
            return (Next::Again, false);
        };
        let again = waiting.sent.as_ref().is_some_and(|(_, count)| *count > 1);
        match answer {
            Ok(()) | Err(WriteError::Conflict) => {
                self.remember();
                (Next::Again, false)
            }
            Err(WriteError::Gone) if again => {
                let name = waiting.sent.take().map(|(name, _)| name);
                self.recorded.retain(|recorded| Some(&recorded.name) != name.as_ref());
                (Next::Again, false)
            }
            Err(WriteError::Busy { retry_after, .. }) => self.postpone(retry_after, last_try),
            Err(WriteError::NotLeader | WriteError::Failed(_)) => self.postpone(None, last_try),
            Err(error @ (WriteError::Gone | WriteError::Refused(_))) => {
                tracing::warn!(
                    { NAMESPACE } = %waiting.notice.key.namespace,
                    { NAME } = %waiting.notice.key.name,
                    { ERROR } = %error,
                    "an event could not be recorded"
                );
                self.give_up()
            }
        }
    }

    fn postpone(&mut self, retry_after: Option<Duration>, last_try: bool) -> (Next, bool) {
        self.failures += 1;
        if last_try || self.failures > RETRIES {
            return self.give_up();
        }
        (Next::Rest(RETRY.after(self.failures).max(retry_after.unwrap_or_default())), false)
    }

    fn give_up(&mut self) -> (Next, bool) {
        self.failures = 0;
        self.queue.pop_front();
        (Next::Again, true)
    }

    fn remember(&mut self) {
        self.failures = 0;
        let Some(Waiting { notice, sent: Some((name, count)) }) = self.queue.pop_front() else {
            return;
        };
        self.recorded.retain(|recorded| recorded.name != name);
        if self.recorded.len() >= REMEMBERED {
            self.recorded.pop_front();
        }
        self.recorded.reserve_exact(1);
        self.recorded.push_back(Recorded { told: Told::of(&notice), name, count });
        self.queue.shrink_to_fit();
    }

    fn is_news(&mut self, announcement: &Announcement, repeat_after: Duration, now: Instant) -> bool {
        match self.warned.iter_mut().find(|warned| warned.is(announcement)) {
            Some(warned) if now.duration_since(warned.at) < repeat_after => false,
            Some(warned) => {
                warned.at = now;
                true
            }
            None => {
                let message = announcement.message.clone();
                self.warned.push(Warned { reason: announcement.reason, message, at: now });
                true
            }
        }
    }
}

impl Warned {
    fn is(&self, announcement: &Announcement) -> bool {
        announcement.severity == Severity::Warning
            && announcement.reason == self.reason
            && announcement.message == self.message
    }
}

impl Told {
    /// Events of equal hash repeat one another: the cluster knows `Normal` and `Warning` only.
    fn of(notice: &Notice) -> Self {
        let Notice { uid, announcement, .. } = notice;
        let warning = announcement.severity == Severity::Warning;
        let mut hasher = DefaultHasher::new();
        (uid, announcement.reason.as_str(), &announcement.message, warning).hash(&mut hasher);
        Self(hasher.finish())
    }
}
