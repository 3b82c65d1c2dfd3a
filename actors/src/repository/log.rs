//! What one pass says to the operator's log.

use reconcile::{Announcement, Desired, Disposition, Failure, Severity};
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

/// One line for each thing that is told, and of them one for the failure.
pub(super) fn log(span: &Span, told: &[Announcement], result: &Result<(), Failure>) {
    let _within = span.enter();
    let failed =
        |event: &&Announcement| result.as_ref().is_err_and(|failure| failure.message == event.message);
    for event in told.iter().filter(|event| !failed(event)) {
        let reason = event.reason.as_str();
        match event.severity {
            Severity::Warning => tracing::error!({ REASON } = reason, "{}", event.message),
            Severity::Trace | Severity::Normal => tracing::info!({ REASON } = reason, "{}", event.message),
        }
    }
    if let Err(failure) = result {
        let (reason, error) = (failure.reason.as_str(), failure.message.as_str());
        if failure.disposition == Disposition::Stall {
            tracing::error!({ REASON } = reason, { ERROR } = error, "reconciliation stalled");
        } else {
            tracing::error!({ REASON } = reason, { ERROR } = error, "Reconciler error");
        }
    }
}
