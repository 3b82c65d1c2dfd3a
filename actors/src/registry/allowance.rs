//! How many turns a registry bears at a time: halved when it asks for patience, regained one by one.

use std::num::NonZeroUsize;

/// Pure; starts with all turns.
#[derive(Debug)]
pub(super) struct Allowance {
    most: usize,
    turns: usize,
    answered: usize,
    period: Period,
}

/// The time between two cuts; a turn belongs to the one in which it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period(u64);

impl Allowance {
    pub(super) fn new(most: NonZeroUsize) -> Self {
        Self { most: most.get(), turns: most.get(), answered: 0, period: Period(0) }
    }

    /// Turns that may be out at a time.
    pub(super) fn turns(&self) -> usize {
        self.turns
    }

    /// The period of a turn that is granted now.
    pub(super) fn period(&self) -> Period {
        self.period
    }

    /// The registry refused a turn of this period. Those that were under way together are one refusal.
    pub(super) fn refused(&mut self, period: Period) {
        if period == self.period {
            self.turns = (self.turns / 2).max(1);
            self.answered = 0;
            self.period = Period(period.0 + 1);
        }
    }

    /// The registry answered a turn: as many answers as there are turns bring one more.
    pub(super) fn answered(&mut self) {
        self.answered += 1;
        if self.answered >= self.turns {
            self.answered = 0;
            self.turns = (self.turns + 1).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance() -> Allowance {
        Allowance::new(NonZeroUsize::new(16).unwrap())
    }

    #[test]
    fn refusals_of_turns_that_were_out_together_halve_once() {
        let mut allowance = allowance();
        let together = allowance.period();
        for _ in 0..16 {
            allowance.refused(together);
        }
        assert_eq!(allowance.turns(), 8);

        allowance.refused(allowance.period());
        assert_eq!(allowance.turns(), 4);
    }

    #[test]
    fn one_turn_is_always_left() {
        let mut allowance = allowance();
        for _ in 0..10 {
            allowance.refused(allowance.period());
        }
        assert_eq!(allowance.turns(), 1);
    }

    #[test]
    fn as_many_answers_as_there_are_turns_bring_one_more_up_to_the_setting() {
        let mut allowance = allowance();
        allowance.refused(allowance.period());
        let answers_until = |turns: usize, allowance: &mut Allowance| {
            let mut answers = 0;
            while allowance.turns() < turns {
                allowance.answered();
                answers += 1;
            }
            answers
        };

        assert_eq!(answers_until(9, &mut allowance), 8);
        assert_eq!(answers_until(16, &mut allowance), (9..16).sum::<usize>());
        (0..100).for_each(|_| allowance.answered());
        assert_eq!(allowance.turns(), 16);
    }
}
