//! Keeps artifacts: what is in store, who builds what, and the one place where an artifact becomes visible.
//!
//! Owns: the store, the claims on recipes, the scrub.        Receives: [`Inspect`], [`Claim`], [`Publish`], [`Purge`].
//! Bounds: as many files worked on at once as there are processors, the scrub only where one is free; one builder a recipe.
//! Fails: an attempt, on any content; the process, if it panics itself.

mod address;
mod claims;
mod messages;
mod processors;
mod publish;
mod scrub;

use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture};
use artifact::Limits;
use artifact::store::{Record, Recorded, Store, Stored};
use reconcile::{Failure, Operation, Stock};
use tracing::Instrument as _;

pub use address::Address;
pub use claims::{Claims, Ticket};
pub use messages::{
    ArtifactDamaged, Claim, Claimed, Granted, Inspect, Inspected, Making, Publish, Published, Purge,
    RecipeKey, Supply,
};
pub use processors::{Processor, Processors};
pub use scrub::Scrubbing;

use crate::failure;
use crate::queue::Rank;
use crate::{Key, Scope};

/// The actor.
pub struct Storage {
    desk: Desk,
    claims: Claims,
    scrubbing: Option<Scrubbing>,
}

/// What the work of Storage needs, on whichever thread it is done.
#[derive(Clone)]
struct Desk {
    store: Arc<Store>,
    address: Address,
    limits: Limits,
    processors: Arc<Processors>,
}

impl Storage {
    /// Storage over this store, whose artifacts are served at this address.
    #[must_use]
    pub fn new(store: Arc<Store>, address: Address, limits: Limits) -> Self {
        let processors = Processors::new(std::thread::available_parallelism().map_or(2, usize::from));
        let recalled = Arc::clone(&store);
        let claims = Claims::new(Arc::new(move |recipe: &str| recalled.recall(recipe)));
        let desk = Desk { store, address, limits, processors };
        Self { desk, claims, scrubbing: None }
    }

    /// The same, which scrubs. All that is stored is hashed when it is first used after a start, so the first walk comes
    /// an interval later.
    #[must_use]
    pub fn scrubbed(self, scrubbing: Option<Scrubbing>) -> Self {
        Self { scrubbing, ..self }
    }

    /// What its work waits for.
    #[must_use]
    pub fn processors(&self) -> Arc<Processors> {
        Arc::clone(&self.desk.processors)
    }
}

impl Actor for Storage {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(scrubbing) = &self.scrubbing {
            Scrubbing::begin_after(scrubbing.every, ctx);
        }
    }
}

impl Handler<Inspect> for Storage {
    type Result = ResponseFuture<Result<Inspected, Failure>>;

    fn handle(&mut self, inspect: Inspect, _: &mut Context<Self>) -> Self::Result {
        let desk = self.desk.clone();
        Box::pin(async move {
            let scope = inspect.scope.clone();
            let work = desk.work_for(&scope, move |desk| desk.inspect(inspect));
            scope.unless_cancelled(work.instrument(scope.span.clone())).await
        })
    }
}

impl Handler<Claim> for Storage {
    type Result = ResponseFuture<Result<Claimed, Failure>>;

    fn handle(&mut self, claim: Claim, _: &mut Context<Self>) -> Self::Result {
        let (desk, claimed) = (self.desk.clone(), self.claims.claim(&claim.recipe));
        Box::pin(async move {
            let Claimed::Build(ticket) = claimed else {
                return Ok(claimed);
            };
            if desk.remembers(ticket.recipe()) {
                desk.work_for(&claim.scope, move |_| Ok(ticket.recall())).await
            } else {
                Ok(Claimed::Build(ticket))
            }
        })
    }
}

impl Handler<Publish> for Storage {
    type Result = ResponseFuture<Result<Published, Failure>>;

    fn handle(&mut self, publish: Publish, _: &mut Context<Self>) -> Self::Result {
        let desk = self.desk.clone();
        Box::pin(async move {
            let scope = publish.scope.clone();
            desk.work_for(&scope, move |desk| publish::publish(desk, publish)).await
        })
    }
}

impl Handler<Purge> for Storage {
    type Result = ResponseFuture<Result<bool, Failure>>;

    fn handle(&mut self, purge: Purge, _: &mut Context<Self>) -> Self::Result {
        let desk = self.desk.clone();
        Box::pin(async move {
            let processor = desk.processors.acquire(Rank::Asked).await;
            desk.work_on(processor, move |desk| {
                let key = store_key(&purge.key)?;
                desk.store.purge(&key).map_err(|error| failure::purge(&error))
            })
            .await
        })
    }
}

impl Desk {
    /// Runs work of an attempt, which does not run while it waits for a processor (D27).
    async fn work_for<T: Send + 'static>(
        self,
        scope: &Scope,
        work: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let processor = scope.budget.queue(self.processors.acquire(scope.class.into())).await;
        self.work_on(processor, work).await
    }

    /// Runs work on a blocking thread and keeps the processor until its end; a panic in it is the caller's failure.
    async fn work_on<T: Send + 'static>(
        self,
        processor: impl Send + 'static,
        work: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let _processor = processor;
            span.in_scope(|| work(&self))
        });
        match done.await {
            Ok(answer) => answer,
            Err(lost) => match lost.try_into_panic() {
                Ok(panic) => Err(crate::scope::panicked(panic.as_ref())),
                Err(lost) => Err(Failure::internal(&lost.to_string())),
            },
        }
    }

    /// Whether the disk is worth asking what a recipe has made: not for most, which are new.
    fn remembers(&self, recipe: &RecipeKey) -> bool {
        self.store.remembers(&recipe.of_repository) || self.store.remembers(&recipe.of_origin)
    }

    fn inspect(&self, inspect: Inspect) -> Result<Inspected, Failure> {
        let Inspect { scope, recorded, shown, using } = inspect;
        let key = store_key(&scope.key)?;
        let wanted = recorded.as_ref().map(|artifact| Recorded {
            path: artifact.path.clone(),
            digest: artifact.digest.clone(),
            shown,
        });
        let found = self
            .store
            .inspect(&key, wanted.as_ref())
            .map_err(|error| failure::store(Operation::Extract, &error))?;
        let stock = match found.stored {
            Stored::Unrecorded => Stock::Empty,
            Stored::Present => Stock::Present,
            Stored::Missing => Stock::Missing,
            Stored::Damaged { reason } => Stock::Damaged(reason),
        };
        let collected = found.collected.unwrap_or_else(|error| {
            tracing::warn!(error = failure::chain(&error), "superseded artifacts were not removed");
            0
        });
        let urls = recorded
            .filter(|_| stock == Stock::Present)
            .map(|artifact| (self.address.url(&artifact.path), self.address.latest(&artifact.path)));
        let record = found.record.filter(|record| record.uid == *scope.uid).unwrap_or_default();
        if let Some((generation, fields)) = using
            && generation != record.generation
            && !(fields.is_empty() && record.fields.is_empty())
        {
            let uid = scope.uid.to_string();
            let record = Record { uid, generation, fields, ..record.clone() };
            publish::warn_of(self.store.set_record(&key, record));
        }
        Ok(Inspected {
            stock,
            collected,
            urls,
            platform: record.platform,
            generation: record.generation,
            fields: record.fields,
        })
    }
}

fn store_key(key: &Key) -> Result<artifact::store::Key, Failure> {
    artifact::store::Key::new(&key.namespace, &key.name)
        .map_err(|error| failure::store(Operation::Extract, &error))
}

impl Publish {
    fn wanted(scope: &Scope) -> bool {
        !scope.cancel.is_cancelled()
    }
}
