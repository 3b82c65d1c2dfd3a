//! Whom a Repository asks; one of these for all of them.

use std::path::Path;
use std::sync::Arc;

use actix::{Message, Recipient};
use reconcile::{Failure, Policy};
use tokio::time::Instant;

use crate::cluster::ClusterReader;
use crate::fetcher::{Describe, Fetch};
use crate::registry::Registries;
use crate::resolver::Resolve;
use crate::status_writer::{AddFinalizer, Announce, Forget, RemoveFinalizer, StatusObserved, WriteStatus};
use crate::storage::{Claim, Inspect, Publish, Purge};
use crate::verifier::Verify;
use crate::{Known, Recorder, Scope, Sources};

/// The services, each as narrow as its use.
#[derive(Clone)]
#[expect(missing_docs, reason = "most fields are named for the message that they take")]
pub struct Services {
    pub cluster: Arc<dyn ClusterReader>,
    pub registries: Registries,
    pub inspect: Recipient<Inspect>,
    pub resolve: Recipient<Resolve>,
    pub verify: Recipient<Verify>,
    pub describe: Recipient<Describe>,
    pub claim: Recipient<Claim>,
    pub fetch: Recipient<Fetch>,
    pub publish: Recipient<Publish>,
    pub purge: Recipient<Purge>,
    pub status_observed: Recipient<StatusObserved>,
    pub write_status: Recipient<WriteStatus>,
    pub announce: Recipient<Announce>,
    pub add_finalizer: Recipient<AddFinalizer>,
    pub remove_finalizer: Recipient<RemoveFinalizer>,
    pub forget: Recipient<Forget>,
    pub known: Arc<Known>,
    /// What pushes are held against, where anybody tells of them.
    pub sources: Option<Arc<Sources>>,
    pub recorder: Arc<dyn Recorder>,
    pub policy: Policy,
    /// The `ServiceAccount` of objects that name none.
    pub default_account: Option<Arc<str>>,
    /// Docker's configuration file of this process: for what the pull secrets of an object do not cover (D8).
    pub docker_config: Option<Arc<Path>>,
}

impl Services {
    /// Asks as [`Scope::ask`] does; the recorder hears how long the answer took.
    pub(super) async fn ask<M, T>(
        &self,
        scope: &Scope,
        actor: &Recipient<M>,
        message: M,
    ) -> Result<T, Failure>
    where
        M: Message<Result = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        self.timed::<M, _>(scope.ask(actor, message)).await
    }

    /// Asks as [`Scope::ask_to_the_end`] does; the recorder hears how long the answer took.
    pub(super) async fn ask_to_the_end<M, T>(
        &self,
        scope: &Scope,
        actor: &Recipient<M>,
        message: M,
    ) -> Result<T, Failure>
    where
        M: Message<Result = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        self.timed::<M, _>(scope.ask_to_the_end(actor, message)).await
    }

    async fn timed<M, A>(&self, answer: impl Future<Output = A>) -> A {
        let since = Instant::now();
        let answer = answer.await;
        self.recorder.answered(name::<M>(), since.elapsed());
        answer
    }
}

/// A message's name without its path.
fn name<M>() -> &'static str {
    let path = std::any::type_name::<M>();
    path.rsplit_once("::").map_or(path, |(_, name)| name)
}
