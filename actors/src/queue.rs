//! Who goes next, at a registry and at the processors: the most urgent, of equally urgent ones the oldest, and every eighth
//! time the oldest of all.

use std::collections::{BTreeMap, BTreeSet};

use reconcile::Class;

/// Every eighth turn goes by age alone: urgent work keeps seven eighths of what there is, and nobody waits for ever.
const TURNS_BETWEEN_ELDERS: u32 = 8;

/// The numbers of those who wait. Numbers rise with time: the smallest has waited longest.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    by_rank: BTreeMap<Rank, BTreeSet<u64>>,
    by_age: BTreeMap<u64, Rank>,
    taken: u32,
}

/// What the queue is ordered by; the order is that of admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Others wait for what it builds.
    Resumed,
    /// Somebody asked for it.
    Asked,
    /// It has failed before, or something that it names has changed.
    Retry,
    /// The first look after a start, or the interval.
    Routine,
}

impl Rank {
    /// All, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Resumed, Self::Asked, Self::Retry, Self::Routine];

    /// The rank as metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resumed => "resumed",
            Self::Asked => "asked",
            Self::Retry => "retry",
            Self::Routine => "routine",
        }
    }
}

impl From<Class> for Rank {
    fn from(class: Class) -> Self {
        match class {
            Class::Asked | Class::Pushed => Self::Asked,
            Class::Dependency | Class::Retry => Self::Retry,
            Class::Routine | Class::Check => Self::Routine,
        }
    }
}

impl Queue {
    /// Puts this number behind all that are as urgent; a number that waits already keeps its first place.
    pub(crate) fn push(&mut self, number: u64, rank: Rank) {
        let rank = *self.by_age.entry(number).or_insert(rank);
        self.by_rank.entry(rank).or_default().insert(number);
    }

    /// Gives up a place; says whether there was one.
    pub(crate) fn remove(&mut self, number: u64) -> bool {
        let Some(rank) = self.by_age.remove(&number) else {
            return false;
        };
        self.by_rank.get_mut(&rank).is_some_and(|numbers| numbers.remove(&number))
    }

    /// Takes out whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<u64> {
        let elders_turn = self.taken + 1 == TURNS_BETWEEN_ELDERS;
        let next = if elders_turn {
            self.by_age.keys().next().copied()
        } else {
            self.by_rank.values().find_map(|numbers| numbers.first().copied())
        }?;
        self.taken = (self.taken + 1) % TURNS_BETWEEN_ELDERS;
        self.remove(next);
        Some(next)
    }

    /// How many wait, by rank.
    pub(crate) fn lengths(&self) -> [(Rank, usize); Rank::ALL.len()] {
        Rank::ALL.map(|rank| (rank, self.by_rank.get(&rank).map_or(0, BTreeSet::len)))
    }

    /// All numbers, the oldest first.
    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = u64> {
        self.by_age.keys().copied()
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
