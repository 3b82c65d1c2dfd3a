//! Who waits for a host, and for which part of it; in the order in which they are told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use oci::Identity;
use tokio::time::Instant;

use crate::Key;

/// A call that comes before the refused attempt has ended finds nobody who waits: a second lets it end.
pub(super) const SETTLING: Duration = Duration::from_secs(1);

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// For nothing but the end of its own attempt.
    Released,
    /// The end of a limit of the whole origin.
    Origin,
    /// The end of a limit of one identity.
    Identity(Identity),
    /// The host.
    Host,
    /// One repository of it.
    Repository(Arc<str>),
}

impl Place {
    /// Whether it is the end of a limit.
    pub(super) fn is_limit(&self) -> bool {
        matches!(self, Self::Origin | Self::Identity(_))
    }
}

/// Somebody who can be told.
pub(super) trait Listener {
    /// Whether nobody is there any more.
    fn gone(&self) -> bool;
}

/// All who wait; an object has one entry.
#[derive(Debug)]
pub(super) struct Parked<L> {
    entries: BTreeMap<Seat, Entry<L>>,
    seats: BTreeMap<Key, Seat>,
    next: u64,
}

/// Those that have just tried in vain stand behind those that have not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seat {
    place: Place,
    tried: bool,
    number: u64,
}

#[derive(Debug)]
struct Entry<L> {
    key: Key,
    listener: L,
    since: Instant,
}

impl<L> Default for Parked<L> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), seats: BTreeMap::new(), next: 0 }
    }
}

impl<L: Listener> Parked<L> {
    /// Lets an object wait. Where it waits already it keeps its place; what it waited for elsewhere is forgotten.
    pub(super) fn park(&mut self, key: &Key, listener: L, place: Place, tried: bool, now: Instant) {
        let known = self.seats.get(key).filter(|seat| seat.place == place && !tried).cloned();
        self.remove(key);
        let seat = known.unwrap_or_else(|| self.seat(place, tried));
        self.seats.insert(key.clone(), seat.clone());
        self.entries.insert(seat, Entry { key: key.clone(), listener, since: now });
    }

    /// Forgets an object.
    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(seat) = self.seats.remove(key) {
            self.entries.remove(&seat);
        }
    }

    /// When the first of this place may be called; `None` where nobody waits.
    pub(super) fn ripe(&self, place: &Place) -> Option<Instant> {
        let (_, first) = self.entries.range(bounds(place)).next()?;
        Some(first.since + SETTLING)
    }

    /// Takes out the first of this place that is there and may be called.
    pub(super) fn take(&mut self, place: &Place, now: Instant) -> Option<(Key, L)> {
        while self.ripe(place).is_some_and(|ripe| ripe <= now) {
            let seat = self.entries.range(bounds(place)).next()?.0.clone();
            let entry = self.entries.remove(&seat)?;
            self.seats.remove(&entry.key);
            if !entry.listener.gone() {
                return Some((entry.key, entry.listener));
            }
        }
        None
    }

    /// Ends the wait for this place: whom to call now, in order. The others are called once they may be.
    pub(super) fn release(&mut self, place: &Place, now: Instant) -> Vec<L> {
        let mut calls = Vec::new();
        for (_, entry) in self.entries_of(place) {
            self.seats.remove(&entry.key);
            if entry.since + SETTLING <= now {
                calls.push(entry.listener);
            } else {
                self.park(&entry.key, entry.listener, Place::Released, false, entry.since);
            }
        }
        calls.retain(|listener| !listener.gone());
        calls
    }

    /// Lets those who wait for this place wait for the host.
    pub(super) fn gather_at_host(&mut self, place: &Place) {
        for (seat, entry) in self.entries_of(place) {
            let seat = Seat { place: Place::Host, ..seat };
            self.seats.insert(entry.key.clone(), seat.clone());
            self.entries.insert(seat, entry);
        }
    }

    /// Ends every wait: whom to tell, in order.
    pub(super) fn dismiss(&mut self) -> Vec<L> {
        self.seats.clear();
        std::mem::take(&mut self.entries).into_values().map(|entry| entry.listener).collect()
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All who wait, in the order in which they are told.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.entries.values().map(|entry| entry.key.clone()).collect()
    }

    fn entries_of(&mut self, place: &Place) -> Vec<(Seat, Entry<L>)> {
        self.entries.extract_if(bounds(place), |_, _| true).collect()
    }

    fn seat(&mut self, place: Place, tried: bool) -> Seat {
        self.next += 1;
        Seat { place, tried, number: self.next }
    }
}

fn bounds(place: &Place) -> std::ops::RangeInclusive<Seat> {
    let seat = |tried, number| Seat { place: place.clone(), tried, number };
    seat(false, 0)..=seat(true, u64::MAX)
}
