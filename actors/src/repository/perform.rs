//! The effects of the machine, performed; no policy here.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures::FutureExt;
use reconcile::{
    Announcement, Class, Desired, Disposition, Effect, Event, Failure, Observation, Outcome, Reason,
    Severity, Status, announcements, conclude, conclude_suspended, in_progress,
};
use tokio::time::Instant;
use tracing::Instrument;

use super::attempt::{self, Wanted};
use super::log::log;
use super::reads::Reads;
use super::recorded::Recorded;
use super::{Attempt, Concluded, Repository};
use crate::scope::panicked;
use crate::status_writer::{AddFinalizer, Announce, Forget, RemoveFinalizer, WriteStatus};
use crate::storage::Purge;
use crate::translate::unknown_annotations;
use crate::{End, FinalizerSender, Object, Scope};

/// How often an object without an interval repeats a failure: upstream's longest back-off.
const RARELY: Duration = Duration::from_mins(15);
/// The budget of an attempt whose specification names none, as in D1.
const TIMEOUT: Duration = Duration::from_mins(1);

impl Repository {
    pub(super) fn perform(&mut self, effect: Effect, ctx: &mut Context<Self>) {
        match effect {
            Effect::Start { attempt, class } => self.start(attempt, class, ctx),
            Effect::Cancel => self.cancel(),
            Effect::Coalesced => self.at.recorder.coalesced(),
            Effect::Conclude => self.conclude(),
            Effect::WakeAfter(delay) => self.wake_after(delay, ctx),
            Effect::LookAgainAfter(delay) => {
                // From now on any answer is newer than the one that showed nothing.
                self.nudged = self.nudged.max(Some(Instant::now()));
                self.wake_after(delay, ctx);
            }
            Effect::Sleep => self.sleep(ctx),
            Effect::ProgressAfter(delay) => self.progress_after(delay, ctx),
            Effect::ShowProgress => self.show_progress(),
            Effect::ShowSuspended => self.show_suspended(ctx),
            Effect::Retire { attempt } => self.retire(attempt, ctx),
            Effect::Finish => self.finish(ctx),
        }
    }

    fn start(&mut self, number: u64, class: Class, ctx: &mut Context<Self>) {
        let (Some(object), Some(desired)) = (self.object.clone(), self.machine.desired().cloned()) else {
            return;
        };
        let Some((_, recorded)) = self.recorded() else { return };
        let timeout = desired.wish.as_ref().map_or(TIMEOUT, |source| source.timeout);
        let span = self.span(number, &desired);
        let (scope, finalizer) =
            Scope::new(self.key.clone(), Arc::clone(&object.uid), number, class, timeout, span.clone());
        self.at.recorder.begun(&self.key, class == Class::Retry);
        self.hold(&object, finalizer, ctx);
        let seen = Rc::new(RefCell::new(Observation::default()));
        let recovered = ctx.address().recipient().downgrade();
        let reads = Arc::new(Reads::new(
            Arc::clone(&self.at.cluster),
            self.key.clone(),
            self.named.clone(),
            self.naming.clone(),
        ));
        let shown = match &self.recorded {
            Some(Recorded::Shown(shown, _)) if Arc::ptr_eq(shown, &object) => {
                recorded.artifact.as_ref().map(|artifact| artifact.path.clone())
            }
            _ => object.artifact().map(|artifact| artifact.path),
        };
        let wanted = Wanted {
            desired: Arc::clone(&desired),
            recorded: Arc::clone(&recorded),
            shown,
            nudged: self.nudged.take().unwrap_or_else(Instant::now),
            recovered,
            reads: Arc::clone(&reads),
        };
        let (at, work_scope, work_seen) = (Arc::clone(&self.at), scope.clone(), Rc::clone(&seen));
        self.attempt = Some(Box::new(Attempt { scope, desired, begun: Instant::now(), seen, reads }));
        let work = async move {
            let run = AssertUnwindSafe(attempt::run(&work_scope, &wanted, &at, &work_seen)).catch_unwind();
            run.await.unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
        };
        let ended =
            Instrument::instrument(work, span).into_actor(self).map(move |result, repository, ctx| {
                repository.attempt_finished(number, result, ctx);
                // Until here, so that the conclusion need not read the status once more.
                drop(recorded);
            });
        ctx.spawn(ended);
    }

