//! Takes what registries' webhooks tell and wakes whom it concerns (D33).
//!
//! Owns: the hooks as last seen, what each has taken, who is to be woken later.
//! Receives: [`HookChanged`], `DependencyChanged`, [`Deliver`], [`Refused`], [`Lead`], [`HandOver`].
//! Bounds: deliveries by the rate of their hook; who waits by the objects that there are; one status write a hook.
//! Fails: a delivery or a hook, on any input; the process, if it panics itself.

mod announcing;
mod hook;
mod indexer;
mod ledger;
mod messages;
mod passing;
mod standing;
mod tally;
mod watching;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, Recipient, ResponseFuture, SpawnHandle};
use async_trait::async_trait;
use hooks::Push;
use jiff::Timestamp;
use reconcile::Nudge as Told;
use serde_json::Value;
use sluice_crds::LastDelivery;
use tokio::time::Instant;

pub use hook::{Gate, Hook, Hooks, Token};
pub use indexer::Indexer;
pub use messages::{Deliver, HandOver, HookChanged, Lead, Receipt, Refused};
pub use tally::{Ending, Tally, refused};
pub use webhook::Webhook;

use crate::cluster::{ClusterReader, WriteError};
use crate::watcher::Nudge;
use crate::{Key, Known, Sources, Tag};
use passing::Passing;
use watching::Watched;

/// How many names of what was pushed, and of whom it woke, a status shows.
const SHOWN: usize = 10;

/// What is written for webhooks. None of it needs the lease (D43): statuses carry the version that they were made from, and
/// a request only says that an object is to be looked at.
#[async_trait]
pub trait HookWriter: Send + Sync {
    /// Merge-patches the status subresource of a `RegistryWebhook` and returns the object as it is then.
    async fn patch_status(&self, key: &Key, patch: Value) -> Result<Value, WriteError>;
    /// Sets `reconcile.fluxcd.io/requestedAt` of an `OCIRepository`.
    async fn request(&self, key: &Key, requested_at: &str) -> Result<(), WriteError>;
    /// An `OCIRepository` as it is now.
    async fn object(&self, key: &Key) -> Result<Value, WriteError>;
}

/// What a Receiver works with.
#[expect(missing_docs, reason = "each field is named for what it is")]
pub struct Equipment {
    pub reader: Arc<dyn ClusterReader>,
    pub writer: Arc<dyn HookWriter>,
    pub hooks: Arc<Hooks>,
    pub sources: Arc<Sources>,
    pub known: Arc<Known>,
    /// The operator's own namespace.
    pub home: Option<String>,
}

/// The actor.
pub struct Receiver {
    at: Arc<Equipment>,
    watched: BTreeMap<Key, Watched>,
    listing: Option<BTreeSet<Key>>,
    listed: bool,
    leading: Option<Recipient<Nudge>>,
    passing: Passing,
    later: Option<SpawnHandle>,
    announcing: Option<SpawnHandle>,
}

impl Receiver {
    /// A Receiver of a replica that does not lead yet.
    #[must_use]
    pub fn new(at: Arc<Equipment>) -> Self {
        Self {
            at,
            watched: BTreeMap::new(),
            listing: None,
            listed: false,
            leading: None,
            passing: Passing::default(),
            later: None,
            announcing: None,
        }
    }

    /// Works off a delivery: whom it concerns is woken, at once or once the hook's rate allows.
    fn take(&mut self, deliver: &Deliver, ctx: &mut Context<Self>) -> Receipt {
        let ended = |ending, objects| Receipt { ending, objects, retry_after: None };
        let Some(watched) = self.watched.get_mut(&deliver.hook.key) else {
            return ended(Ending::Unavailable, Vec::new());
        };
        if deliver.id.as_deref().is_some_and(|id| watched.ledger.knows(id)) {
            return ended(Ending::Repeated, Vec::new());
        }
        if deliver.pushes.is_empty() {
            return ended(Ending::Ignored, Vec::new());
        }
        let now = Instant::now();
        let early = watched.ledger.take(now).err();
        let concerned = concerned(&self.at.sources, &deliver.hook, &deliver.pushes);
        let objects: Vec<_> = concerned.keys().cloned().collect();
        let at_once = watched.ledger.wake(concerned, early, now);
        match &deliver.request {
            Some(request) if early.is_none() => {
                self.pass_on(objects.iter().cloned(), &request.as_str().into(), ctx);
            }
            Some(_) | None => self.wake(at_once, ctx),
        }
        self.rearm(ctx);
        let ending = match (early, objects.is_empty()) {
            (Some(_), _) => Ending::Throttled,
            (None, true) => Ending::Unmatched,
            (None, false) => Ending::Accepted,
        };
        Receipt { ending, objects, retry_after: early }
    }

