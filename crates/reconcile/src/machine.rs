//! The life of one repository as a pure machine: events go in, effects come out.

use std::sync::Arc;
use std::time::Duration;

use crate::news::{Found, News, Nudge, Sequel};
use crate::{Backoff, Desired, Disposition, jittered, spread};

/// How urgent an attempt is; the order is the order of admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Somebody asked: a new specification, `requestedAt`.
    Asked,
    /// A webhook told of a push.
    Pushed,
    /// Something that the object names has changed: a Secret, a `ServiceAccount` (D19).
    Dependency,
    /// An earlier attempt failed.
    Retry,
    /// The first look after a start, the interval, or damage on the disk.
    Routine,
    /// A look at the store alone, after a start (D29).
    Check,
}

/// What happened to a repository.
#[derive(Clone, Debug)]
pub enum Event {
    /// The object was seen.
    Observed {
        /// As its owner wants it.
        desired: Arc<Desired>,
        /// Whether it was among the first list after a start.
        initial: bool,
        /// Whether its generation was worked off and an artifact is recorded.
        settled: bool,
    },
    /// The object is no longer there.
    Gone,
    /// The timer that [`Effect::WakeAfter`] asked for.
    Due,
    /// Something that the object names is not what its last attempt read (D19).
    DependencyChanged,
    /// A webhook told of a push that concerns it (D33).
    Nudged(Nudge),
    /// A stored file of it was found damaged although nothing else shows on it (D30).
    ArtifactDamaged,
    /// The host at which the last attempt failed answers again, or wants to be probed (D20, D48).
    HostRecovered,
    /// The timer that [`Effect::ProgressAfter`] asked for.
    ProgressDue {
        /// How long the attempt has run since it was admitted by its registry and stood in no queue, if it does.
        admitted_for: Option<Duration>,
        /// How long ago it was started.
        waited: Duration,
        /// Whether the object has no condition yet.
        bare: bool,
    },
    /// An attempt ended.
    Finished {
        /// Its number.
        attempt: u64,
        /// How it ended.
        outcome: Outcome,
        /// What the registry showed.
        found: Option<Found>,
        /// How long it took.
        ran_for: Duration,
    },
    /// The removal of a deleted object's files and of our finalizer ended.
    Retired {
        /// Its number.
        attempt: u64,
        /// Whether all of it succeeded.
        complete: bool,
    },
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The artifact is current.
    Succeeded,
    /// The stored artifact is there; the registry was not asked (D29).
    Checked,
    /// It is not.
    Failed(Disposition),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Begin the attempt of this number.
    Start {
        /// Never used before.
        attempt: u64,
        /// How urgent it is.
        class: Class,
    },
    /// Make the running attempt end.
    Cancel,
    /// Count a wish that a later one has overtaken before its attempt began.
    Coalesced,
    /// Write what the ended attempt leads to.
    Conclude,
    /// Send [`Event::Due`] after this time, and at no other.
    WakeAfter(Duration),
    /// The same, so soon that the registry may not have shown yet what its webhook told.
    LookAgainAfter(Duration),
    /// Send no [`Event::Due`].
    Sleep,
    /// Send [`Event::ProgressDue`] after this time, unless the attempt has ended.
    ProgressAfter(Duration),
    /// Write that the attempt is under way (D27).
    ShowProgress,
    /// Write what a suspension leads to.
    ShowSuspended,
    /// Remove the files and our finalizer of a deleted object.
    Retire {
        /// Never used before.
        attempt: u64,
    },
    /// The end.
    Finish,
}

/// The numbers that the machine goes by.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Between failures.
    pub backoff: Backoff,
    /// How far an interval may be moved, in percent of itself.
    pub jitter_percent: u8,
}

#[derive(Debug)]
enum Phase {
    Waiting { for_host: bool },
    Running { attempt: u64, identity: Arc<Desired>, cancelled: bool, again: Option<Class> },
    Retiring { attempt: u64, identity: Arc<Desired> },
    Ended,
}

/// The life of one repository.
#[derive(Debug)]
pub struct Machine {
    policy: Policy,
    seed: u64,
    desired: Option<Arc<Desired>>,
    gone: bool,
    retired: bool,
    failures: u32,
    next_attempt: u64,
    phase: Phase,
    news: News,
}

/// An attempt that is over sooner shows no progress (D27).
const QUICK: Duration = Duration::from_secs(2);
/// How long an object without any condition may wait unexplained (D27).
const PATIENCE: Duration = Duration::from_secs(10);

impl Machine {
    /// A repository that nobody has seen yet; the seed spreads its timers.
    #[must_use]
    pub fn new(policy: Policy, seed: u64) -> Self {
        let phase = Phase::Waiting { for_host: false };
        Self {
            policy,
            seed,
            desired: None,
            gone: false,
            retired: false,
            failures: 0,
            next_attempt: 1,
            phase,
            news: News::default(),
        }
    }

    /// The object as it was last seen.
    #[must_use]
    pub fn desired(&self) -> Option<&Arc<Desired>> {
        self.desired.as_ref()
    }

