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

    /// One line for a damaged file that stays as it is, because its object is suspended.
    pub(super) fn log_left(&self, desired: &Desired) {
        let _within = self.span(0, desired).entered();
        tracing::error!("the stored artifact is damaged, and stays so until the object is resumed");
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

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Write as _};
    use std::sync::{Arc, Mutex};

    use reconcile::Reason;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Keeps level and message of each line.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            if field.name() == "message" {
                write!(self.0, " {value:?}").unwrap();
            }
        }
    }

    fn logged(told: &[Announcement], result: &Result<(), Failure>) -> Vec<String> {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || log(&Span::none(), told, result));
        lines.0.lock().unwrap().clone()
    }

    #[test]
    fn a_failure_and_a_stall_have_one_line_each_by_upstreams_names() {
        let told = |failure: &Failure| {
            vec![Announcement::new(Severity::Warning, failure.reason, failure.message.clone())]
        };
        let failure = Failure::fetch(Reason::OCIArtifactPullFailed, "no".to_owned());
        assert_eq!(logged(&told(&failure), &Err(failure)), ["ERROR Reconciler error"]);
        let stall = Failure::stall(None, Reason::URLInvalid, "never".to_owned());
        assert_eq!(logged(&told(&stall), &Err(stall)), ["ERROR reconciliation stalled"]);
    }

    #[test]
    fn what_is_told_beside_a_failure_is_logged_too() {
        let failure = Failure::fetch(Reason::AuthenticationFailed, "no secret".to_owned());
        let told = [
            Announcement::new(
                Severity::Trace,
                Reason::AuthenticationFailed,
                "auth secret 'x' not found".to_owned(),
            ),
            Announcement::new(Severity::Warning, Reason::ArtifactVerificationFailed, "damaged".to_owned()),
            Announcement::new(Severity::Warning, failure.reason, failure.message.clone()),
        ];

        assert_eq!(
            logged(&told, &Err(failure)),
            ["INFO auth secret 'x' not found", "ERROR damaged", "ERROR Reconciler error"]
        );
    }
}