    /// Puts the finalizer on the object, beside the attempt: it is due before the first publication only.
    fn hold(&self, object: &Arc<Object>, finalizer: FinalizerSender, ctx: &mut Context<Self>) {
        if object.is_held() {
            finalizer.send_replace(Some(Ok(())));
            return;
        }
        let add = AddFinalizer { key: self.key.clone(), uid: Arc::clone(&object.uid) };
        let asked = self.at.add_finalizer.send(add);
        let told = async move {
            let answer = asked.await.unwrap_or_else(|dead| Err(Failure::internal(&dead.to_string())));
            finalizer.send_replace(Some(answer));
        };
        ctx.spawn(told.into_actor(self));
    }

    fn attempt_finished(&mut self, number: u64, result: Result<(), Failure>, ctx: &mut Context<Self>) {
        let Some(attempt) = self.attempt.take() else { return };
        let Attempt { scope, desired, begun, seen, reads } = *attempt;
        let Some(object) = self.object.clone() else { return };
        let seen = seen.take();
        let read = std::mem::take(&mut *reads.versions());
        if !read.is_empty() {
            self.read = read;
        }
        let outcome = match &result {
            Ok(()) if seen.resolved.is_none() => Outcome::Checked,
            Ok(()) => Outcome::Succeeded,
            Err(failure) => Outcome::Failed(failure.disposition),
        };
        let resolved = seen.resolved.as_ref().zip(desired.wish.as_ref().ok());
        let found = resolved.and_then(|(resolved, source)| resolved.found(&source.selector));
        self.at.recorder.ended(&self.key, end(outcome, &desired));
        self.concluded =
            Some(Box::new(Concluded { object, desired, class: scope.class, seen, result, span: scope.span }));
        if self.draining {
            if outcome != Outcome::Failed(Disposition::Cancelled) {
                self.conclude();
            }
            ctx.stop();
            return;
        }
        self.advance(Event::Finished { attempt: number, outcome, found, ran_for: begun.elapsed() }, ctx);
    }

    fn cancel(&mut self) {
        if let Some(attempt) = &self.attempt {
            attempt.scope.cancel.cancel();
        }
    }

    fn conclude(&mut self) {
        let Some(concluded) = self.concluded.take() else { return };
        let Concluded { object, desired, class, seen, result, span } = *concluded;
        let Some((uid, recorded)) = self.recorded().filter(|(uid, _)| **uid == *desired.uid) else {
            return;
        };
        let conclusion = conclude(&desired, &recorded, &seen, &result);
        let told = announcements(&desired, &recorded, &seen, &result, &conclusion, class);
        log(&span, &told, &result);
        let artifact = conclusion.status.artifact.as_ref().map(|artifact| artifact.path.as_str());
        self.at.known.note(&self.key, artifact);
        if conclusion.status == *recorded {
            self.show(uid, recorded, false);
        } else {
            self.write(uid, conclusion.status);
        }
        self.tell(object, told);
    }

    fn write(&mut self, uid: Arc<str>, status: Status) {
        let status = Arc::new(status);
        self.recorded = Some(Recorded::Written(Arc::clone(&uid), Arc::clone(&status)));
        self.show(uid, status, false);
    }

    fn show(&self, uid: Arc<str>, status: Arc<Status>, progress: bool) {
        self.at.write_status.do_send(WriteStatus { key: self.key.clone(), uid, status, progress });
    }

    fn tell(&self, object: Arc<Object>, announcements: Vec<Announcement>) {
        if announcements.is_empty() {
            return;
        }
        let interval = self.machine.desired().map_or(Duration::ZERO, |desired| desired.interval);
        let repeat_after = if interval.is_zero() { RARELY } else { interval };
        self.at.announce.do_send(Announce { object, announcements, repeat_after });
    }

    pub(super) fn tell_unknown_annotations(&self, object: &Arc<Object>) {
        let before = self.machine.desired().map(|desired| &desired.annotations);
        let told = unknown_annotations(object)
            .filter(|key| before.is_none_or(|known| !known.contains_key(*key)))
            .map(|key| {
                let text = format!("the annotation {key} is not known to this version and has no effect");
                Announcement::new(Severity::Warning, Reason::UnsupportedField, text)
            })
            .collect();
        self.tell(Arc::clone(object), told);
    }

    fn wake_after(&mut self, delay: Duration, ctx: &mut Context<Self>) {
        self.sleep(ctx);
        self.timer = Some(ctx.run_later(delay, |repository, ctx| {
            repository.timer = None;
            repository.advance(Event::Due, ctx);
        }));
    }

    fn sleep(&mut self, ctx: &mut Context<Self>) {
        for handle in [self.timer.take(), self.progress.take()].into_iter().flatten() {
            ctx.cancel_future(handle);
        }
    }

