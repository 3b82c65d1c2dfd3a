//! What may not serve at present, and when it is asked again (D48): a host or a repository that is down, or a limit whose
//! announced end has come. Of a crowd that all ask then, all would be refused again.

use std::time::Duration;

use tokio::time::Instant;

use super::said::Said;
use crate::Key;

/// Soon enough for a hiccup.
const FIRST_PROBE: Duration = Duration::from_secs(1);
/// A restart or a fail-over takes minutes: for so long the host is asked often.
const OFTEN_UNTIL: Duration = Duration::from_mins(10);
const OFTEN: Duration = Duration::from_secs(2);
/// A long outage costs six requests a minute.
const SELDOM: Duration = Duration::from_secs(10);
/// A probe that has brought nothing for so long keeps nobody else from asking: its connection may be dead, and it may wait for an
/// answer for as long as its object allows.
const SILENCE: Duration = Duration::from_secs(10);
/// How long an outage is told in the same words: others with every probe would be a write and an event of every object that
/// waits.
const SAME_WORDS: Duration = Duration::from_mins(10);

/// An outage, or what is left of a limit, and its probes. A probe is an attempt; one at a time is out, unless it is silent.
#[derive(Debug)]
pub(super) struct Outage {
    said: Said,
    heard: Instant,
    began: Instant,
    next: Instant,
    invited: Vec<Key>,
    out: Option<(u64, Instant)>,
}

impl Outage {
    /// An outage that begins now.
    pub(super) fn new(said: Said, now: Instant) -> Self {
        Self { said, heard: now, began: now, next: now + FIRST_PROBE, invited: Vec::new(), out: None }
    }

    /// A limit whose announced end has come; one probe finds out whether it is over.
    pub(super) fn lapsed(said: Said, now: Instant) -> Self {
        Self { next: now, ..Self::new(said, now) }
    }

    /// What those who wait are told.
    pub(super) fn said(&self) -> &Said {
        &self.said
    }

    /// Takes what was said now, unless it is only the same again in other words.
    pub(super) fn hear(&mut self, said: Said, now: Instant) {
        let repeated = said.in_silence == self.said.in_silence;
        if !repeated || now.saturating_duration_since(self.heard) >= SAME_WORDS {
            (self.said, self.heard) = (said, now);
        }
    }

    /// Whether no probe is out and nothing was heard for this time.
    pub(super) fn is_silent_for(&self, time: Duration, now: Instant) -> bool {
        self.out.is_none() && now.saturating_duration_since(self.heard) >= time
    }

    /// When somebody is to be invited to probe.
    pub(super) fn due(&self) -> Instant {
        self.out.map_or(self.next, |(_, since)| self.next.max(since + SILENCE))
    }

    /// This object has been called to probe. Who was called before it and has not come yet may still do so.
    pub(super) fn invited(&mut self, key: Key, now: Instant) {
        if !self.invited.contains(&key) {
            self.invited.push(key);
        }
        let often = now.saturating_duration_since(self.began) < OFTEN_UNTIL;
        self.next = now + if often { OFTEN } else { SELDOM };
    }

    /// Whether this object's attempt may probe: it was invited, or a probe is due and nobody waits to be invited.
    pub(super) fn lets_probe(&self, key: &Key, anybody_waits: bool, now: Instant) -> bool {
        let unclaimed = !anybody_waits && self.next <= now;
        let open = self.out.is_none_or(|(_, since)| since + SILENCE <= now);
        open && (unclaimed || self.invited.contains(key))
    }

    /// Whether the attempt of this number is the probe.
    pub(super) fn is_probe(&self, number: u64) -> bool {
        self.out.is_some_and(|(out, _)| out == number)
    }

    /// Makes the attempt of this number the probe.
    pub(super) fn begin(&mut self, number: u64, key: &Key, now: Instant) {
        if !self.invited.contains(key) {
            self.invited(key.clone(), now);
        }
        self.invited.clear();
        self.out = Some((number, now));
    }

    /// The attempt of this number has ended; the next probe may go when its time has come.
    pub(super) fn ended(&mut self, number: u64) {
        if self.is_probe(number) {
            self.out = None;
        }
    }
}
