//! Why an attempt ended without success, and what follows from it (design: errors).

use std::time::Duration;

use crate::{ConditionKind, Reason};

/// What the owner of an object is told, and what happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The condition that shows the failure; `None` where only an event and the back-off tell of it.
    pub condition: Option<ConditionKind>,
    /// The reason on the condition and on the event.
    pub reason: Reason,
    /// What comes next.
    pub disposition: Disposition,
    /// The text for the owner of the object: no credential, no internal path.
    pub message: String,
}

/// What comes after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Try again, with back-off and no sooner than the hint.
    Retry {
        /// The earliest moment that the registry named, counted from now.
        not_before: Option<Duration>,
    },
    /// Wait for the specification to change.
    Stall,
    /// The host is down or cooling: wait for it.
    Park {
        /// The earliest moment that the registry named, counted from now.
        not_before: Option<Duration>,
    },
    /// The attempt was superseded: say nothing.
    Cancelled,
}

impl Failure {
    /// A failure that the condition `FetchFailed` shows and that is tried again.
    #[must_use]
    pub fn fetch(reason: Reason, message: String) -> Self {
        Self::retry(Some(ConditionKind::FetchFailed), reason, message)
    }

    /// A failure that is tried again with the ordinary back-off.
    #[must_use]
    pub fn retry(condition: Option<ConditionKind>, reason: Reason, message: String) -> Self {
        Self { condition, reason, disposition: Disposition::Retry { not_before: None }, message }
    }

    /// A failure that only a change of the object ends.
    #[must_use]
    pub fn stall(condition: Option<ConditionKind>, reason: Reason, message: String) -> Self {
        Self { condition, reason, disposition: Disposition::Stall, message }
    }

    /// The end of an attempt that something newer has overtaken.
    #[must_use]
    pub fn cancelled() -> Self {
        Self {
            condition: None,
            reason: Reason::Progressing,
            disposition: Disposition::Cancelled,
            message: "superseded".into(),
        }
    }

    /// A bug or a dead service: tried again, and said so (D44).
    #[must_use]
    pub fn internal(what: &str) -> Self {
        Self::fetch(Reason::InternalError, format!("internal error: {what}; the object is tried again"))
    }

    /// The same failure with another disposition.
    #[must_use]
    pub fn with(mut self, disposition: Disposition) -> Self {
        self.disposition = disposition;
        self
    }

    /// Whether the attempt ended because something newer overtook it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.disposition == Disposition::Cancelled
    }

    /// Whether only a change of the object ends this failure.
    #[must_use]
    pub fn is_stall(&self) -> bool {
        self.disposition == Disposition::Stall
    }
}
