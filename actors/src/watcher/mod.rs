//! Keeps one Repository for each object that the cluster shows.
//!
//! Owns: the Repositories, what was last seen of each, and who names what.
//! Receives: [`ObjectChanged`], [`DependencyChanged`], [`Nudge`], `DependenciesNamed`, `ArtifactDamaged`, `RepositoryStopped`,
//! [`StopWatching`].
//! Bounds: one event of each watch at a time; one Repository an object; one timer for all that are to be started anew.
//! Fails: the process, if it panics; a Repository that panics is started anew with back-off (D44).

mod children;
mod dependencies;
mod messages;

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, ResponseFuture, SpawnHandle};
use reconcile::Failure;
use tokio::sync::watch;
use tokio::time::Instant;

use children::Children;
use dependencies::Dependencies;
pub use messages::{DependencyChanged, Nudge, ObjectChanged, StopWatching};

use crate::repository::{DependenciesNamed, Ending, Nudged, Repository, RepositoryStopped, Services};
use crate::storage::ArtifactDamaged;
use crate::{Key, Object};

/// The actor.
pub struct Watcher {
    at: Arc<Services>,
    children: Children,
    dependencies: Dependencies,
    listing: Option<BTreeSet<Key>>,
    listed: bool,
    timer: Option<SpawnHandle>,
    stopping: bool,
    alive: watch::Sender<usize>,
}

impl Watcher {
    /// A Watcher whose Repositories ask these services.
    #[must_use]
    pub fn new(at: Arc<Services>) -> Self {
        let backoff = at.policy.backoff;
        Self {
            at,
            children: Children::new(backoff),
            dependencies: Dependencies::default(),
            listing: None,
            listed: false,
            timer: None,
            stopping: false,
            alive: watch::channel(0).0,
        }
    }

    fn applied(&mut self, object: &Arc<Object>, ctx: &mut Context<Self>) {
        if let Some(unseen) = &mut self.listing {
            unseen.remove(&object.key);
        }
        let initial = !self.listed;
        if self.children.observe(object, initial) {
            return;
        }
        self.start(&object.key, ctx);
    }

    fn start(&mut self, key: &Key, ctx: &mut Context<Self>) {
        let (stopped, naming) = (ctx.address().recipient(), ctx.address().recipient());
        let repository = Repository::new(key.clone(), Arc::clone(&self.at), stopped, naming).start();
        self.dependencies.name(key, BTreeSet::new());
        self.children.started(key, repository);
        self.alive.send_replace(self.children.running());
    }

    fn vanished(&mut self, key: &Key) {
        self.children.vanished(key, &self.at);
        self.dependencies.name(key, BTreeSet::new());
    }

    fn rearm(&mut self, ctx: &mut Context<Self>) {
        if let Some(handle) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        let Some(next) = self.children.next_start() else {
            return;
        };
        let delay = next.saturating_duration_since(Instant::now());
        self.timer = Some(ctx.run_later(delay, |watcher, ctx| {
            watcher.timer = None;
            for key in watcher.children.due(Instant::now()) {
                watcher.start(&key, ctx);
            }
            watcher.rearm(ctx);
        }));
    }
}

impl Actor for Watcher {
    type Context = Context<Self>;
}

impl Handler<ObjectChanged> for Watcher {
    type Result = ();

    fn handle(&mut self, changed: ObjectChanged, ctx: &mut Context<Self>) {
        if self.stopping {
            return;
        }
        match changed {
            ObjectChanged::RelistStarted => self.listing = Some(self.children.keys()),
            ObjectChanged::Applied(object) => self.applied(&object, ctx),
            ObjectChanged::Deleted { key, .. } => self.vanished(&key),
            ObjectChanged::RelistFinished => {
                for key in self.listing.take().unwrap_or_default() {
                    self.vanished(&key);
                }
                self.listed = true;
                if let Some(sources) = &self.at.sources {
                    sources.retain(&self.children.keys());
                    sources.complete();
                }
                self.at.known.complete();
            }
        }
    }
}

impl Handler<DependenciesNamed> for Watcher {
    type Result = ();

    fn handle(&mut self, named: DependenciesNamed, _: &mut Context<Self>) {
        if self.children.shows(&named.key) {
            self.dependencies.name(&named.key, named.dependencies);
        }
    }
}

impl Handler<DependencyChanged> for Watcher {
    type Result = ();

    fn handle(&mut self, changed: DependencyChanged, _: &mut Context<Self>) {
        if self.stopping {
            return;
        }
        for (shown, keys) in self.dependencies.shown(changed) {
            for key in keys {
                self.children.tell(&key, shown.clone());
            }
        }
    }
}

impl Handler<Nudge> for Watcher {
    type Result = ();

    fn handle(&mut self, nudge: Nudge, _: &mut Context<Self>) {
        if !self.stopping {
            self.children.tell(&nudge.key, Nudged { told: nudge.told, at: nudge.at });
        }
    }
}

impl Handler<ArtifactDamaged> for Watcher {
    type Result = ();

    fn handle(&mut self, damaged: ArtifactDamaged, _: &mut Context<Self>) {
        if !self.stopping {
            self.children.tell(&damaged.key.clone(), damaged);
        }
    }
}

impl Handler<RepositoryStopped> for Watcher {
    type Result = ();

    fn handle(&mut self, stopped: RepositoryStopped, ctx: &mut Context<Self>) {
        let RepositoryStopped { key, how } = stopped;
        if how == Ending::Panicked {
            tracing::error!(namespace = %key.namespace, name = %key.name, "a Repository panicked and is started anew");
            self.children.tell_of_panic(&key, &self.at);
        }
        let restart = self.children.stopped(&key, how, Instant::now());
        self.alive.send_replace(self.children.running());
        if self.stopping {
            return;
        }
        if restart {
            self.start(&key, ctx);
        }
        self.rearm(ctx);
    }
}

impl Handler<StopWatching> for Watcher {
    type Result = ResponseFuture<Result<(), Failure>>;

    fn handle(&mut self, _: StopWatching, ctx: &mut Context<Self>) -> Self::Result {
        self.stopping = true;
        if let Some(handle) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        self.children.drain();
        self.alive.send_replace(self.children.running());
        let mut alive = self.alive.subscribe();
        Box::pin(async move {
            let ended = alive.wait_for(|running| *running == 0).await;
            ended.map(drop).map_err(|lost| Failure::internal(&lost.to_string()))
        })
    }
}
