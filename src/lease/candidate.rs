//! The rules of the election, with no clock and no cluster of their own.
//!
//! Times in a Lease are those of other machines: they are written for people and never compared with ours. What counts is
//! for how long we have seen it unchanged.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::LeaseSpec;
use tokio::time::Instant;

/// One who would lead, and what it saw of the Lease.
#[derive(Debug)]
pub(super) struct Candidate {
    identity: String,
    duration: Duration,
    observed: Option<(LeaseSpec, Instant)>,
}

impl Candidate {
    /// A candidate whose claims hold for this long.
    pub(super) fn new(identity: String, duration: Duration) -> Self {
        Self { identity, duration, observed: None }
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// For how long a claim of ours holds.
    pub(super) fn duration(&self) -> Duration {
        self.duration
    }

    /// What to write for the Lease to be ours, after it was seen like this; `None` while it may be another's.
    pub(super) fn bid(
        &mut self,
        seen: Option<&LeaseSpec>,
        now: Instant,
        time: Timestamp,
    ) -> Option<LeaseSpec> {
        let Some(seen) = seen else {
            return Some(self.claim(&LeaseSpec::default(), 0, time));
        };
        if self.holds(seen) {
            return Some(LeaseSpec {
                renew_time: Some(time.into()),
                ..self.claim(
                    seen,
                    transitions(seen),
                    seen.acquire_time.as_ref().map_or(time, |acquired| acquired.0),
                )
            });
        }
        let free = self.has_no_holder(seen, now);
        free.then(|| self.claim(seen, transitions(seen).saturating_add(1), time))
    }

    /// Whether the Lease names us.
    pub(super) fn holds(&self, seen: &LeaseSpec) -> bool {
        seen.holder_identity.as_ref() == Some(&self.identity)
    }

    /// What to write so that the next one need not wait, after the Lease was seen like this.
    pub(super) fn farewell(seen: &LeaseSpec, time: Timestamp) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            acquire_time: Some(time.into()),
            renew_time: Some(time.into()),
            ..seen.clone()
        }
    }

    /// Nobody is named, or who is has not renewed it for the time that it promised.
    fn has_no_holder(&mut self, seen: &LeaseSpec, now: Instant) -> bool {
        let since = match &self.observed {
            Some((known, since)) if known == seen => *since,
            Some(_) | None => {
                self.observed = Some((seen.clone(), now));
                now
            }
        };
        let promised = u64::try_from(seen.lease_duration_seconds.unwrap_or_default()).unwrap_or_default();
        let named = seen.holder_identity.as_ref().is_some_and(|holder| !holder.is_empty());
        !named || now >= since + Duration::from_secs(promised)
    }

    fn claim(&self, seen: &LeaseSpec, transitions: i32, acquired: Timestamp) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(i32::try_from(self.duration.as_secs()).unwrap_or(i32::MAX)),
            lease_transitions: Some(transitions),
            acquire_time: Some(acquired.into()),
            renew_time: Some(acquired.into()),
            ..seen.clone()
        }
    }
}

fn transitions(seen: &LeaseSpec) -> i32 {
    seen.lease_transitions.unwrap_or_default()
}
