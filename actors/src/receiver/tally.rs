//! How many deliveries ended how; counted where they end, without a message each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use sluice_crds::LastDelivery;

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It woke somebody.
    Accepted,
    /// Something was pushed that nobody follows.
    Unmatched,
    /// It tells of no push of a tag.
    Ignored,
    /// A delivery of this name has been taken before.
    Repeated,
    /// It came above the hook's rate; whom it concerns is woken later.
    Throttled,
    /// Its sender did not prove to know the secret.
    Unauthenticated,
    /// It is not what this type of sender sends.
    Malformed,
    /// It is larger than a delivery may be.
    Oversized,
    /// The hook, or this replica, takes none at present.
    Unavailable,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Unmatched,
        Self::Ignored,
        Self::Repeated,
        Self::Throttled,
        Self::Unauthenticated,
        Self::Malformed,
        Self::Oversized,
        Self::Unavailable,
    ];

    /// Its name in `status.deliveries` and in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unmatched => "unmatched",
            Self::Ignored => "ignored",
            Self::Repeated => "repeated",
            Self::Throttled => "throttled",
            Self::Unauthenticated => "unauthenticated",
            Self::Malformed => "malformed",
            Self::Oversized => "oversized",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What came to one hook since this process knows it.
#[derive(Debug, Default)]
pub struct Tally {
    counts: [AtomicU64; Ending::ALL.len()],
    last: Mutex<Option<LastDelivery>>,
    told: AtomicBool,
}

impl Tally {
    /// A delivery ended; true where nobody knows yet that there is something to tell.
    pub fn count(&self, ending: Ending, last: LastDelivery) -> bool {
        self.counts[ending as usize].fetch_add(1, Ordering::Relaxed);
        let mut shown = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Registries tell of each blob and each pull: that would hide the pushes.
        if ending != Ending::Ignored || shown.as_ref().is_none_or(|shown| shown.result == last.result) {
            *shown = Some(last);
        }
        drop(shown);
        !self.told.swap(true, Ordering::AcqRel)
    }

    /// All counts that are not zero, by name.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, i64> {
        let counted = Ending::ALL.iter().zip(&self.counts);
        let read = counted.map(|(ending, count)| {
            (ending.name().to_owned(), i64::try_from(count.load(Ordering::Relaxed)).unwrap_or(i64::MAX))
        });
        read.filter(|(_, count)| *count > 0).collect()
    }

    /// What is to be told: the counts and the last delivery; whatever ends from now on has to be told anew.
    pub(super) fn tell(&self) -> (BTreeMap<String, i64>, Option<LastDelivery>) {
        self.told.store(false, Ordering::Release);
        (self.counts(), self.last.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The record of a delivery that reached nobody.
#[must_use]
pub fn refused(ending: Ending, message: String) -> LastDelivery {
    LastDelivery {
        time: whole_second(Timestamp::now()),
        result: ending.name().to_owned(),
        message,
        ..LastDelivery::default()
    }
}

/// A time as the API writes it.
pub(super) fn whole_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
