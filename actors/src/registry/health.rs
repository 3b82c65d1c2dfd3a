//! What a host's conduct means for those who want to speak with it: whether they go, wait, or probe (D20, D22, D48).
//!
//! Pure: time enters as an argument, and whom to call leaves as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use oci::Identity;
use reconcile::Failure;
use tokio::time::Instant;

use super::cooling::CoolDowns;
use super::outage::Outage;
use super::parked::{Listener, Parked, Place};
use super::said::Said;
use super::{Conduct, Witness};
use crate::Key;

/// One failure is a hiccup, two are bad luck.
const IN_A_ROW: u32 = 3;
/// From two broken repositories on it is the host.
const BROKEN_REPOSITORIES: usize = 2;
/// A repository or a limit of which nothing was heard for so long is forgotten.
const MEMORY: Duration = Duration::from_hours(1);

/// Whose attempt it is and what it asks for.
#[derive(Clone, Debug)]
pub(super) struct Seeker {
    pub(super) key: Key,
    pub(super) identity: Identity,
    pub(super) repository: Arc<str>,
}

/// What follows from a conduct.
#[derive(Debug)]
pub(super) struct Lesson<L> {
    /// Whom to tell, in this order, that the host answers again.
    pub(super) calls: Vec<L>,
    /// Whether the host has just gone down.
    pub(super) fell: bool,
    /// Whether some who were let pass before would not be now.
    pub(super) tightened: bool,
}

impl<L> Default for Lesson<L> {
    fn default() -> Self {
        Self { calls: Vec::new(), fell: false, tightened: false }
    }
}

/// The health of one origin, and who waits for it.
#[derive(Debug)]
pub(super) struct Health<L> {
    unreachable: u32,
    faults: BTreeMap<Arc<str>, Faults>,
    /// The repositories that have gone down since the host last gave a good answer.
    fallen: BTreeSet<Arc<str>>,
    outages: BTreeMap<Place, Outage>,
    cool_downs: CoolDowns,
    parked: Parked<L>,
    /// Whose attempts have failed since the last good answer, before anything was taken to be down.
    hurt: BTreeMap<Key, (Seeker, L)>,
}

#[derive(Debug)]
struct Faults {
    in_a_row: u32,
    last: Instant,
}

impl<L: Listener> Health<L> {
    /// A host of which nothing bad is known; it can ask for no more patience than this.
    pub(super) fn new(longest_cool_down: Duration) -> Self {
        Self {
            unreachable: 0,
            faults: BTreeMap::new(),
            fallen: BTreeSet::new(),
            outages: BTreeMap::new(),
            cool_downs: CoolDowns::new(longest_cool_down),
            parked: Parked::default(),
            hurt: BTreeMap::new(),
        }
    }

    /// Lets the attempt of this number pass, or lets its object wait and says with which failure.
    pub(super) fn admit(
        &mut self,
        seeker: &Seeker,
        number: u64,
        listener: L,
        now: Instant,
    ) -> Result<(), Failure> {
        self.hurt.remove(&seeker.key);
        self.lapse(now);
        if let Some((place, said, rest)) = self.cool_downs.holding(seeker.identity, now) {
            let failure = said.parking(&seeker.repository, Some(rest));
            self.parked.park(&seeker.key, listener, place, false, now);
            return Err(failure);
        }
        let Some((place, outage)) = outage(&mut self.outages, seeker) else {
            self.parked.remove(&seeker.key);
            return Ok(());
        };
        if outage.is_probe(number) {
            return Ok(());
        }
        let anybody_waits = self.parked.ripe(&place).is_some();
        if !outage.lets_probe(&seeker.key, anybody_waits, now) {
            let failure = outage.said().parking(&seeker.repository, None);
            self.parked.park(&seeker.key, listener, place, false, now);
            return Err(failure);
        }
        outage.begin(number, &seeker.key, now);
        self.parked.remove(&seeker.key);
        Ok(())
    }

    /// Whether the attempt of this number probes.
    pub(super) fn is_probe(&self, number: u64) -> bool {
        self.outages.values().any(|outage| outage.is_probe(number))
    }

