//! One object: its machine, its attempt, its timer.
//!
//! Owns: the object as last seen, the status as last concluded, one attempt, one timer.
//! Receives: [`SpecObserved`], [`ObjectVanished`], [`Drain`], `HostRecovered`.
//! Bounds: at most one attempt; events during it coalesce into one more.
//! Fails: alone; its Watcher starts it anew (D44).

mod attempt;
mod dereference;
mod making;
mod messages;
mod perform;
mod services;
mod transport;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Recipient, SpawnHandle};
use reconcile::{Class, Desired, Event, Failure, Machine, Observation, Status};
use tokio::time::Instant;

pub use messages::{Drain, Ending, ObjectVanished, RepositoryStopped, SpecObserved};
pub use services::Services;

use crate::registry::HostRecovered;
use crate::status_writer::StatusObserved;
use crate::translate::{desired, recorded};
use crate::{Key, Object, Scope};

/// The actor.
pub struct Repository {
    key: Key,
    at: Arc<Services>,
    stopped: Recipient<RepositoryStopped>,
    machine: Machine,
    object: Option<Arc<Object>>,
    recorded: Option<(Arc<str>, Status)>,
    attempt: Option<Attempt>,
    concluded: Option<Concluded>,
    timer: Option<SpawnHandle>,
    progress: Option<SpawnHandle>,
    finished: bool,
    draining: bool,
}

/// The attempt that runs.
struct Attempt {
    scope: Scope,
    desired: Arc<Desired>,
    class: Class,
    begun: Instant,
    seen: Rc<RefCell<Observation>>,
}

/// The attempt that ended last, until its status is written.
struct Concluded {
    object: Arc<Object>,
    desired: Arc<Desired>,
    class: Class,
    seen: Observation,
    result: Result<(), Failure>,
}

impl Repository {
    /// The Repository of this object; `stopped` hears of its end.
    #[must_use]
    pub fn new(key: Key, at: Arc<Services>, stopped: Recipient<RepositoryStopped>) -> Self {
        let machine = Machine::new(at.policy, key.seed());
        Self {
            key,
            at,
            stopped,
            machine,
            object: None,
            recorded: None,
            attempt: None,
            concluded: None,
            timer: None,
            progress: None,
            finished: false,
            draining: false,
        }
    }

    fn advance(&mut self, event: Event, ctx: &mut Context<Self>) {
        for effect in self.machine.step(event) {
            self.perform(effect, ctx);
        }
    }

    /// The status that our own writes have led to; a later observation of the same life may lag behind them.
    fn remember(&mut self, object: &Arc<Object>) {
        if self.recorded.as_ref().is_none_or(|(uid, _)| *uid != object.uid) {
            self.recorded = Some((Arc::clone(&object.uid), recorded(object)));
        }
        self.object = Some(Arc::clone(object));
    }
}

impl Actor for Repository {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        if let Some(attempt) = &self.attempt {
            attempt.scope.cancel.cancel();
        }
        let how = match (std::thread::panicking(), self.finished) {
            (true, _) => Ending::Panicked,
            (false, true) => Ending::Finished,
            (false, false) => Ending::Stopped,
        };
        self.stopped.do_send(RepositoryStopped {
            key: self.key.clone(),
            how,
        });
    }
}

impl Handler<SpecObserved> for Repository {
    type Result = ();

    fn handle(&mut self, observed: SpecObserved, ctx: &mut Context<Self>) {
        let SpecObserved { object, initial } = observed;
        self.at.status_observed.do_send(StatusObserved {
            object: Arc::clone(&object),
        });
        self.remember(&object);
        let desired = desired(&object);
        let status = self.recorded.as_ref().map(|(_, status)| status);
        let artifact = status.and_then(|status| status.artifact.as_ref());
        let path = artifact
            .map(|artifact| artifact.path.as_str())
            .filter(|_| !desired.deleting);
        self.at.known.note(&self.key, path);
        let settled = artifact.is_some()
            && status.is_some_and(|status| {
                status.observed_generation == desired.generation
                    && status.last_handled_reconcile_at
                        == desired
                            .requested_at
                            .clone()
                            .or(status.last_handled_reconcile_at.clone())
            });
        self.tell_unknown_annotations(&object);
        if !self.draining {
            self.advance(
                Event::Observed {
                    desired: Arc::new(desired),
                    initial,
                    settled,
                },
                ctx,
            );
        }
    }
}

impl Handler<ObjectVanished> for Repository {
    type Result = ();

    fn handle(&mut self, _: ObjectVanished, ctx: &mut Context<Self>) {
        self.at.known.note(&self.key, None);
        self.advance(Event::Gone, ctx);
    }
}

impl Handler<HostRecovered> for Repository {
    type Result = ();

    fn handle(&mut self, _: HostRecovered, ctx: &mut Context<Self>) {
        if !self.draining {
            self.advance(Event::HostRecovered, ctx);
        }
    }
}

impl Handler<Drain> for Repository {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Context<Self>) {
        self.draining = true;
        for handle in [self.timer.take(), self.progress.take()].into_iter().flatten() {
            ctx.cancel_future(handle);
        }
        match &self.attempt {
            Some(attempt) => attempt.scope.cancel.cancel(),
            None => ctx.stop(),
        }
    }
}
