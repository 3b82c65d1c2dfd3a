//! Passes on what a watch shows, for ever: a server that is gone is waited for.

use std::fmt::Debug;
use std::pin::pin;
use std::time::Duration;

use actix::{MailboxError, Message, Recipient};
use futures::{Stream, StreamExt};
use kube::Resource;
use kube::api::Api;
use kube::runtime::watcher::{self, Event, InitialListStrategy};
use reconcile::Backoff;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer::words;
use crate::metrics::Lag;

/// Below the idle time-outs of load balancers that stand before API servers, which begin at 240 s.
const WATCH_SECONDS: u32 = 200;
/// Between failures in a row: one request of one client, so that a server that is back is soon noticed.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(800), longest: Duration::from_secs(5) };
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const GONE: u16 = 410;

type Result<K> = std::result::Result<Event<K>, watcher::Error>;

/// What is watched.
pub(super) struct Watch<K> {
    pub(super) api: Api<K>,
    /// As the log calls it.
    pub(super) what: &'static str,
    /// Only what matches this label selector; `None` for all.
    pub(super) labels: Option<String>,
    /// What it means that this may not be watched, or is not there, where that is no failure.
    pub(super) unwatchable: Option<Unwatchable>,
    /// How long events wait to be taken.
    pub(super) lag: Lag,
}

/// What it means that something cannot be watched.
#[derive(Clone, Copy)]
pub(super) struct Unwatchable {
    /// How soon to ask again.
    pub(super) again_after: Duration,
    /// For the log, which says it once.
    pub(super) meaning: &'static str,
}

/// How a watch that cannot go on begins anew.
enum Outcome {
    Stopped,
    Anew(InitialListStrategy),
}

/// What helps after an error.
enum Remedy {
    /// The same again, later.
    Patience,
    /// The same again, much later.
    Resignation(Unwatchable),
    /// A list, which kube's watcher makes by itself.
    List,
    /// Another watcher: kube's one repeats a request that can never succeed.
    Anew(InitialListStrategy),
}

impl<K> Watch<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    /// Follows until `stop` is cancelled or nobody listens any more. The awaited reply is the backpressure.
    pub(super) async fn follow<M>(
        self,
        message: impl Fn(Event<K>) -> Option<M>,
        listener: Recipient<M>,
        stop: CancellationToken,
    ) where
        M: Message<Result = ()> + Send,
    {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            ended = self.listen(&message, &listener) => if let Err(dead) = ended {
                tracing::error!(%dead, watched = self.what, "nobody listens to the watch");
            }
        }
    }

    async fn listen<M>(
        &self,
        message: impl Fn(Event<K>) -> Option<M>,
        listener: &Recipient<M>,
    ) -> std::result::Result<(), MailboxError>
    where
        M: Message<Result = ()> + Send,
    {
        let mut strategy = InitialListStrategy::StreamingList;
        let mut refused = false;
        loop {
            let events = watcher::watcher(self.api.clone(), self.settings(&strategy));
            let forwarded = self.forward(events, &strategy, &mut refused, &message, listener);
            match forwarded.await? {
                Outcome::Anew(next) if next == strategy => tokio::time::sleep(BACKOFF.first).await,
                Outcome::Anew(next) => strategy = next,
                Outcome::Stopped => return Ok(()),
            }
        }
    }

    fn settings(&self, strategy: &InitialListStrategy) -> watcher::Config {
        watcher::Config {
            label_selector: self.labels.clone(),
            timeout: Some(WATCH_SECONDS),
            initial_list_strategy: strategy.clone(),
            ..watcher::Config::default()
        }
    }

    async fn forward<M>(
        &self,
        events: impl Stream<Item = Result<K>>,
        strategy: &InitialListStrategy,
        refused: &mut bool,
        message: impl Fn(Event<K>) -> Option<M>,
        listener: &Recipient<M>,
    ) -> std::result::Result<Outcome, MailboxError>
    where
        M: Message<Result = ()> + Send,
    {
        let mut events = pin!(events);
        let mut failures = 0_u32;
        while let Some(event) = events.next().await {
            let error = match event {
                Ok(event) => {
                    if (failures > 0 || *refused) && !matches!(event, Event::Init) {
                        tracing::info!(failures, watched = self.what, "the watch is back");
                        (failures, *refused) = (0, false);
                    }
                    if let Some(message) = message(event) {
                        let shown = Instant::now();
                        listener.send(message).await?;
                        self.lag.observe(shown.elapsed());
                    }
                    continue;
                }
                Err(error) => error,
            };
            let (remedy, error) = (self.remedy(&error, strategy), words(&error));
            let pause = match remedy {
                Remedy::Patience => {
                    failures = failures.saturating_add(1);
                    tracing::warn!(
                        error,
                        failures,
                        watched = self.what,
                        "the watch failed and is tried again"
                    );
                    BACKOFF.after(failures)
                }
                Remedy::Resignation(Unwatchable { again_after, meaning }) => {
                    if !std::mem::replace(refused, true) {
                        tracing::warn!(error, watched = self.what, "{meaning}");
                    }
                    again_after
                }
                Remedy::List => {
                    failures = 0;
                    tracing::info!(error, watched = self.what, "the watch goes on with a list");
                    BACKOFF.after(failures)
                }
                Remedy::Anew(strategy) => {
                    tracing::info!(error, watched = self.what, "the watch begins anew");
                    return Ok(Outcome::Anew(strategy));
                }
            };
            tokio::time::sleep(pause).await;
        }
        Ok(Outcome::Stopped)
    }

    fn remedy(&self, error: &watcher::Error, strategy: &InitialListStrategy) -> Remedy {
        let status = match error {
            watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status,
            watcher::Error::InitialListFailed(kube::Error::Api(status))
                if matches!(status.code, FORBIDDEN | NOT_FOUND) =>
            {
                status
            }
            watcher::Error::WatchError(status) if status.code == GONE => return Remedy::List,
            watcher::Error::WatchStartFailed(_)
            | watcher::Error::InitialListFailed(_)
            | watcher::Error::WatchError(_)
            | watcher::Error::WatchFailed(_)
            | watcher::Error::NoResourceVersion => return Remedy::Patience,
        };
        let streaming = *strategy == InitialListStrategy::StreamingList;
        match status.code {
            FORBIDDEN | NOT_FOUND => self.unwatchable.map_or(Remedy::Patience, Remedy::Resignation),
            400 | 422 if streaming => Remedy::Anew(InitialListStrategy::ListWatch),
            GONE => Remedy::Anew(strategy.clone()),
            // Of a cluster that was restored from a backup.
            504 if status.message.contains("Too large resource version") => Remedy::Anew(strategy.clone()),
            _ => Remedy::Patience,
        }
    }
}
