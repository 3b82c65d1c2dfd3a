//! Builds the actors, bottom-up, between the two ends that it is given.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix::{Actor, Addr, AsyncContext, Recipient};
use anyhow::Context as _;
use artifact::store::Store;
use prometheus::Registry;
use prometheus::core::Collector;
use sluice_actors::cluster::{ClusterReader, ClusterWriter};
use sluice_actors::fetcher::Fetcher;
use sluice_actors::receiver::{HookChanged, HookWriter};
use sluice_actors::registry::{self, Registries};
use sluice_actors::repository::Services;
use sluice_actors::resolver::Resolver;
use sluice_actors::status_writer::StatusWriter;
use sluice_actors::storage::{Address, Scrubbing, Storage};
use sluice_actors::verifier::Verifier;
use sluice_actors::watcher::{DependencyChanged, ObjectChanged, Watcher};
use sluice_actors::{Known, Sources};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::lease::Election;
use crate::metrics::{Flights, Hosts, Passes, Question, Room, Writes};

/// A future that runs until it is told to stop.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whom a source tells: the Watcher.
#[derive(Clone)]
pub struct Listeners {
    /// Of objects.
    pub objects: Recipient<ObjectChanged>,
    /// Of what objects name.
    pub dependencies: Recipient<DependencyChanged>,
}

/// What tells of objects and of what they name until the token is cancelled.
pub type Source = Box<dyn FnOnce(Listeners, CancellationToken) -> Task + Send>;

/// What stands at the two ends of the actor graph: a cluster, or a folder of manifests.
pub struct Ends {
    /// Reads what objects name.
    pub reader: Arc<dyn ClusterReader>,
    /// Writes statuses, finalizers and events.
    pub writer: Arc<dyn ClusterWriter>,
    /// Shows the objects and what they name.
    pub source: Source,
    /// Decides who may write; `None` where nobody else could.
    pub election: Option<Election>,
    /// Where webhooks are found and written to; `None` where none are taken.
    pub webhooks: Option<WebhookEnds>,
    /// What is measured there.
    pub series: Vec<Box<dyn Collector>>,
}

/// Shows hooks and their Secrets until the token is cancelled.
pub type HookSource =
    Box<dyn FnOnce(Recipient<HookChanged>, Recipient<DependencyChanged>, CancellationToken) -> Task + Send>;

/// Shows objects to a replica that does not lead, until the token is cancelled.
pub type ObjectSource = Box<dyn FnOnce(Recipient<ObjectChanged>, CancellationToken) -> Task + Send>;

/// What stands behind the webhook server.
pub struct WebhookEnds {
    /// Writes for hooks.
    pub writer: Arc<dyn HookWriter>,
    /// Shows them.
    pub hooks: HookSource,
    /// Shows objects as long as this replica does not lead.
    pub objects: ObjectSource,
}

/// The name of a service, and whether it lives.
type Alive = (&'static str, Box<dyn Fn() -> bool>);

/// The actors of one process.
pub struct Actors {
    /// The Repositories' parent.
    pub watcher: Addr<Watcher>,
    /// The writer of statuses.
    pub status_writer: Addr<StatusWriter>,
    /// What the file server reads.
    pub store: Arc<Store>,
    /// What the cluster knows of.
    pub known: Arc<Known>,
    services: Vec<Alive>,
}

impl Actors {
    /// Whom the source tells.
    #[must_use]
    pub fn listeners(&self) -> Listeners {
        Listeners {
            objects: self.watcher.clone().recipient(),
            dependencies: self.watcher.clone().recipient(),
        }
    }

    /// The first service that is dead; there is no going on without it (design: supervision).
    #[must_use]
    pub fn dead(&self) -> Option<&'static str> {
        self.services.iter().find(|(_, alive)| !alive()).map(|(name, _)| *name)
    }
}