    fn progress_after(&mut self, delay: Duration, ctx: &mut Context<Self>) {
        self.progress = Some(ctx.run_later(delay, |repository, ctx| {
            repository.progress = None;
            let bare = repository.recorded().is_none_or(|(_, status)| status.conditions.is_empty());
            let Some(attempt) = &repository.attempt else {
                return;
            };
            let (admitted_for, waited) = (attempt.scope.budget.admitted_for(), attempt.begun.elapsed());
            repository.advance(Event::ProgressDue { admitted_for, waited, bare }, ctx);
        }));
    }

    fn show_progress(&mut self) {
        let Some((uid, recorded)) = self.recorded() else { return };
        let Some(attempt) = &self.attempt else { return };
        let status = in_progress(&attempt.desired, &recorded, &attempt.seen.borrow());
        self.show(uid, Arc::new(status), true);
    }

    fn show_suspended(&mut self, ctx: &mut Context<Self>) {
        let (Some(object), Some(desired)) = (self.object.clone(), self.machine.desired().cloned()) else {
            return;
        };
        let Some((uid, recorded)) = self.recorded() else { return };
        self.log_suspended(&desired);
        self.at.recorder.ended(&self.key, End::Resting);
        let status = conclude_suspended(&desired, &recorded);
        let (finalizer, _) = tokio::sync::watch::channel(None);
        self.hold(&object, finalizer, ctx);
        self.write(uid, status);
    }

    fn retire(&mut self, number: u64, ctx: &mut Context<Self>) {
        let Some(object) = self.object.clone() else { return };
        self.at.recorder.begun(&self.key, false);
        self.at.known.note(&self.key, None);
        let purged = self.at.purge.send(Purge { key: self.key.clone() });
        let work =
            async move { purged.await.unwrap_or_else(|dead| Err(Failure::internal(&dead.to_string()))) };
        let ended = work.into_actor(self).then(move |purged, repository, _| {
            let released = repository.release(&object, &purged);
            released.into_actor(repository).map(move |complete, repository, ctx| {
                let end = if complete { End::Resting } else { End::Failed };
                repository.at.recorder.ended(&repository.key, end);
                repository.advance(Event::Retired { attempt: number, complete }, ctx);
            })
        });
        ctx.spawn(ended);
    }

    /// After the files are gone our finalizer goes, and where others hold the object its status loses the artifact.
    fn release(
        &mut self,
        object: &Arc<Object>,
        purged: &Result<bool, Failure>,
    ) -> impl Future<Output = bool> + use<> {
        match purged {
            Ok(true) => {
                let text = "garbage collected artifacts for deleted resource".to_owned();
                let event = Announcement::new(Severity::Trace, Reason::GarbageCollectionSucceeded, text);
                self.tell(Arc::clone(object), vec![event]);
            }
            Ok(false) => {}
            Err(failure) => {
                let event = Announcement::new(Severity::Warning, failure.reason, failure.message.clone());
                self.tell(Arc::clone(object), vec![event]);
            }
        }
        if purged.is_ok()
            && object.finalizers.iter().any(|finalizer| finalizer != crate::FINALIZER)
            && let Some((uid, status)) = self.recorded()
        {
            let mut status = Arc::unwrap_or_clone(status);
            (status.artifact, status.url) = (None, None);
            self.write(uid, status);
        }
        let remove = RemoveFinalizer { key: self.key.clone(), uid: Arc::clone(&object.uid) };
        let removed = purged.is_ok().then(|| self.at.remove_finalizer.send(remove));
        async move {
            match removed {
                Some(removed) => matches!(removed.await, Ok(Ok(()))),
                None => false,
            }
        }
    }

    fn finish(&mut self, ctx: &mut Context<Self>) {
        if let Some(recorded) = &self.recorded {
            let uid = Arc::clone(recorded.uid());
            self.at.forget.do_send(Forget { key: self.key.clone(), uid });
        }
        self.at.recorder.forgotten(&self.key);
        self.finished = true;
        ctx.stop();
    }
}

/// How a pass with this outcome ended.
fn end(outcome: Outcome, desired: &Desired) -> End {
    match outcome {
        Outcome::Failed(Disposition::Retry { .. } | Disposition::Park { .. }) => End::Failed,
        Outcome::Failed(Disposition::Cancelled) => End::Superseded,
        Outcome::Failed(Disposition::Stall) => End::Resting,
        Outcome::Succeeded | Outcome::Checked if desired.interval.is_zero() => End::Resting,
        Outcome::Succeeded | Outcome::Checked => End::Waiting,
    }
}
