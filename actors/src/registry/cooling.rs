//! How long a registry wants to be left alone, and by whom (D22).

use std::collections::BTreeMap;
use std::time::Duration;

use oci::Identity;
use tokio::time::Instant;

use super::parked::Place;
use super::said::Said;

/// Two identities that are asked for patience within this time: the limit is the origin's, not theirs.
const SECOND_IDENTITY_WITHIN: Duration = Duration::from_mins(1);

/// The cool-downs of one origin.
#[derive(Debug)]
pub(super) struct CoolDowns {
    longest: Duration,
    running: BTreeMap<Place, CoolDown>,
    met: BTreeMap<Identity, Instant>,
}

#[derive(Debug)]
struct CoolDown {
    until: Instant,
    said: Said,
}

impl CoolDowns {
    /// None yet; none will be longer than `longest`.
    pub(super) fn new(longest: Duration) -> Self {
        Self { longest, running: BTreeMap::new(), met: BTreeMap::new() }
    }

    /// The registry asked this identity for patience.
    pub(super) fn begin(&mut self, identity: Identity, patience: Duration, said: Said, now: Instant) {
        let until = now.checked_add(patience.min(self.longest)).unwrap_or(now);
        self.met.retain(|_, met| now.saturating_duration_since(*met) <= SECOND_IDENTITY_WITHIN);
        self.met.insert(identity, now);
        if self.met.len() > 1 {
            let others = self.met.keys().filter_map(|met| self.running.get(&Place::Identity(*met)));
            let latest = others.map(|other| other.until).chain([until]).max().unwrap_or(until);
            self.extend(Place::Origin, latest, said.clone());
        }
        self.extend(Place::Identity(identity), until, said);
    }

    fn extend(&mut self, place: Place, until: Instant, said: Said) {
        let until = self.running.get(&place).map_or(until, |known| known.until.max(until));
        self.running.insert(place, CoolDown { until, said });
    }

    /// What keeps this identity waiting, and for how long.
    pub(super) fn holding(&self, identity: Identity, now: Instant) -> Option<(Place, &Said, Duration)> {
        [Place::Origin, Place::Identity(identity)].into_iter().find_map(|place| {
            let cooling = self.running.get(&place).filter(|cooling| cooling.until > now)?;
            Some((place, &cooling.said, cooling.until - now))
        })
    }

    /// Forgets the cool-downs that are over and says which they were, and what the registry had said.
    pub(super) fn end(&mut self, now: Instant) -> Vec<(Place, Said)> {
        let over = self.running.extract_if(.., |_, cooling| cooling.until <= now);
        over.map(|(place, cooling)| (place, cooling.said)).collect()
    }

    /// Whether one runs for this place.
    pub(super) fn runs(&self, place: &Place) -> bool {
        self.running.contains_key(place)
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// When the first one ends.
    pub(super) fn first_end(&self) -> Option<Instant> {
        self.running.values().map(|cooling| cooling.until).min()
    }

    /// When the last one ends.
    pub(super) fn last_end(&self) -> Option<Instant> {
        self.running.values().map(|cooling| cooling.until).max()
    }
}
