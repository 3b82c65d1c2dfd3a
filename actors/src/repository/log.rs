//! What one pass says to the operator's log.

use reconcile::{Announcement, Desired, Disposition, Failure};
use tracing::Span;
use uuid::Uuid;

use super::Repository;
use crate::fields::{ERROR, NAME, NAMESPACE, REASON, RECONCILE_ID};

impl Repository {
    /// The span of a pass. It is one of errors, so that their lines name the object at every level.
    pub(super) fn span(&self, attempt: u64, desired: &Desired) -> Span {
        tracing::error_span!(
            "attempt",
            { NAMESPACE } = %self.key.namespace,
            { NAME } = %self.key.name,
            { RECONCILE_ID } = %Uuid::new_v4(),
            attempt.id = attempt,
            generation = desired.generation,
        )
    }

    /// One line for a pass that does nothing.
    pub(super) fn log_suspended(&self, desired: &Desired) {
        let _within = self.span(0, desired).entered();
        tracing::info!("reconciliation is suspended for this object");
    }
}

/// One line for a failure, else one for each change.
pub(super) fn log(span: &Span, told: &[Announcement], result: &Result<(), Failure>) {
    let _within = span.enter();
    if let Err(failure) = result {
        let stalled = failure.disposition == Disposition::Stall;
        let (reason, error) = (failure.reason.as_str(), failure.message.as_str());
        tracing::error!({ REASON } = reason, { ERROR } = error, stalled, "Reconciler error");
        return;
    }
    for event in told {
        tracing::info!({ REASON } = event.reason.as_str(), "{}", event.message);
    }
}
