//! What applying the rules may take: one pattern can cost as much as a million others. The weights are measured.

use crate::error::Error;

/// Steps of looking at a pattern, at a part of one between slashes, or at the directory of an ignore file.
pub(super) const PART: u64 = 16;

/// Steps of looking at a name of a path.
pub(super) const NAME: u64 = 3;

/// Steps of trying a token of a pattern.
pub(super) const TOKEN: u64 = 4;

/// Further steps where texts are compared.
pub(super) const TEXT: u64 = 4;

/// Bytes of texts that are compared in a step.
pub(super) const BYTES: u64 = 16;

/// Further steps where a character is read.
pub(super) const CHARACTER: u64 = 8;

/// Bytes that are passed over in a step.
pub(super) const SKIPPED: u64 = 2;

/// Steps after which the caller is asked whether it still wants the archive: a millisecond or two.
const BETWEEN_QUESTIONS: u64 = 1 << 20;

const STEPS: &str =
    "steps to compare them with every name in the layer; use fewer patterns, or fewer wildcards in them";

/// Steps of comparing, each of about a nanosecond, that the rules of one tree may take.
pub(crate) struct Budget<'a> {
    spent: u64,
    next_question: u64,
    limit: u64,
    cancelled: &'a dyn Fn() -> bool,
}

impl<'a> Budget<'a> {
    /// All of the limit, and whom to ask meanwhile.
    pub(crate) fn new(limit: u64, cancelled: &'a dyn Fn() -> bool) -> Self {
        Self { spent: 0, next_question: BETWEEN_QUESTIONS.min(limit), limit, cancelled }
    }

    /// Pays for steps that were made.
    ///
    /// # Errors
    /// [`Error::Ignore`] where they are more than were left, `Cancelled`.
    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Error> {
        self.spent = self.spent.saturating_add(steps);
        if self.spent <= self.next_question { Ok(()) } else { self.question() }
    }

    #[cold]
    fn question(&mut self) -> Result<(), Error> {
        if self.spent > self.limit {
            return Err(Error::Ignore { limit: self.limit, unit: STEPS });
        }
        if (self.cancelled)() {
            return Err(Error::Cancelled);
        }
        self.next_question = self.spent.saturating_add(BETWEEN_QUESTIONS).min(self.limit);
        Ok(())
    }
}
