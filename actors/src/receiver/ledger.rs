//! What one hook has taken: its rate, the deliveries that it knows, and whom it woke a moment ago. Pure.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use reconcile::Nudge;
use tokio::time::Instant;

use crate::Key;

/// A registry into which a whole organisation pushes sends less; what comes faster for long is a mistake or an attack.
const APART: Duration = Duration::from_millis(10);
/// So many may come at once: a mirror that fills, a release of many images.
const BURST: u32 = 1_000;
/// Deliveries that are known again when they are sent again; senders give up within minutes.
const REMEMBERED: usize = 4_096;
/// Within this time an object is woken once by deliveries that do not say what was pushed: some registries send one for
/// each platform of an image.
const ECHO: Duration = Duration::from_secs(1);

/// The ledger of one hook.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// When the bucket would be full again.
    full_at: Option<Instant>,
    known: HashSet<u64>,
    known_in_order: VecDeque<u64>,
    /// Whom a delivery without a digest woke, and when.
    woken: BTreeMap<Key, Instant>,
    /// Who is woken later, and when. Bounded by the objects that there are.
    later: BTreeMap<Key, (Instant, Nudge)>,
}

impl Ledger {
    /// Whether a delivery of this name was taken before; it is from now on.
    pub(super) fn knows(&mut self, id: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let name = hasher.finish();
        if !self.known.insert(name) {
            return true;
        }
        self.known_in_order.push_back(name);
        if self.known_in_order.len() > REMEMBERED
            && let Some(oldest) = self.known_in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
        false
    }

    /// Takes a delivery, or says how long it comes too early (a leaky bucket by its virtual time, ITU-T I.371).
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.unwrap_or(now).max(now) + APART;
        let early = full_at.saturating_duration_since(now).saturating_sub(APART * BURST);
        if early.is_zero() {
            self.full_at = Some(full_at);
            return Ok(());
        }
        Err(early)
    }

    /// Of those whom a delivery concerns, the ones to be woken now; the others are kept for later.
    pub(super) fn wake(
        &mut self,
        concerned: BTreeMap<Key, Nudge>,
        early: Option<Duration>,
        now: Instant,
    ) -> Vec<(Key, Nudge)> {
        self.woken.retain(|_, woken| now.saturating_duration_since(*woken) < ECHO);
        let mut at_once = Vec::new();
        for (key, nudge) in concerned {
            let echo = self.woken.get(&key).map(|woken| *woken + ECHO).filter(|_| nudge.digest.is_none());
            // An echo above the rate is still an echo; `None` is less than any time.
            if let Some(due) = early.map(|early| now + early).max(echo) {
                self.postpone(key, due, &nudge);
                continue;
            }
            if nudge.digest.is_none() {
                self.woken.insert(key.clone(), now);
            }
            at_once.push((key, nudge));
        }
        at_once
    }

    fn postpone(&mut self, key: Key, due: Instant, nudge: &Nudge) {
        self.later.entry(key).or_insert_with(|| (due, nudge.clone())).1.merge(nudge);
    }

    /// When somebody is to be woken next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.later.values().map(|(due, _)| *due).min()
    }

    /// Those to be woken by now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(Key, Nudge)> {
        let due = self.later.extract_if(.., |_, (when, _)| *when <= now);
        due.map(|(key, (_, nudge))| (key, nudge)).collect()
    }

    /// All who are to be woken later.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = (Key, Nudge)> + use<> {
        std::mem::take(&mut self.later).into_iter().map(|(key, (_, nudge))| (key, nudge))
    }
}

#[cfg(test)]
mod tests;
