//! Reads manifests and layers for one attempt at a time; equal manifest requests of one identity are one.
//!
//! Owns: the manifest flights.        Receives: [`Describe`], [`Fetch`].
//! Bounds: one flight per (origin, identity, repository, digest, platform); the caller's turn; 16 MiB of contents in
//! memory, others on disk.
//! Fails: an attempt, on any input; the process, if it panics itself.

mod messages;
mod sink;

use std::convert::Infallible;
use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture};
use artifact::store::Store;
use oci::{BlobLimits, Described};
use reconcile::Failure;
use reference::{Digest, Repository};

pub use messages::{Describe, Fetch, Fetched};

use crate::failure::{Step, over_budget, registry, store};
use crate::flights::{Flights, Traffic};
use crate::registry::Conduct;

/// The actor.
pub struct Fetcher {
    flights: Flights<Question, Result<Arc<Described>, Failure>>,
    store: Arc<Store>,
    room: sink::Room,
    max_size: Option<u64>,
}

/// Sharing never crosses authority: origin and identity come first (D24).
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    origin: oci::OriginKey,
    identity: oci::Identity,
    repository: Repository,
    digest: Digest,
    platform: Option<String>,
    url: String,
}

impl Fetcher {
    /// A fetcher that spools beside this store and refuses layers beyond `max_size` bytes (D15).
    #[must_use]
    pub fn new(store: Arc<Store>, max_size: Option<u64>) -> Self {
        Self { flights: Flights::default(), store, room: sink::Room::new(), max_size }
    }

    /// What is counted of manifests.
    #[must_use]
    pub fn manifests(&self) -> Arc<Traffic> {
        self.flights.traffic()
    }
}

impl Actor for Fetcher {
    type Context = Context<Self>;
}

impl Handler<Describe> for Fetcher {
    type Result = ResponseFuture<Result<Described, Failure>>;

    fn handle(&mut self, describe: Describe, _: &mut Context<Self>) -> Self::Result {
        let flights = self.flights.clone();
        Box::pin(async move {
            let scope = describe.scope.clone();
            let described = scope.offload(shared(describe, flights)).await?;
            Ok(Described::clone(&described))
        })
    }
}

impl Handler<Fetch> for Fetcher {
    type Result = ResponseFuture<Result<Fetched, Failure>>;

    fn handle(&mut self, fetch: Fetch, _: &mut Context<Self>) -> Self::Result {
        let (store, room, max_size) = (Arc::clone(&self.store), self.room.clone(), self.max_size);
        Box::pin(async move {
            let scope = fetch.scope.clone();
            scope.offload(transfer(fetch, store, room, max_size)).await
        })
    }
}

async fn shared(
    describe: Describe,
    flights: Flights<Question, Result<Arc<Described>, Failure>>,
) -> Result<Arc<Described>, Failure> {
    let question = Question {
        origin: describe.line.origin.clone(),
        identity: describe.line.identity,
        repository: describe.repository.clone(),
        digest: describe.digest,
        platform: describe.platform.clone(),
        url: describe.url.clone(),
    };
    let Describe { scope, line, url, repository, .. } = &describe;
    let lead = async { Ok::<_, Infallible>(Box::pin(ask(&describe)).await) };
    let flown = scope.budget.spend(Box::pin(flights.join(question, lead))).await;
    let Ok(answer) = flown.ok_or_else(|| over_budget(line, Step::Manifest, url, repository, scope))?;
    answer
}

async fn ask(describe: &Describe) -> Result<Arc<Described>, Failure> {
    let Describe { line, url, repository, digest, manifest, .. } = describe;
    let platform =
        describe.platform.as_deref().and_then(|platform| platform.parse().ok()).unwrap_or_default();
    let described = line
        .client
        .describe(&line.credential, repository.path(), digest, manifest.clone(), &platform)
        .await
        .map_err(|error| registry(line, repository, Step::Manifest, url, &error))?;
    line.note(repository.path(), Conduct::Answered);
    Ok(Arc::new(described))
}

async fn transfer(
    fetch: Fetch,
    store: Arc<Store>,
    room: sink::Room,
    max_size: Option<u64>,
) -> Result<Fetched, Failure> {
    let Fetch { scope, line, url, repository, layer, operation, elsewhere } = fetch;
    if let Some(archive) = elsewhere {
        let asked = Box::pin(line.client.has_blob(&line.credential, repository.path(), &layer));
        if scope.budget.spend(asked).await == Some(true) {
            line.note(repository.path(), Conduct::Answered);
            return Ok(Fetched::Elsewhere(archive));
        }
    }
    let mut sink =
        sink::Spooling::new(&store, &room, layer.size).map_err(|error| self::store(operation, &error))?;
    let limits = BlobLimits { stall: scope.budget.total(), max_bytes: max_size };
    let read =
        Box::pin(line.client.blob(&line.credential, repository.path(), &layer, limits, &mut sink)).await;
    let fetched = match read {
        Ok(()) => sink.finish().await.map_err(|error| oci::Error::Sink(Arc::new(error))),
        Err(error) => Err(error),
    };
    let fetched = fetched.map_err(|error| {
        let step = if error.is_of_content() { Step::Content(operation) } else { Step::Open };
        registry(&line, &repository, step, &url, &error)
    })?;
    line.note(repository.path(), Conduct::Answered);
    Ok(fetched)
}