    /// Wakes objects: as the leader by telling them, else, or as long as not all are seen, through the cluster.
    fn wake(&mut self, objects: Vec<(Key, Told)>, ctx: &mut Context<Self>) {
        if objects.is_empty() {
            return;
        }
        match &self.leading {
            Some(watcher) if self.at.known.is_complete() => {
                let at = Instant::now();
                for (key, told) in objects {
                    watcher.do_send(Nudge { key, told, at });
                }
            }
            Some(_) | None => {
                let request = Timestamp::now().to_string().into();
                self.pass_on(objects.iter().map(|(key, _)| key.clone()), &request, ctx);
                let early = objects.into_iter().filter(|(_, told)| told.early).map(|(key, _)| key);
                self.pass_on_again(early.collect(), ctx);
            }
        }
    }

    /// One timer for all that are to be woken later.
    fn rearm(&mut self, ctx: &mut Context<Self>) {
        if let Some(handle) = self.later.take() {
            ctx.cancel_future(handle);
        }
        let next = self.watched.values().filter_map(|watched| watched.ledger.next()).min();
        let Some(next) = next else { return };
        let delay = next.saturating_duration_since(Instant::now());
        self.later = Some(ctx.run_later(delay, |receiver, ctx| {
            receiver.later = None;
            let now = Instant::now();
            let due = receiver.watched.values_mut().flat_map(|watched| watched.ledger.due(now)).collect();
            receiver.wake(due, ctx);
            receiver.rearm(ctx);
        }));
    }
}

/// Whom a delivery concerns, and what it tells each of them.
fn concerned(sources: &Sources, hook: &Hook, pushes: &[Push]) -> BTreeMap<Key, Told> {
    let mut concerned: BTreeMap<Key, Told> = BTreeMap::new();
    for push in pushes {
        let tag = Tag { name: &push.tag, folded: push.folded };
        let places = push.places(hook.host.as_deref());
        let told = Told { digest: push.digest, tag: Some(push.tag.as_str().into()), early: push.early };
        for key in sources.following(hook.namespace.as_deref(), &places, tag) {
            concerned.entry(key).or_insert_with(|| told.clone()).merge(&told);
        }
    }
    concerned
}

impl Actor for Receiver {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Receiver {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, ctx: &mut Context<Self>) {
        let receipt = self.take(&deliver, ctx);
        let last = record(&deliver, &receipt);
        tracing::debug!(
            namespace = %deliver.hook.key.namespace,
            name = %deliver.hook.key.name,
            pushes = ?last.pushes,
            woken = last.woken,
            result = last.result,
            "a webhook delivery was taken"
        );
        if deliver.hook.tally.count(receipt.ending, last) {
            self.announce_later(&deliver.hook.key, ctx);
        }
        // Whoever asked may have stopped waiting.
        drop(deliver.reply.send(receipt));
    }
}

impl Handler<Refused> for Receiver {
    type Result = ();

    fn handle(&mut self, Refused(key): Refused, ctx: &mut Context<Self>) {
        self.announce_later(&key, ctx);
    }
}

impl Handler<Lead> for Receiver {
    type Result = ();

    fn handle(&mut self, Lead(watcher): Lead, ctx: &mut Context<Self>) {
        self.leading = watcher;
        let keys: Vec<_> = self.watched.keys().cloned().collect();
        for key in keys {
            self.announce(&key, ctx);
        }
    }
}

impl Handler<HandOver> for Receiver {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: HandOver, ctx: &mut Context<Self>) -> Self::Result {
        self.leading = None;
        let rest = self.watched.values_mut().flat_map(|watched| watched.ledger.rest()).collect();
        self.wake(rest, ctx);
        self.rearm(ctx);
        let passed_on = self.passed_on(ctx);
        Box::pin(async { passed_on.await.unwrap_or_default() })
    }
}

fn record(deliver: &Deliver, receipt: &Receipt) -> LastDelivery {
    let message = match receipt.ending {
        Ending::Accepted => "it woke the objects that follow what was pushed",
        Ending::Unmatched => {
            "no object follows what was pushed: compare spec.url and spec.ref with the pushes"
        }
        Ending::Ignored => "it tells of no push of a tag",
        Ending::Repeated => "it has been taken before",
        Ending::Throttled => "too many came at once: whom it concerns is woken once the rate allows",
        Ending::Unauthenticated | Ending::Malformed | Ending::Oversized | Ending::Unavailable => {
            "it was refused"
        }
    };
    let host = deliver.hook.host.as_deref();
    let shown = |push: &Push| {
        let place = push.places(host).into_iter().next();
        let place = place.map(|place| place.to_string());
        let path = push.repositories.first().map(|named| named.path.clone());
        format!("{}:{}", place.or(path).unwrap_or_default(), push.tag)
    };
    LastDelivery {
        message: message.to_owned(),
        pushes: deliver.pushes.iter().take(SHOWN).map(shown).collect(),
        woken: i64::try_from(receipt.objects.len()).unwrap_or(i64::MAX),
        objects: receipt.objects.iter().take(SHOWN).map(ToString::to_string).collect(),
        ..refused(receipt.ending, String::new())
    }
}