    /// The attempt of this number came back or gave up.
    pub(super) fn ended(&mut self, number: u64) {
        for outage in self.outages.values_mut() {
            outage.ended(number);
        }
    }

    /// The host failed this attempt: once it is taken to be down, the object waits like the others, behind those that
    /// have not tried.
    pub(super) fn await_recovery(&mut self, seeker: Seeker, listener: L, now: Instant) {
        match outage(&mut self.outages, &seeker) {
            Some((place, _)) => self.parked.park(&seeker.key, listener, place, true, now),
            None => drop(self.hurt.insert(seeker.key.clone(), (seeker, listener))),
        }
    }

    /// Learns how the host behaved towards an attempt.
    pub(super) fn learn(&mut self, witness: Witness, identity: Identity, now: Instant) -> Lesson<L> {
        let repository: Arc<str> = witness.repository.into();
        match witness.conduct {
            None => Lesson::default(),
            Some(Conduct::Answered) => self.answered(&repository, identity, now),
            Some(Conduct::Unreachable { failure }) => {
                self.unreachable(Said::in_silence(failure, repository), now)
            }
            Some(Conduct::Faulty { failure }) => {
                let calls = self.unlimited(identity, now);
                let mut lesson = self.faulty(&repository, failure, now);
                lesson.calls.extend(calls);
                lesson
            }
            Some(Conduct::Busy { failure, retry_after }) => {
                let said = Said::new(failure, repository);
                self.cool_downs.begin(identity, retry_after, said, now);
                self.outages.retain(|place, _| !self.cool_downs.runs(place));
                Lesson { calls: self.host_answered(now), fell: false, tightened: true }
            }
        }
    }

