//! Writes the statuses, finalizers and events of all objects, as few times as possible and never out of order.
//!
//! Owns: of each object the uid, what is known of it, who writes it, one draft, its finalizer wishes and its events; the
//! notifications.
//! Receives: [`StatusObserved`], [`WriteStatus`], [`Announce`], [`AddFinalizer`], [`RemoveFinalizer`], [`Forget`], [`Flush`].
//! Bounds: 16 requests to the API server, of one object one write and one event; 8 events an object, which wait 10 s at most for a
//! moment without writes; 1,000 notifications.
//! Fails: a finalizer to its asker; a draft never, it is tried again until it is refused or its object is gone.

mod answers;
mod authorship;
mod backlog;
mod counters;
mod entry;
mod events;
mod handlers;
mod held;
mod lane;
mod messages;
mod names;
mod notifications;
mod ownership;
mod patch;
mod rests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, AsyncContext, Context};
use jiff::Timestamp;
use reconcile::Failure;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::time::DelayQueue;

pub use counters::Counters;
pub use messages::{AddFinalizer, Announce, Flush, Forget, RemoveFinalizer, StatusObserved, WriteStatus};

use crate::cluster::{ClusterWriter, WriteError};
use crate::fields::{NAME, NAMESPACE};
use crate::{Key, Object};
use backlog::{Backlog, Turn};
use entry::{Entry, Request};
use lane::{Lane, Stand};
use names::Names;
use notifications::Notifications;
use rests::{Rest, Wakings};

/// API priority and fairness: what one client may ask at a time without pushing others aside.
const PERMITS: usize = 16;

/// Tells the moment; handed in, so that tests are exact.
type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// The only writer of statuses, finalizers and events.
pub struct StatusWriter {
    cluster: Arc<dyn ClusterWriter>,
    counters: Arc<Counters>,
    entries: HashMap<Key, Box<Entry>>,
    waiting: VecDeque<Key>,
    events: Backlog,
    in_flight: usize,
    flights: u64,
    rests: DelayQueue<Rest>,
    owing: HashSet<Key>,
    left: HashSet<Key>,
    flushes: Vec<oneshot::Sender<Result<(), Failure>>>,
    notifications: Notifications,
    names: Names,
}

impl StatusWriter {
    /// A writer that knows no object yet; the clock dates conditions and events.
    #[must_use]
    pub fn new(cluster: Arc<dyn ClusterWriter>, clock: impl Fn() -> Timestamp + Send + 'static) -> Self {
        Self {
            cluster,
            counters: Arc::default(),
            entries: HashMap::new(),
            waiting: VecDeque::new(),
            events: Backlog::default(),
            in_flight: 0,
            flights: 0,
            rests: DelayQueue::new(),
            owing: HashSet::new(),
            left: HashSet::new(),
            flushes: Vec::new(),
            notifications: Notifications::default(),
            names: Names::new(Box::new(clock)),
        }
    }

    /// What it leaves undone, for the metrics.
    #[must_use]
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Whether writes wait for a permit.
    fn is_behind(&self) -> bool {
        self.in_flight >= PERMITS || !self.waiting.is_empty()
    }

    /// Lets a key that has something to do take its turn; `urgent` ends a back-off.
    fn enqueue(&mut self, key: &Key, lane: Lane, urgent: bool) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let stand = entry.stand_in(lane);
        match stand {
            Stand::Resting(rest) if urgent => drop(self.rests.try_remove(rest)),
            Stand::Idle => {}
            Stand::Queued | Stand::Flying(_) | Stand::Resting(_) => return,
        }
        *stand = Stand::Queued;
        match lane {
            Lane::Object => self.waiting.push_back(key.clone()),
            Lane::Events => self.events.push(key.clone(), Instant::now()),
        }
    }

    /// Sends what waits, as far as permits reach.
    fn dispatch(&mut self, ctx: &mut Context<Self>) {
        while self.in_flight < PERMITS {
            if let Some(key) = self.waiting.pop_front() {
                self.send_write(key, ctx);
                continue;
            }
            match self.events.next(Instant::now(), self.flushes.is_empty()) {
                Turn::Go(key) => self.send_event(key, ctx),
                Turn::Watch(delay) => drop(self.rests.insert(Rest::Events, delay)),
                Turn::Wait => break,
            }
        }
        while let Some(flight) = self.notifications.next() {
            let (cluster, notice) = (Arc::clone(&self.cluster), Arc::clone(&flight.notice));
            let request = async move { cluster.notify(&notice).await };
            launch(ctx, flight.notice.key.clone(), request, |writer, answer, ctx| {
                writer.notified(flight, answer, ctx);
            });
        }
    }

    fn send_write(&mut self, key: Key, ctx: &mut Context<Self>) {
        let now = self.moment();
        let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.stand.is_queued()) else {
            return;
        };
        let Some(request) = entry.next(&now).map(Arc::new) else {
            entry.stand = Stand::Idle;
            self.settle(&key);
            return;
        };
        let flight = self.flights + 1;
        entry.stand = Stand::Flying(flight);
        self.flights = flight;
        self.in_flight += 1;
        self.events.write_began();
        let work = send(Arc::clone(&self.cluster), key.clone(), Arc::clone(&request));
        launch(ctx, key.clone(), work, move |writer, answer, ctx| {
            writer.written(&key, flight, &request, answer, ctx);
        });
    }

    fn send_event(&mut self, key: Key, ctx: &mut Context<Self>) {
        let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.events.stand.is_queued()) else {
            return;
        };
        let Some((notice, name, count)) = entry.events.next(&mut self.names) else {
            entry.events.stand = Stand::Idle;
            self.settle(&key);
            return;
        };
        let flight = self.flights + 1;
        entry.events.stand = Stand::Flying(flight);
        self.flights = flight;
        self.in_flight += 1;
        let cluster = Arc::clone(&self.cluster);
        let work = async move { cluster.record_event(&notice, &name, count).await };
        launch(ctx, key.clone(), work, move |writer, answer, ctx| {
            writer.recorded(&key, flight, answer, ctx);
        });
    }

    /// The moment as conditions show it: UTC, whole seconds.
    fn moment(&self) -> String {
        self.names.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// Runs a request on the pool and brings its answer back; a panic in it is its failure.
fn launch<T: Send + 'static>(
    ctx: &mut Context<StatusWriter>,
    about: Key,
    work: impl Future<Output = Result<T, WriteError>> + Send + 'static,
    landed: impl FnOnce(&mut StatusWriter, Result<T, WriteError>, &mut Context<StatusWriter>) + 'static,
) {
    let task = wrap_future::<_, StatusWriter>(tokio::spawn(work));
    ctx.spawn(task.map(move |answer, writer, ctx| {
        let answer = answer.unwrap_or_else(|lost| {
            tracing::error!(
                { NAMESPACE } = %about.namespace,
                { NAME } = %about.name,
                %lost,
                "a request to the API server panicked"
            );
            Err(WriteError::Failed("internal error, see the operator's log".to_owned()))
        });
        landed(writer, answer, ctx);
    }));
}

async fn send(
    cluster: Arc<dyn ClusterWriter>,
    key: Key,
    request: Arc<Request>,
) -> Result<Object, WriteError> {
    match request.as_ref() {
        Request::Get => cluster.get(&key).await,
        Request::Status { change, .. } => cluster.change_status(change).await,
        Request::Finalizers(patch) => cluster.patch(&key, patch.clone()).await,
    }
}

impl Actor for StatusWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(Wakings);
    }
}
