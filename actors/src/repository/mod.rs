//! One object: its machine, its attempt, its timer.
//!
//! Owns: the object as last seen, the status as last concluded, one attempt, one timer.
//! Receives: [`SpecObserved`], [`DependencyShown`], [`Nudged`], [`ObjectVanished`], [`Drain`], `ArtifactDamaged`, `HostRecovered`.
//! Bounds: at most one attempt; events during it coalesce into one more.
//! Fails: alone; its Watcher starts it anew (D44).

mod attempt;
mod dereference;
mod log;
mod making;
mod messages;
mod perform;
mod pull_secrets;
mod reads;
mod recorded;
mod services;
mod transport;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Recipient, SpawnHandle};
use reconcile::{Class, Desired, Event, Failure, Machine, Observation, Status};
use tokio::time::Instant;

pub use messages::{
    DependenciesNamed, DependencyShown, Drain, Ending, Nudged, ObjectVanished, RepositoryStopped,
    SpecObserved,
};
pub use services::Services;

use reads::{Reads, Versions};
use recorded::Recorded;

use crate::registry::HostRecovered;
use crate::status_writer::StatusObserved;
use crate::storage::ArtifactDamaged;
use crate::translate::desired;
use crate::{Dependency, End, Key, Object, Scope, dependencies};

/// The actor.
pub struct Repository {
    key: Key,
    at: Arc<Services>,
    stopped: Recipient<RepositoryStopped>,
    naming: Recipient<DependenciesNamed>,
    machine: Machine,
    object: Option<Arc<Object>>,
    named: BTreeSet<Dependency>,
    read: Versions,
    recorded: Option<Recorded>,
    attempt: Option<Box<Attempt>>,
    concluded: Option<Box<Concluded>>,
    timer: Option<SpawnHandle>,
    progress: Option<SpawnHandle>,
    /// When a webhook told of what the next attempt is for.
    nudged: Option<Instant>,
    finished: bool,
    draining: bool,
}

/// The attempt that runs.
struct Attempt {
    scope: Scope,
    desired: Arc<Desired>,
    begun: Instant,
    seen: Rc<RefCell<Observation>>,
    reads: Arc<Reads>,
}

/// The attempt that ended last, until its status is written.
struct Concluded {
    object: Arc<Object>,
    desired: Arc<Desired>,
    class: Class,
    seen: Observation,
    result: Result<(), Failure>,
    span: tracing::Span,
}

impl Repository {
    /// The Repository of this object; `stopped` hears of its end, `naming` of what the object names.
    #[must_use]
    pub fn new(
        key: Key,
        at: Arc<Services>,
        stopped: Recipient<RepositoryStopped>,
        naming: Recipient<DependenciesNamed>,
    ) -> Self {
        let machine = Machine::new(at.policy, key.seed());
        Self {
            key,
            at,
            stopped,
            naming,
            machine,
            object: None,
            named: BTreeSet::new(),
            read: Versions::new(),
            recorded: None,
            attempt: None,
            concluded: None,
            timer: None,
            progress: None,
            nudged: None,
            finished: false,
            draining: false,
        }
    }

    fn advance(&mut self, event: Event, ctx: &mut Context<Self>) {
        for effect in self.machine.step(event) {
            self.perform(effect, ctx);
        }
    }

    /// The uid of the object and the status that our own writes have led to.
    fn recorded(&mut self) -> Option<(Arc<str>, Arc<Status>)> {
        let recorded = self.recorded.as_mut()?;
        Some((Arc::clone(recorded.uid()), recorded.status()))
    }

    fn remember(&mut self, object: &Arc<Object>) {
        self.recorded = Some(match self.recorded.take() {
            Some(recorded) => recorded.beside(object),
            None => Recorded::shown(object),
        });
        self.object = Some(Arc::clone(object));
    }

    /// The Watcher knows what the object names before anything of it is read.
    fn name(&mut self, desired: &Desired) {
        let named = dependencies(&self.key.namespace, desired);
        if named == self.named {
            return;
        }
        self.named.clone_from(&named);
        self.naming.do_send(DependenciesNamed { key: self.key.clone(), dependencies: named });
    }

    /// An attempt that has not read it yet is going to, unless it looks at the store alone.
    fn is_news(&self, shown: &DependencyShown) -> bool {
        let running = self.attempt.as_ref();
        let Some(attempt) = running.filter(|attempt| attempt.scope.class != Class::Check) else {
            return reads::is_news(&self.read, shown);
        };
        let read = attempt.reads.versions();
        read.contains_key(&shown.dependency) && reads::is_news(&read, shown)
    }
}

impl Actor for Repository {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        if let Some(attempt) = &self.attempt {
            attempt.scope.cancel.cancel();
            self.at.recorder.ended(&self.key, End::Failed);
        }
        let how = match (std::thread::panicking(), self.finished) {
            (true, _) => Ending::Panicked,
            (false, true) => Ending::Finished,
            (false, false) => Ending::Stopped,
        };
        self.stopped.do_send(RepositoryStopped { key: self.key.clone(), how });
    }
}

impl Handler<SpecObserved> for Repository {
    type Result = ();

    fn handle(&mut self, observed: SpecObserved, ctx: &mut Context<Self>) {
        let SpecObserved { object, initial } = observed;
        self.at.status_observed.do_send(StatusObserved { object: Arc::clone(&object) });
        self.remember(&object);
        let desired = desired(&object, self.at.default_account.as_deref());
        self.name(&desired);
        let status = self.recorded().map(|(_, status)| status);
        let artifact = status.as_ref().and_then(|status| status.artifact.as_ref());
        let path = artifact.map(|artifact| artifact.path.as_str()).filter(|_| !desired.deleting);
        self.at.known.note(&self.key, path);
        let settled = artifact.is_some()
            && status.as_ref().is_some_and(|status| {
                status.observed_generation == desired.generation
                    && status.last_handled_reconcile_at
                        == desired.requested_at.clone().or(status.last_handled_reconcile_at.clone())
            });
        if let Some(sources) = &self.at.sources {
            sources.follow(&self.key, &desired);
        }
        self.tell_unknown_annotations(&object);
        if !self.draining {
            self.advance(Event::Observed { desired: Arc::new(desired), initial, settled }, ctx);
        }
    }
}

impl Handler<DependencyShown> for Repository {
    type Result = ();

    fn handle(&mut self, shown: DependencyShown, ctx: &mut Context<Self>) {
        if !self.draining && self.is_news(&shown) {
            self.advance(Event::DependencyChanged, ctx);
        }
    }
}

impl Handler<Nudged> for Repository {
    type Result = ();

    fn handle(&mut self, Nudged { told, at }: Nudged, ctx: &mut Context<Self>) {
        if !self.draining {
            self.nudged = self.nudged.max(Some(at));
            self.advance(Event::Nudged(told), ctx);
        }
    }
}

impl Handler<ArtifactDamaged> for Repository {
    type Result = ();

    fn handle(&mut self, _: ArtifactDamaged, ctx: &mut Context<Self>) {
        if self.draining {
            return;
        }
        if let Some(desired) = self.machine.desired().filter(|desired| desired.suspended && !desired.deleting)
        {
            self.log_left(desired);
        }
        self.advance(Event::ArtifactDamaged, ctx);
    }
}

impl Handler<ObjectVanished> for Repository {
    type Result = ();

    fn handle(&mut self, _: ObjectVanished, ctx: &mut Context<Self>) {
        self.named.clear();
        self.at.known.note(&self.key, None);
        if let Some(sources) = &self.at.sources {
            sources.note(&self.key, None);
        }
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
