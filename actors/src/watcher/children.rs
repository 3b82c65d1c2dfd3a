//! The Repositories, what was last seen of each object, and when a lost one is started anew.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix::{Addr, Handler, Message};
use reconcile::{Backoff, Failure, Observation, conclude};
use tokio::time::Instant;

use crate::repository::{Drain, Ending, ObjectVanished, Repository, Services, SpecObserved};
use crate::status_writer::{Forget, WriteStatus};
use crate::translate::{desired, recorded};
use crate::{Key, Object};

/// All children of the Watcher, by key.
pub(super) struct Children {
    backoff: Backoff,
    all: BTreeMap<Key, Child>,
    restarts: BTreeSet<(Instant, Key)>,
    running: usize,
}

struct Child {
    repository: Option<Addr<Repository>>,
    /// What was last seen; `None` once the object is gone.
    latest: Option<SpecObserved>,
    panics: u32,
    started: Instant,
}

impl Children {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, all: BTreeMap::new(), restarts: BTreeSet::new(), running: 0 }
    }

    /// Notes an object and tells its Repository; false where one has to be started.
    pub(super) fn observe(&mut self, object: &Arc<Object>, initial: bool) -> bool {
        let observed = SpecObserved { object: Arc::clone(object), initial };
        let absent = Child { repository: None, latest: None, panics: 0, started: Instant::now() };
        let child = self.all.entry(object.key.clone()).or_insert(absent);
        child.latest = Some(observed.clone());
        if let Some(repository) = &child.repository {
            repository.do_send(observed);
            return true;
        }
        child.panics > 0
    }

    /// Notes a Repository that was started, and tells it what was last seen.
    pub(super) fn started(&mut self, key: &Key, repository: Addr<Repository>) {
        let Some(child) = self.all.get_mut(key) else {
            return;
        };
        if let Some(observed) = child.latest.clone() {
            repository.do_send(observed);
        }
        child.repository = Some(repository);
        child.started = Instant::now();
        self.running += 1;
    }

    /// Whether the object is there.
    pub(super) fn shows(&self, key: &Key) -> bool {
        self.all.get(key).is_some_and(|child| child.latest.is_some())
    }

    /// Tells a Repository that runs; one that is to be started anew reads everything then.
    pub(super) fn tell<M>(&self, key: &Key, message: M)
    where
        M: Message<Result = ()> + Send + 'static,
        Repository: Handler<M>,
    {
        let child = self.all.get(key);
        if let Some(repository) = child.and_then(|child| child.repository.as_ref()) {
            repository.do_send(message);
        }
    }

    /// The object is gone; its Repository ends by itself. One that waits to be started anew is forgotten in its place.
    pub(super) fn vanished(&mut self, key: &Key, at: &Services) {
        let Some(child) = self.all.get_mut(key) else {
            return;
        };
        let latest = child.latest.take();
        if let Some(repository) = &child.repository {
            repository.do_send(ObjectVanished);
            return;
        }
        self.all.remove(key);
        if let Some(SpecObserved { object, .. }) = latest {
            let uid = Arc::clone(&object.uid);
            at.forget.do_send(Forget { key: key.clone(), uid });
            at.recorder.forgotten(key);
        }
    }

    /// A Repository ended; true where it has to be started anew at once.
    pub(super) fn stopped(&mut self, key: &Key, how: Ending, now: Instant) -> bool {
        let Some(child) = self.all.get_mut(key) else {
            return false;
        };
        if child.repository.take().is_some() {
            self.running -= 1;
        }
        if child.latest.is_none() {
            self.all.remove(key);
            return false;
        }
        if how == Ending::Finished {
            return true;
        }
        if now.saturating_duration_since(child.started) > self.backoff.longest {
            child.panics = 0;
        }
        child.panics = child.panics.saturating_add(1);
        self.restarts.insert((now + self.backoff.after(child.panics), key.clone()));
        false
    }

    /// Writes on a panicked object's status what happened (D44).
    pub(super) fn tell_of_panic(&self, key: &Key, at: &Services) {
        let Some(observed) = self.all.get(key).and_then(|child| child.latest.as_ref()) else {
            return;
        };
        let object = &observed.object;
        let failure = Failure::internal("unexpected panic, see the operator's log");
        // What made the Repository panic may be the object itself: it must not take the Watcher along.
        let concluded = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let desired = desired(object, at.default_account.as_deref());
            conclude(&desired, &recorded(object), &Observation::default(), &Err(failure)).status
        }));
        let Ok(status) = concluded else {
            return;
        };
        let (key, uid) = (key.clone(), Arc::clone(&object.uid));
        at.write_status.do_send(WriteStatus { key, uid, status: Arc::new(status), progress: false });
    }

    pub(super) fn next_start(&self) -> Option<Instant> {
        self.restarts.first().map(|(when, _)| *when)
    }

    /// Those to be started anew by now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Key> {
        let mut due = Vec::new();
        while self.restarts.first().is_some_and(|(when, _)| *when <= now) {
            let Some((_, key)) = self.restarts.pop_first() else {
                break;
            };
            if self.all.get(&key).is_some_and(|child| child.repository.is_none() && child.latest.is_some()) {
                due.push(key);
            }
        }
        due
    }

    pub(super) fn keys(&self) -> BTreeSet<Key> {
        self.all.keys().cloned().collect()
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Makes every attempt end.
    pub(super) fn drain(&self) {
        for repository in self.all.values().filter_map(|child| child.repository.as_ref()) {
            repository.do_send(Drain);
        }
    }
}
