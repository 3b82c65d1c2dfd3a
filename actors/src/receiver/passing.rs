//! Whom a replica that does not lead wakes through the cluster: the annotation that Flux's receivers use (D43).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use reconcile::Nudge;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Receiver;
use crate::Key;
use crate::cluster::WriteError;

/// Requests in flight: a fan-out leaves room for the leader's own writes.
const IN_FLIGHT: usize = 8;
/// Before an annotation that could not be written is written again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often; after that the interval finds what was pushed.
const ATTEMPTS: u32 = 60;

/// A push that may be told of before the registry shows it is passed on once more after this time, as long as the leader would
/// look for it. A request carries no digest, so that the leader cannot know what to wait for.
const SHOWN: Duration = Duration::from_secs(5);

/// Who waits to be asked. Bounded by the objects that there are.
#[derive(Debug, Default)]
pub(super) struct Passing {
    waiting: BTreeMap<Key, (Arc<str>, u32)>,
    /// Who is asked once more, and when. Bounded likewise.
    again: BTreeMap<Key, Instant>,
    /// Requests that could not be written and are about to be written again.
    resting: usize,
    in_flight: usize,
    /// Who wants to know when nobody waits any more.
    asking: Vec<oneshot::Sender<()>>,
}

impl Passing {
    fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.again.is_empty() && self.resting + self.in_flight == 0
    }
}

impl Receiver {
    /// Asks these objects to be looked at, by this value of `requestedAt`; a later one replaces it.
    pub(super) fn pass_on(
        &mut self,
        keys: impl Iterator<Item = Key>,
        request: &Arc<str>,
        ctx: &mut Context<Self>,
    ) {
        self.passing.waiting.extend(keys.map(|key| (key, (Arc::clone(request), 0))));
        self.pass(ctx);
    }

    /// Asks these objects to be looked at when the registry will show what it told of.
    pub(super) fn pass_on_again(&mut self, keys: Vec<Key>, ctx: &mut Context<Self>) {
        let Some(due) = (!keys.is_empty()).then(|| Instant::now() + SHOWN) else { return };
        self.passing.again.extend(keys.into_iter().map(|key| (key, due)));
        ctx.run_later(SHOWN, move |receiver, ctx| {
            let shown = receiver.passing.again.extract_if(.., |_, when| *when <= due);
            let shown = shown.map(|(key, _)| (key, Nudge::default())).collect();
            receiver.wake(shown, ctx);
            receiver.pass(ctx);
        });
    }

    /// Tells when all requests are written or given up.
    pub(super) fn passed_on(&mut self, ctx: &mut Context<Self>) -> oneshot::Receiver<()> {
        let (reply, answer) = oneshot::channel();
        self.passing.asking.push(reply);
        self.pass(ctx);
        answer
    }

    fn pass(&mut self, ctx: &mut Context<Self>) {
        while self.passing.in_flight < IN_FLIGHT
            && let Some((key, (request, attempts))) = self.passing.waiting.pop_first()
        {
            self.passing.in_flight += 1;
            let writer = Arc::clone(&self.at.writer);
            let work = async move {
                let written = writer.request(&key, &request).await;
                (key, request, written)
            };
            ctx.spawn(work.into_actor(self).map(move |(key, request, written), receiver: &mut Self, ctx| {
                receiver.passing.in_flight -= 1;
                receiver.passed(key, request, attempts, written, ctx);
                receiver.pass(ctx);
            }));
        }
        if self.passing.is_done() {
            for asking in self.passing.asking.drain(..) {
                if asking.send(()).is_err() {
                    tracing::debug!("nobody waits for the requests any more");
                }
            }
        }
    }

    fn passed(
        &mut self,
        key: Key,
        request: Arc<str>,
        attempts: u32,
        written: Result<(), WriteError>,
        ctx: &mut Context<Self>,
    ) {
        let error = match written {
            Ok(()) | Err(WriteError::Gone) => return,
            Err(error) => error,
        };
        let (namespace, name) = (&key.namespace, &key.name);
        if attempts + 1 >= ATTEMPTS || matches!(error, WriteError::Refused(_)) {
            tracing::error!(%namespace, %name, %error, "a push could not be passed on to the leading replica: the object is looked at when its interval is over");
            return;
        }
        tracing::debug!(%namespace, %name, %error, "a push is passed on to the leading replica a second later");
        self.passing.resting += 1;
        ctx.run_later(PAUSE, move |receiver, ctx| {
            receiver.passing.resting -= 1;
            receiver.passing.waiting.entry(key).or_insert((request, attempts + 1));
            receiver.pass(ctx);
        });
    }
}
