//! Whom a replica that does not lead wakes through the cluster: the annotation that Flux's receivers use (D43).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::Receiver;
use crate::Key;
use crate::cluster::WriteError;

/// Requests in flight: a fan-out leaves room for the leader's own writes.
const IN_FLIGHT: usize = 8;
/// Before an annotation that could not be written is written again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often; after that the interval finds what was pushed.
const ATTEMPTS: u32 = 60;

/// Who waits to be asked. Bounded by the objects that there are.
#[derive(Debug, Default)]
pub(super) struct Passing {
    waiting: BTreeMap<Key, (Arc<str>, u32)>,
    in_flight: usize,
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

    fn pass(&mut self, ctx: &mut Context<Self>) {
        while self.passing.in_flight < IN_FLIGHT {
            let Some((key, (request, attempts))) = self.passing.waiting.pop_first() else {
                return;
            };
            self.passing.in_flight += 1;
            let writer = Arc::clone(&self.at.writer);
            let work = async move {
                let written = writer.request(&key, &request).await;
                (key, request, written)
            };
            ctx.spawn(work.into_actor(self).map(move |(key, request, written), receiver: &mut Self, ctx| {
                receiver.passing.in_flight -= 1;
                Self::passed(key, request, attempts, written, ctx);
                receiver.pass(ctx);
            }));
        }
    }

    fn passed(
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
        ctx.run_later(PAUSE, move |receiver, ctx| {
            receiver.passing.waiting.entry(key).or_insert((request, attempts + 1));
            receiver.pass(ctx);
        });
    }
}