/// Opens the store, on the pool: a large one on a slow disk takes its time.
///
/// # Errors
/// The storage root cannot be used.
pub async fn open(config: &Config) -> anyhow::Result<Arc<Store>> {
    let (root, settings) = (config.storage_path.clone(), config.store);
    let opened = tokio::task::spawn_blocking(move || Store::open(&root, settings)).await?;
    Ok(Arc::new(opened.context("--storage-path cannot be used")?))
}

/// Starts every actor; to be called on the arbiter.
///
/// # Errors
/// None that can occur: series that are registered once.
pub fn start(
    config: &Config,
    ends: &Ends,
    store: Arc<Store>,
    known: Arc<Known>,
    sources: Option<Arc<Sources>>,
    metrics: &Registry,
) -> prometheus::Result<Actors> {
    let limits = artifact::Limits { unpacked_bytes: config.artifact_max_size, ..artifact::Limits::default() };
    let status_writer = StatusWriter::new(Arc::clone(&ends.writer), jiff::Timestamp::now);
    metrics.register(Box::new(Writes::new(status_writer.counters())?))?;
    let status_writer = status_writer.start();
    let watching = actix::Context::new();
    let found = AsyncContext::<Watcher>::address(&watching).downgrade().recipient();
    let storage = Storage::new(Arc::clone(&store), Address::new(&config.advertised), limits)
        .scrubbed(config.scrub_interval.map(|every| Scrubbing { every, found }));
    metrics.register(Box::new(Room::new(Arc::clone(&store), storage.processors())?))?;
    let storage = storage.start();
    let fetcher = Fetcher::new(Arc::clone(&store), config.artifact_max_size);
    metrics.register(Box::new(Flights::new(Question::Manifest, fetcher.manifests())?))?;
    let fetcher = fetcher.start();
    let resolver = Resolver::default();
    metrics.register(Box::new(Flights::new(Question::Digest, resolver.resolutions())?))?;
    metrics.register(Box::new(Flights::new(Question::Tags, resolver.lists())?))?;
    let resolver = resolver.start();
    let verifier = Verifier.start();
    let hosts = Hosts::new()?;
    metrics.register(Box::new(hosts.clone()))?;
    let settings = registry::Settings {
        concurrency: config.registry_concurrency,
        max_retry_delay: config.max_retry_delay(),
        client: oci::Settings::default(),
    };
    let registries = Registries::new(settings, Arc::new(hosts));
    let services = Services {
        cluster: Arc::clone(&ends.reader),
        registries,
        inspect: storage.clone().recipient(),
        resolve: resolver.clone().recipient(),
        verify: verifier.clone().recipient(),
        describe: fetcher.clone().recipient(),
        claim: storage.clone().recipient(),
        fetch: fetcher.clone().recipient(),
        publish: storage.clone().recipient(),
        purge: storage.clone().recipient(),
        status_observed: status_writer.clone().recipient(),
        write_status: status_writer.clone().recipient(),
        announce: status_writer.clone().recipient(),
        add_finalizer: status_writer.clone().recipient(),
        remove_finalizer: status_writer.clone().recipient(),
        forget: status_writer.clone().recipient(),
        known: Arc::clone(&known),
        sources,
        recorder: Passes::register(metrics, config.concurrent)?,
        policy: config.policy,
        default_account: config.default_account.clone(),
        docker_config: config.docker_config.clone(),
    };
    let watcher = watching.run(Watcher::new(Arc::new(services)));
    let services = vec![
        alive("StatusWriter", &status_writer),
        alive("Storage", &storage),
        alive("Fetcher", &fetcher),
        alive("Resolver", &resolver),
        alive("Verifier", &verifier),
        alive("Watcher", &watcher),
    ];
    Ok(Actors { watcher, status_writer, store, known, services })
}

fn alive<A>(name: &'static str, actor: &Addr<A>) -> Alive
where
    A: Actor<Context = actix::Context<A>>,
{
    let actor = actor.clone();
    (name, Box::new(move || actor.connected()))
}
