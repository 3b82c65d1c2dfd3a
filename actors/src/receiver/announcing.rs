//! When and how the status of a hook is written: soon after something came, and seldom however much comes.

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::Receiver;
use super::standing::{patch, status};
use super::tally::whole_second;
use super::webhook::Webhook;
use crate::Key;
use crate::cluster::WriteError;

/// What comes together is written together.
const TOGETHER: Duration = Duration::from_millis(300);
/// Between two writes of a hook's status: a flood of deliveries costs a write in so long.
const APART: Duration = Duration::from_secs(5);

impl Receiver {
    /// Something came to the hook.
    pub(super) fn announce_later(&mut self, key: &Key, ctx: &mut Context<Self>) {
        if let Some(watched) = self.watched.get_mut(key) {
            watched.dirty = true;
            self.arm(ctx);
        }
    }

    /// Something about the hook itself has changed.
    pub(super) fn announce(&mut self, key: &Key, ctx: &mut Context<Self>) {
        if let Some(watched) = self.watched.get_mut(key) {
            watched.dirty = true;
            watched.written = None;
            self.write(key, ctx);
        }
    }

    /// One timer for all statuses.
    fn arm(&mut self, ctx: &mut Context<Self>) {
        if self.announcing.is_some() {
            return;
        }
        self.announcing = Some(ctx.run_later(TOGETHER, |receiver, ctx| {
            receiver.announcing = None;
            let dirty = receiver.watched.iter().filter(|(_, watched)| watched.dirty);
            let dirty: Vec<_> = dirty.map(|(key, _)| key.clone()).collect();
            for key in &dirty {
                receiver.write(key, ctx);
            }
            if receiver.watched.values().any(|watched| watched.dirty) {
                receiver.arm(ctx);
            }
        }));
    }

    fn write(&mut self, key: &Key, ctx: &mut Context<Self>) {
        let Some(watched) = self.watched.get_mut(key) else { return };
        let recent = watched.written.is_some_and(|written| written.elapsed() < APART);
        let Some(standing) = watched.standing.as_ref().filter(|_| !watched.writing && !recent) else {
            return;
        };
        let (counts, last) = watched.tally.tell();
        let already = |ending: &String| watched.recorded.get(ending).copied().unwrap_or_default();
        let fresh = counts.iter().map(|(ending, count)| (ending.clone(), count - already(ending))).collect();
        // Who leads says how a hook stands; the others add what came to them.
        if self.leading.is_none() && counts == watched.recorded {
            watched.dirty = false;
            return;
        }
        let now = whole_second(Timestamp::now());
        let last = last.filter(|_| counts != watched.recorded);
        let status = status(&watched.webhook, standing, &fresh, last, &now);
        watched.dirty = false;
        let Some(patch) = patch(&watched.webhook, &status) else { return };
        (watched.writing, watched.written) = (true, Some(Instant::now()));
        let (writer, key) = (Arc::clone(&self.at.writer), key.clone());
        let work = async move {
            let written = writer.patch_status(&key, patch).await;
            (key, written)
        };
        ctx.spawn(work.into_actor(self).map(move |(key, written), receiver: &mut Self, ctx| {
            receiver.written(&key, counts, written, ctx);
        }));
    }

    fn written(
        &mut self,
        key: &Key,
        counts: std::collections::BTreeMap<String, i64>,
        written: Result<Value, WriteError>,
        ctx: &mut Context<Self>,
    ) {
        let Some(watched) = self.watched.get_mut(key) else { return };
        watched.writing = false;
        let error = match written {
            Ok(object) => {
                watched.recorded = counts;
                // The watch may be late; what it shows then is the same.
                if let Ok(webhook) = Webhook::parse(&object)
                    && webhook.uid == watched.webhook.uid
                    && webhook.generation == watched.webhook.generation
                {
                    watched.webhook = Arc::new(webhook);
                }
                None
            }
            Err(WriteError::Gone) => None,
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            let (namespace, name) = (&key.namespace, &key.name);
            if !matches!(error, WriteError::Conflict) {
                tracing::warn!(%namespace, %name, %error, "the status of a RegistryWebhook cannot be written; it is tried again");
            }
            watched.dirty = true;
            if matches!(error, WriteError::Conflict) {
                watched.written = None;
            }
        }
        if watched.dirty {
            self.arm(ctx);
        }
    }
}