    /// What follows from an event.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        if matches!(self.phase, Phase::Ended) {
            return Vec::new();
        }
        match event {
            Event::Observed { desired, initial, settled } => self.observed(&desired, initial, settled),
            Event::Gone => self.vanished(),
            Event::Due => self.due(),
            Event::DependencyChanged => self.look_again(Class::Dependency),
            Event::Nudged(nudge) => self.nudged(&nudge),
            Event::ArtifactDamaged => self.look_again(Class::Routine),
            Event::HostRecovered => self.recovered(),
            Event::ProgressDue { admitted_for, waited, bare } => self.progress(admitted_for, waited, bare),
            Event::Finished { attempt, outcome, found, ran_for } => {
                self.finished(attempt, outcome, found, ran_for)
            }
            Event::Retired { attempt, complete } => self.after_retiring(attempt, complete),
        }
    }

    fn observed(&mut self, desired: &Arc<Desired>, initial: bool, settled: bool) -> Vec<Effect> {
        let before = self.desired.replace(Arc::clone(desired));
        self.gone = false;
        if before.as_ref().is_some_and(|known| known.uid != desired.uid) {
            self.retired = false;
            self.failures = 0;
        }
        let changed = before.as_ref().is_none_or(|known| differs(known, desired));
        match &mut self.phase {
            Phase::Running { identity, cancelled, again, .. } => {
                let mut effects = Vec::new();
                if changed && again.replace(Class::Asked) == Some(Class::Asked) {
                    effects.push(Effect::Coalesced);
                }
                if overtakes(desired, identity) && !std::mem::replace(cancelled, true) {
                    effects.push(Effect::Cancel);
                }
                effects
            }
            Phase::Waiting { .. } if changed => {
                let respecified = before.as_ref().is_some_and(|known| known.identity() != desired.identity());
                if respecified {
                    self.failures = 0;
                }
                self.settle(match (before.is_none() && initial, settled) {
                    (true, true) => Class::Check,
                    (true, false) => Class::Routine,
                    (false, _) => Class::Asked,
                })
            }
            Phase::Waiting { .. } | Phase::Retiring { .. } | Phase::Ended => Vec::new(),
        }
    }

    fn vanished(&mut self) -> Vec<Effect> {
        self.gone = true;
        match &mut self.phase {
            Phase::Running { cancelled: false, .. } => {
                if let Phase::Running { cancelled, .. } = &mut self.phase {
                    *cancelled = true;
                }
                vec![Effect::Cancel]
            }
            Phase::Waiting { .. } => self.end(),
            Phase::Running { .. } | Phase::Retiring { .. } | Phase::Ended => Vec::new(),
        }
    }

    fn due(&mut self) -> Vec<Effect> {
        let Phase::Waiting { for_host } = self.phase else {
            return Vec::new();
        };
        if self.desired.as_ref().is_none_or(|known| known.suspended && !known.deleting) {
            return Vec::new();
        }
        self.settle(match (for_host || self.failures > 0, self.news.is_awaited()) {
            (true, _) => Class::Retry,
            (false, true) => Class::Pushed,
            (false, false) => Class::Routine,
        })
    }

    fn nudged(&mut self, nudge: &Nudge) -> Vec<Effect> {
        if !self.desired.as_ref().is_some_and(|known| known.runnable()) {
            return Vec::new();
        }
        match &self.phase {
            Phase::Waiting { .. } if self.news.is_news(nudge) => self.settle(Class::Pushed),
            Phase::Running { .. } => {
                self.news.meanwhile(nudge);
                Vec::new()
            }
            Phase::Waiting { .. } | Phase::Retiring { .. } | Phase::Ended => Vec::new(),
        }
    }

    fn look_again(&mut self, class: Class) -> Vec<Effect> {
        if !self.desired.as_ref().is_some_and(|known| known.runnable()) {
            return Vec::new();
        }
        match &mut self.phase {
            Phase::Waiting { .. } => self.settle(class),
            Phase::Running { again, .. } => {
                *again = Some(again.map_or(class, |other| other.min(class)));
                Vec::new()
            }
            Phase::Retiring { .. } | Phase::Ended => Vec::new(),
        }
    }

    fn recovered(&mut self) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Waiting { for_host: true }) {
            return Vec::new();
        }
        self.settle(Class::Retry)
    }

    fn progress(&mut self, admitted_for: Option<Duration>, waited: Duration, bare: bool) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Running { cancelled: false, .. }) {
            return Vec::new();
        }
        let ran_for = admitted_for.unwrap_or_default();
        if ran_for >= QUICK || (bare && waited >= PATIENCE) {
            return vec![Effect::ShowProgress];
        }
        vec![Effect::ProgressAfter(QUICK.saturating_sub(ran_for))]
    }

    fn finished(
        &mut self,
        ended: u64,
        outcome: Outcome,
        found: Option<Found>,
        ran_for: Duration,
    ) -> Vec<Effect> {
        let Phase::Running { attempt, again, .. } = &self.phase else {
            return Vec::new();
        };
        if *attempt != ended {
            return Vec::new();
        }
        let again = *again;
        self.phase = Phase::Waiting { for_host: false };
        if self.gone {
            return self.end();
        }
        let superseded = outcome == Outcome::Failed(Disposition::Cancelled);
        let deleting = self.desired.as_ref().is_some_and(|known| known.deleting);
        let mut effects = Vec::new();
        if !superseded && !deleting {
            effects.push(Effect::Conclude);
        }
        self.failures = match outcome {
            Outcome::Succeeded | Outcome::Checked | Outcome::Failed(Disposition::Stall) => 0,
            Outcome::Failed(Disposition::Cancelled | Disposition::Park { .. }) => self.failures,
            Outcome::Failed(Disposition::Retry { .. }) => self.failures.saturating_add(1),
        };
        let sequel = match outcome {
            Outcome::Succeeded => self.news.met(found),
            Outcome::Checked => self.news.checked(),
            Outcome::Failed(Disposition::Cancelled) => self.news.superseded(),
            Outcome::Failed(_) => self.news.failed(),
        };
        match (again, sequel) {
            (Some(class), _) => effects.extend(self.settle(class)),
            (None, Sequel::Now) => effects.extend(self.settle(Class::Pushed)),
            (None, Sequel::After(pause)) => effects.push(Effect::LookAgainAfter(pause)),
            (None, Sequel::None) => effects.push(self.wake(outcome, ran_for)),
        }
        effects
    }

    fn wake(&mut self, outcome: Outcome, ran_for: Duration) -> Effect {
        let interval = self.desired.as_ref().map_or(Duration::ZERO, |desired| desired.interval);
        let Backoff { first: shortest, longest } = self.policy.backoff;
        match outcome {
            Outcome::Succeeded if interval.is_zero() => Effect::Sleep,
            Outcome::Succeeded => {
                let next = jittered(interval, self.policy.jitter_percent, self.seed);
                Effect::WakeAfter(next.saturating_sub(ran_for).max(shortest))
            }
            Outcome::Checked => {
                let window = if interval.is_zero() { Duration::MAX } else { interval };
                Effect::WakeAfter(spread(window, self.seed).max(shortest))
            }
            Outcome::Failed(Disposition::Retry { not_before }) => {
                self.phase = Phase::Waiting { for_host: true };
                let announced = not_before.unwrap_or_default().min(longest);
                Effect::WakeAfter(self.policy.backoff.after(self.failures).max(announced))
            }
            // The host's recovery wakes it. All who wait would else ask at the very moment at which one is to (D48), and
            // write that they are still refused.
            Outcome::Failed(Disposition::Park { not_before }) => {
                self.phase = Phase::Waiting { for_host: true };
                Effect::WakeAfter(longest + not_before.unwrap_or_default().min(longest))
            }
            Outcome::Failed(Disposition::Stall) => Effect::Sleep,
            Outcome::Failed(Disposition::Cancelled) => Effect::WakeAfter(shortest),
        }
    }

    fn after_retiring(&mut self, ended: u64, complete: bool) -> Vec<Effect> {
        let Phase::Retiring { attempt, identity } = &self.phase else {
            return Vec::new();
        };
        if *attempt != ended {
            return Vec::new();
        }
        let outlived =
            self.desired.as_ref().is_some_and(|known| known.uid != identity.uid || !known.deleting);
        self.phase = Phase::Waiting { for_host: false };
        if self.gone {
            return self.end();
        }
        if outlived {
            return self.settle(Class::Asked);
        }
        self.retired = complete;
        if complete {
            return vec![Effect::Sleep];
        }
        self.failures = self.failures.saturating_add(1);
        vec![Effect::WakeAfter(self.policy.backoff.after(self.failures))]
    }

    fn settle(&mut self, class: Class) -> Vec<Effect> {
        let Some(desired) = self.desired.clone() else {
            return Vec::new();
        };
        if desired.deleting {
            if self.retired {
                return Vec::new();
            }
            let attempt = self.number();
            self.phase = Phase::Retiring { attempt, identity: desired };
            return vec![Effect::Sleep, Effect::Retire { attempt }];
        }
        if desired.suspended {
            self.phase = Phase::Waiting { for_host: false };
            return vec![Effect::Sleep, Effect::ShowSuspended];
        }
        self.news.begin();
        let attempt = self.number();
        self.phase = Phase::Running { attempt, identity: desired, cancelled: false, again: None };
        vec![Effect::Sleep, Effect::Start { attempt, class }, Effect::ProgressAfter(QUICK)]
    }

    fn number(&mut self) -> u64 {
        let attempt = self.next_attempt;
        self.next_attempt += 1;
        attempt
    }

    fn end(&mut self) -> Vec<Effect> {
        self.phase = Phase::Ended;
        vec![Effect::Sleep, Effect::Finish]
    }
}

fn overtakes(newer: &Desired, attempted: &Desired) -> bool {
    newer.identity() != attempted.identity() || newer.deleting || newer.suspended
}

fn differs(known: &Desired, newer: &Desired) -> bool {
    known.identity() != newer.identity()
        || known.deleting != newer.deleting
        || known.suspended != newer.suspended
        || newer.requested_at.is_some() && known.requested_at != newer.requested_at
}
