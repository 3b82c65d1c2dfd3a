//! Gives out the turns of one origin, and knows whether its host is well.
//!
//! Owns: the client, the turns, the queue, the health and the parked of one origin.
//! Receives: [`Admit`], [`TurnReturned`], [`TakeCensus`]; of its own turns and waiters [`HostAnswered`], `PlaceLeft`.
//! Bounds: [`Settings::concurrency`] turns, fewer after a 429; in the queue and among the parked one entry an object.
//! Fails: what waits in its queue, if it panics itself; [`Registries`] then starts another, and the parked are called.

mod allowance;
mod cooling;
mod directory;
mod handlers;
mod health;
mod messages;
mod outage;
mod parked;
mod quotas;
mod recorder;
mod said;
mod waiting;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, Context, SpawnHandle, WeakRecipient};
use oci::{Client, Identity, Origin, OriginKey};
use tokio::time::Instant;

pub use crate::queue::Rank;
pub use directory::Registries;
pub use messages::{
    Admit, Census, Conduct, HostAnswered, HostRecovered, Line, TakeCensus, Turn, TurnReturned, Witness,
};
pub use recorder::{HostRecorder, HostRecorders, Standing};

use crate::queue::Queue;
use allowance::{Allowance, Period};
use directory::Listing;
use health::{Health, Lesson, Seeker};
use parked::Listener;
use quotas::Quotas;
use waiting::Waiter;

/// What all Registries go by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many turns an origin has out at a time (`--registry-concurrency`).
    pub concurrency: NonZeroUsize,
    /// The longest cool-down, whatever a registry asks for (`--max-retry-delay`).
    pub max_retry_delay: Duration,
    /// The behaviour of the clients.
    pub client: oci::Settings,
}

/// Sixteen keep a fast registry busy without being rude to a slow one.
pub const DEFAULT_CONCURRENCY: NonZeroUsize = NonZeroUsize::new(16).expect("sixteen is more than none");

/// An origin that nobody has needed for so long gives its memory and connections back.
const IDLE: Duration = Duration::from_mins(10);

/// The turns of one origin.
pub(super) struct Registry {
    origin: Origin,
    key: OriginKey,
    settings: Arc<Settings>,
    client: Client,
    allowance: Allowance,
    next_number: u64,
    turns: BTreeMap<u64, Holder>,
    queue: Queue,
    waiters: BTreeMap<u64, Waiter>,
    places: HashMap<crate::Key, u64>,
    health: Health<WeakRecipient<HostRecovered>>,
    quotas: Quotas,
    timer: Option<(Instant, SpawnHandle)>,
    idle_since: Option<Instant>,
    recorder: Box<dyn HostRecorder>,
    /// Removes the actor from the directory when it ends, however it ends.
    listing: Listing,
}

/// Who has a turn.
struct Holder {
    seeker: Seeker,
    recovered: WeakRecipient<HostRecovered>,
    period: Period,
}

