//! What every message of one attempt carries: whose it is and why, how much time it has, and whether it is still wanted.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Message, Recipient};
use futures::FutureExt;
use reconcile::{Class, Failure};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::Key;

/// One attempt, as its messages know it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whose attempt it is.
    pub key: Key,
    /// Which life of the object.
    pub uid: Arc<str>,
    /// Its number within the life of the Repository.
    pub attempt: u64,
    /// Why it is made, by which it stands in queues.
    pub class: Class,
    /// Set when something newer has overtaken the attempt.
    pub cancel: CancellationToken,
    /// The time that is left for resolving, verifying and describing (D1).
    pub budget: Arc<Budget>,
    /// The span that its work belongs to.
    pub span: tracing::Span,
    finalizer: watch::Receiver<Option<Result<(), Failure>>>,
}

/// A time limit that stands still while the attempt waits for a turn (D1).
#[derive(Debug)]
pub struct Budget {
    left_ms: AtomicU64,
    admitted: Mutex<Option<Instant>>,
    total: Duration,
}

impl Budget {
    /// The whole of `spec.timeout`.
    #[must_use]
    pub fn new(total: Duration) -> Self {
        let left_ms = AtomicU64::new(u64::try_from(total.as_millis()).unwrap_or(u64::MAX));
        Self { left_ms, admitted: Mutex::default(), total }
    }

    /// Notes that the attempt has been given its first turn.
    pub fn admit(&self) {
        self.admission().get_or_insert_with(Instant::now);
    }

    /// Waits in a queue, where an attempt does not run (D27).
    pub async fn queue<T>(&self, turn: impl Future<Output = T>) -> T {
        let ran = self.admitted_for();
        *self.admission() = None;
        let turn = turn.await;
        *self.admission() = ran.and_then(|ran| Instant::now().checked_sub(ran));
        turn
    }

    /// How long the attempt has run since its first turn, without what it spent in a queue; `None` before, and while it stands in one
    /// (D27).
    #[must_use]
    pub fn admitted_for(&self) -> Option<Duration> {
        self.admission().map(|since| since.elapsed())
    }

    fn admission(&self) -> MutexGuard<'_, Option<Instant>> {
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `spec.timeout` says.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// What is left of it.
    #[must_use]
    pub fn left(&self) -> Duration {
        Duration::from_millis(self.left_ms.load(Ordering::Relaxed))
    }

    /// Runs `work` within what is left and takes from it what `work` used; `None` when it was not enough.
    pub async fn spend<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let begun = Instant::now();
        let answer = tokio::time::timeout(self.left(), work).await.ok();
        let used = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let rest = self.left_ms.load(Ordering::Relaxed).saturating_sub(used);
        self.left_ms.store(rest, Ordering::Relaxed);
        answer
    }
}

/// Tells an attempt how the writing of its finalizer went; dropped unheard, the attempt fails.
pub type FinalizerSender = watch::Sender<Option<Result<(), Failure>>>;

impl Scope {
    /// A scope and the sender that tells it of the finalizer.
    #[must_use]
    pub fn new(
        key: Key,
        uid: Arc<str>,
        attempt: u64,
        class: Class,
        timeout: Duration,
        span: tracing::Span,
    ) -> (Self, FinalizerSender) {
        let (sender, finalizer) = watch::channel(None);
        let cancel = CancellationToken::new();
        (
            Self {
                key,
                uid,
                attempt,
                class,
                cancel,
                budget: Arc::new(Budget::new(timeout)),
                span,
                finalizer,
            },
            sender,
        )
    }

    /// Asks another actor and waits for its answer, or until the attempt is overtaken.
    ///
    /// # Errors
    /// The answer's own failure, [`Failure::cancelled`], or an internal failure when the actor is dead.
    pub async fn ask<M, T>(&self, actor: &Recipient<M>, message: M) -> Result<T, Failure>
    where
        M: Message<Result = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        self.unless_cancelled(self.ask_to_the_end(actor, message)).await
    }

    /// Asks another actor and waits for its answer even if the attempt is overtaken meanwhile.
    ///
    /// # Errors
    /// The answer's own failure, or an internal failure when the actor is dead.
    pub async fn ask_to_the_end<M, T>(&self, actor: &Recipient<M>, message: M) -> Result<T, Failure>
    where
        M: Message<Result = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        actor.send(message).await.unwrap_or_else(|dead| Err(dead_service(dead)))
    }

    /// Waits until the finalizer is on the object.
    ///
    /// # Errors
    /// Why it could not be written.
    pub async fn finalizer_landed(&self) -> Result<(), Failure> {
        let mut finalizer = self.finalizer.clone();
        let landed = async {
            match finalizer.wait_for(Option::is_some).await {
                Ok(answer) => answer.clone().unwrap_or(Ok(())),
                Err(_) => Err(Failure::internal("the finalizer was never written")),
            }
        };
        self.unless_cancelled(landed).await
    }

    /// Waits for work of this attempt, or until the attempt is overtaken; the work is dropped then.
    ///
    /// # Errors
    /// The work's own failure, or [`Failure::cancelled`].
    pub async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Failure::cancelled()),
            answer = work => answer,
        }
    }

    /// Runs work of this attempt on the pool; a panic in it is the attempt's failure, nobody else's.
    ///
    /// # Errors
    /// The work's own failure, [`Failure::cancelled`], or [`Failure::internal`] after a panic.
    pub async fn offload<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let scope = self.clone();
        let guarded = async move {
            let done = AssertUnwindSafe(work).catch_unwind();
            let done = done.map(|done| done.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))));
            scope.unless_cancelled(done).await
        };
        tokio::spawn(guarded.instrument(self.span.clone()))
            .await
            .unwrap_or_else(|lost| Err(Failure::internal(&lost.to_string())))
    }
}

fn dead_service(dead: actix::MailboxError) -> Failure {
    Failure::internal(&format!("a service did not answer ({dead})"))
}

/// The failure of an attempt whose work panicked (D44); the panic's text goes to the log, not to the owner.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = text, "work of an attempt panicked");
    Failure::internal("unexpected panic, see the operator's log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_no_turn_yet_has_none_after_another_queue() {
        let budget = Budget::new(Duration::from_mins(1));

        budget.queue(async {}).await;

        assert_eq!(budget.admitted_for(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_has_run_as_long_after_a_queue_as_before_it() {
        let budget = Budget::new(Duration::from_mins(1));
        budget.admit();
        tokio::time::advance(Duration::from_secs(1)).await;

        let waits = async {
            assert_eq!(budget.admitted_for(), None);
            tokio::time::advance(Duration::from_secs(5)).await;
        };
        budget.queue(waits).await;
        assert_eq!(budget.admitted_for(), Some(Duration::from_secs(1)));

        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(budget.admitted_for(), Some(Duration::from_secs(2)));
    }
}