    /// What is due: the ends of cool-downs, and the next probes. Whom to call, in this order.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<L> {
        let mut calls = Vec::new();
        while let Some((_, listener)) = self.parked.take(&Place::Released, now) {
            calls.push(listener);
        }
        self.lapse(now);
        let host_is_down = self.is_down();
        for (place, outage) in &mut self.outages {
            let overruled = host_is_down && *place != Place::Host;
            if overruled || outage.due() > now {
                continue;
            }
            if let Some((key, listener)) = self.parked.take(place, now) {
                outage.invited(key, now);
                calls.push(listener);
            }
        }
        calls
    }

    /// When [`Self::tick`] is next to be called; `None` where nobody waits for anything.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let cooled = self.cool_downs.first_end();
        let host_is_down = self.is_down();
        let probes = self.outages.iter().filter_map(|(place, outage)| {
            let overruled = host_is_down && *place != Place::Host;
            let ripe = self.parked.ripe(place).filter(|_| !overruled)?;
            Some(outage.due().max(ripe))
        });
        probes.chain(cooled).chain(self.parked.ripe(&Place::Released)).min()
    }

    /// Whether the host is taken to be down.
    pub(super) fn is_down(&self) -> bool {
        self.outages.contains_key(&Place::Host)
    }

    /// The end of the last cool-down.
    pub(super) fn cool_until(&self) -> Option<Instant> {
        self.cool_downs.last_end()
    }

    /// Forgets who waits: whom to call, so that they come again and are known to whoever knows the host then.
    pub(super) fn dismiss(&mut self) -> Vec<L> {
        self.parked.dismiss()
    }

    /// Who waits, in the order in which they will be told.
    pub(super) fn parked(&self) -> Vec<Key> {
        self.parked.keys()
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.parked.len()
    }

    /// Cool-downs that run: of an identity, or of the origin.
    pub(super) fn cooling(&self) -> usize {
        self.cool_downs.running()
    }

    /// Of all who come after the announced end of a limit, one is to find out whether it is over.
    fn lapse(&mut self, now: Instant) {
        for (place, said) in self.cool_downs.end(now) {
            if self.is_down() {
                self.parked.gather_at_host(&place);
            } else {
                self.forget_old_limits(now);
                self.outages.insert(place, Outage::lapsed(said, now));
            }
        }
    }

    /// Credentials that are renewed leave limits behind that nobody will ask about.
    fn forget_old_limits(&mut self, now: Instant) {
        self.outages.retain(|place, outage| {
            let waited_for = self.parked.ripe(place).is_some();
            !place.is_limit() || waited_for || !outage.is_silent_for(MEMORY, now)
        });
    }

    /// The host refused this identity nothing: the limits whose announced end has come are over.
    fn unlimited(&mut self, identity: Identity, now: Instant) -> Vec<L> {
        let mut calls = self.recovered(&Place::Origin, now);
        calls.extend(self.recovered(&Place::Identity(identity), now));
        calls
    }

    fn answered(&mut self, repository: &Arc<str>, identity: Identity, now: Instant) -> Lesson<L> {
        let mut calls = self.host_answered(now);
        calls.extend(self.unlimited(identity, now));
        self.faults.remove(repository);
        calls.extend(self.recovered(&Place::Repository(Arc::clone(repository)), now));
        Lesson { calls, ..Lesson::default() }
    }

    fn host_answered(&mut self, now: Instant) -> Vec<L> {
        self.unreachable = 0;
        self.fallen.clear();
        self.hurt.clear();
        self.recovered(&Place::Host, now)
    }

    fn recovered(&mut self, place: &Place, now: Instant) -> Vec<L> {
        if self.outages.remove(place).is_none() {
            return Vec::new();
        }
        self.parked.release(place, now)
    }

    fn unreachable(&mut self, said: Said, now: Instant) -> Lesson<L> {
        self.unreachable = self.unreachable.saturating_add(1);
        if self.unreachable < IN_A_ROW && !self.is_down() {
            return Lesson::default();
        }
        self.falls(Place::Host, said, now)
    }

    fn faulty(&mut self, repository: &Arc<str>, failure: Failure, now: Instant) -> Lesson<L> {
        self.unreachable = 0;
        self.forget_old_faults(now);
        let faults = self.faults.entry(Arc::clone(repository)).or_insert(Faults { in_a_row: 0, last: now });
        faults.in_a_row = faults.in_a_row.saturating_add(1);
        faults.last = now;
        let broken = faults.in_a_row >= IN_A_ROW;
        let said = Said::new(failure, Arc::clone(repository));
        if let Some(host) = self.outages.get_mut(&Place::Host) {
            host.hear(said.clone(), now);
        }
        let mut lesson = Lesson::default();
        if broken {
            lesson = self.falls(Place::Repository(Arc::clone(repository)), said.clone(), now);
        }
        if lesson.tightened {
            self.fallen.insert(Arc::clone(repository));
        }
        if self.fallen.len() >= BROKEN_REPOSITORIES && !self.is_down() {
            lesson = self.falls(Place::Host, said, now);
        }
        lesson
    }

    fn forget_old_faults(&mut self, now: Instant) {
        let parked = &self.parked;
        let old = self.faults.extract_if(.., |repository, faults| {
            let waited_for = parked.ripe(&Place::Repository(Arc::clone(repository))).is_some();
            !waited_for && now.saturating_duration_since(faults.last) >= MEMORY
        });
        for (repository, _) in old {
            self.outages.remove(&Place::Repository(repository));
        }
    }

    fn falls(&mut self, place: Place, said: Said, now: Instant) -> Lesson<L> {
        if let Some(outage) = self.outages.get_mut(&place) {
            outage.hear(said, now);
            return Lesson::default();
        }
        let fell = place == Place::Host;
        if fell {
            self.outages.keys().for_each(|place| self.parked.gather_at_host(place));
            self.outages.retain(|place, _| !place.is_limit());
        }
        self.outages.insert(place, Outage::new(said, now));
        for (seeker, listener) in std::mem::take(&mut self.hurt).into_values() {
            self.await_recovery(seeker, listener, now);
        }
        Lesson { fell, tightened: true, ..Lesson::default() }
    }
}

/// What keeps the seeker from asking: the host before a limit, and both before its repository.
fn outage<'a>(outages: &'a mut BTreeMap<Place, Outage>, seeker: &Seeker) -> Option<(Place, &'a mut Outage)> {
    let repository = Place::Repository(Arc::clone(&seeker.repository));
    let places = [Place::Host, Place::Origin, Place::Identity(seeker.identity), repository];
    let place = places.into_iter().find(|place| outages.contains_key(place))?;
    let outage = outages.get_mut(&place)?;
    Some((place, outage))
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