impl Registry {
    fn new(
        origin: Origin,
        settings: Arc<Settings>,
        recorders: &dyn HostRecorders,
        listing: Listing,
    ) -> Result<Self, oci::Error> {
        let (client, key) = (Client::new(&origin, &settings.client)?, origin.key());
        Ok(Self {
            client,
            recorder: recorders.of(key.host()),
            key,
            allowance: Allowance::new(settings.concurrency),
            health: Health::new(settings.max_retry_delay),
            origin,
            settings,
            next_number: 0,
            turns: BTreeMap::new(),
            queue: Queue::default(),
            waiters: BTreeMap::new(),
            places: HashMap::new(),
            quotas: Quotas::default(),
            timer: None,
            idle_since: None,
            listing,
        })
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn grant(&mut self, context: &Context<Self>) {
        while self.turns.len() < self.allowance.turns() {
            let Some(number) = self.queue.pop() else { return };
            let Some(waiter) = self.leave(number) else {
                continue;
            };
            self.recorder.waited(waiter.since.elapsed());
            let (holder, credential, granted) = waiter.granted(self.allowance.period());
            let line = Line::new(self.client.clone(), self.key.clone(), credential);
            let line = if self.health.is_probe(number) {
                line.telling(number, context.address().recipient())
            } else {
                line
            };
            self.turns.insert(number, holder);
            let turn = Turn::new(line, number, context.address().recipient());
            // A turn that nobody takes comes back by its drop and goes to the next.
            drop(granted.send(Ok(turn)));
        }
    }

    fn leave(&mut self, number: u64) -> Option<Waiter> {
        self.queue.remove(number);
        let waiter = self.waiters.remove(&number)?;
        if self.places.get(&waiter.seeker.key) == Some(&number) {
            self.places.remove(&waiter.seeker.key);
        }
        Some(waiter)
    }

    fn learn(&mut self, witness: Witness, identity: Identity, now: Instant) {
        let was_down = self.health.is_down();
        let Lesson { calls, fell, tightened } = self.health.learn(witness, identity, now);
        if fell {
            self.renew_client();
        }
        if was_down && !self.health.is_down() {
            tracing::info!(registry.host = self.key.host(), "the registry answers again");
        }
        if tightened {
            self.readmit(now);
        }
        call(&calls);
    }

    /// Hears what the registry has said of a quota during the turn of this object.
    fn hear_quota(&mut self, key: &crate::Key, identity: Identity, now: Instant) {
        let Some(quota) = self.client.take_quota(identity) else {
            return;
        };
        if self.quotas.hear(identity, quota, now) {
            tracing::warn!(
                registry.host = self.key.host(),
                namespace = %key.namespace,
                name = %key.name,
                remaining = quota.remaining,
                limit = quota.limit,
                "the quota of the credential of this object is nearly used up: the registry will soon refuse its pulls"
            );
        }
    }

    /// Connections and tokens of a host that went down are worth nothing.
    fn renew_client(&mut self) {
        tracing::warn!(registry.host = self.key.host(), "the registry is down");
        match self.client.renewed(&self.origin, &self.settings.client) {
            Ok(client) => self.client = client,
            Err(error) => {
                tracing::warn!(registry.host = self.key.host(), %error, "the old connections are kept");
            }
        }
    }

    /// Asks the health again about all who wait in the queue; who may not pass any more is parked.
    fn readmit(&mut self, now: Instant) {
        let numbers: Vec<u64> = self.queue.oldest_first().collect();
        for number in numbers {
            let Some(waiter) = self.waiters.get(&number) else {
                continue;
            };
            let admitted = self.health.admit(&waiter.seeker, number, waiter.recovered.clone(), now);
            if let Err(failure) = admitted {
                self.health.ended(number);
                if let Some(waiter) = self.leave(number) {
                    waiter.refuse(failure);
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.turns.is_empty() && self.waiters.is_empty() && self.health.waiting() == 0
    }

    /// Brings what is measured, and the one timer, in line with what has just happened.
    fn settle(&mut self, now: Instant, context: &mut Context<Self>) {
        self.recorder.stands(self.standing(now));
        self.arm(now, context);
    }

    fn standing(&self, now: Instant) -> Standing {
        Standing {
            queue: self.queue.lengths(),
            parked: self.health.waiting(),
            cooling: self.health.cooling(),
            quota_remaining: self.quotas.lowest(now),
        }
    }

    fn arm(&mut self, now: Instant, context: &mut Context<Self>) {
        self.idle_since = self.is_idle().then(|| self.idle_since.unwrap_or(now));
        let Some(due) = self.health.next_tick().into_iter().chain(self.ends_at()).min() else {
            return;
        };
        if let Some((armed, handle)) = self.timer {
            if armed <= due {
                return;
            }
            context.cancel_future(handle);
        }
        let handle = context.run_later(due.saturating_duration_since(now), Self::ring);
        self.timer = Some((due, handle));
    }

    /// When the actor ends, unless it is needed before.
    fn ends_at(&self) -> Option<Instant> {
        let idle = self.idle_since? + IDLE;
        Some(self.health.cool_until().map_or(idle, |cool| cool.max(idle)))
    }

    fn ring(&mut self, context: &mut Context<Self>) {
        self.timer = None;
        let now = Instant::now();
        if self.ends_at().is_some_and(|end| end <= now) {
            context.stop();
            return;
        }
        call(&self.health.tick(now));
        self.settle(now, context);
    }
}

fn call(listeners: &[WeakRecipient<HostRecovered>]) {
    for listener in listeners {
        if let Some(repository) = listener.upgrade() {
            repository.do_send(HostRecovered);
        }
    }
}

impl Listener for WeakRecipient<HostRecovered> {
    fn gone(&self) -> bool {
        self.upgrade().is_none()
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.settle(Instant::now(), context);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if std::thread::panicking() {
            tracing::error!(registry.host = self.key.host(), "the turns of a registry are lost to a panic");
        }
        self.listing.strike();
        call(&self.health.dismiss());
    }
}
