//! What each message does to the books.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{AsyncContext, Context, Handler, ResponseFuture};
use jiff::Timestamp;
use reconcile::{Announcement, ConditionKind, Failure, Severity, Truth};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::entry::{Acceptance, Entry};
use super::events::Events;
use super::lane::{Lane, Stand};
use super::{
    AddFinalizer, Announce, Flush, Forget, RemoveFinalizer, StatusObserved, StatusWriter, WriteStatus,
};
use crate::cluster::Notice;
use crate::{Key, Object};

/// How long a stop waits for whoever takes notifications and may be starting anew itself: the next replica repeats none.
const NOTIFYING: Duration = Duration::from_secs(5);
/// Annotations of an object that go into its events (spec 1.6).
const EVENT_METADATA: &str = "event.toolkit.fluxcd.io/";

impl Handler<StatusObserved> for StatusWriter {
    type Result = ();

    fn handle(&mut self, message: StatusObserved, ctx: &mut Context<Self>) {
        let (key, uid) = (message.object.key.clone(), Arc::clone(&message.object.uid));
        let known = self.entries.get(&key).is_some_and(|entry| entry.uid == uid && !entry.leaving);
        if !known {
            self.begin(&key, uid);
        }
        if let Some(entry) = self.entries.get_mut(&key) {
            let shift = entry.observe(message.object, Instant::now());
            self.heed(&key, shift);
        }
        self.dispatch(ctx);
    }
}

impl Handler<WriteStatus> for StatusWriter {
    type Result = ();

    fn handle(&mut self, message: WriteStatus, ctx: &mut Context<Self>) {
        let WriteStatus { key, uid, status, progress } = message;
        if progress && self.is_behind() {
            self.counters.count_progress_dropped();
            return;
        }
        let Some(entry) = self.of(&key, &uid) else { return };
        if !progress && status.conditions.is(ConditionKind::Ready, Truth::True) {
            entry.events.recovered();
        }
        match entry.accept(status, progress) {
            Acceptance::Taken => {}
            Acceptance::Replaced => self.counters.count_superseded(),
            Acceptance::Dropped => self.counters.count_progress_dropped(),
        }
        self.settle(&key);
        self.enqueue(&key, Lane::Object, false);
        self.dispatch(ctx);
    }
}

impl Handler<Announce> for StatusWriter {
    type Result = ();

    fn handle(&mut self, message: Announce, ctx: &mut Context<Self>) {
        let Announce { object, announcements, repeat_after } = message;
        let time = self.names.now();
        let Some(entry) = self.of(&object.key, &object.uid).filter(|entry| !entry.is_left()) else {
            return;
        };
        let told = entry.events.select(announcements, repeat_after, Instant::now());
        for announcement in told {
            let notify = announcement.severity != Severity::Trace;
            self.tell(&Arc::new(notice(&object, time, announcement)), notify);
        }
        self.enqueue(&object.key, Lane::Events, false);
        self.settle(&object.key);
        self.dispatch(ctx);
    }
}

impl Handler<AddFinalizer> for StatusWriter {
    type Result = ResponseFuture<Result<(), Failure>>;

    fn handle(&mut self, message: AddFinalizer, ctx: &mut Context<Self>) -> Self::Result {
        self.wish(&message.key, &message.uid, true, ctx)
    }
}

impl Handler<RemoveFinalizer> for StatusWriter {
    type Result = ResponseFuture<Result<(), Failure>>;

    fn handle(&mut self, message: RemoveFinalizer, ctx: &mut Context<Self>) -> Self::Result {
        self.wish(&message.key, &message.uid, false, ctx)
    }
}

impl Handler<Forget> for StatusWriter {
    type Result = ();

    fn handle(&mut self, message: Forget, ctx: &mut Context<Self>) {
        let Forget { key, uid } = message;
        let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.uid == uid) else {
            return;
        };
        entry.end();
        entry.leaving = true;
        if let Stand::Resting(rest) = std::mem::take(&mut entry.stand) {
            self.rests.try_remove(&rest);
        }
        self.settle(&key);
        self.enqueue(&key, Lane::Events, true);
        self.dispatch(ctx);
    }
}

impl Handler<Flush> for StatusWriter {
    type Result = ResponseFuture<Result<(), Failure>>;

    fn handle(&mut self, _: Flush, ctx: &mut Context<Self>) -> Self::Result {
        let (reply, answer) = oneshot::channel();
        self.flushes.push(reply);
        ctx.run_later(NOTIFYING, |writer, _| {
            for _ in 0..writer.notifications.give_up() {
                writer.counters.count_notification_dropped();
            }
            writer.end_flushes();
        });
        self.dispatch(ctx);
        self.end_flushes();
        Box::pin(heard(answer))
    }
}

impl StatusWriter {
    /// The entry of this life of an object; none when another life is known.
    fn of(&mut self, key: &Key, uid: &Arc<str>) -> Option<&mut Entry> {
        if !self.entries.contains_key(key) {
            self.begin(key, Arc::clone(uid));
        }
        self.entries.get_mut(key).filter(|entry| entry.uid == *uid && !entry.leaving).map(Box::as_mut)
    }

    /// Begins the entry of a life; what an earlier one still has to tell is kept.
    fn begin(&mut self, key: &Key, uid: Arc<str>) {
        let mut events = Events::default();
        if let Some(mut earlier) = self.entries.remove(key) {
            earlier.end();
            if let Stand::Resting(rest) = &earlier.stand {
                self.rests.try_remove(rest);
            }
            events = earlier.events.renewed();
        }
        self.entries.insert(key.clone(), Box::new(Entry::new(key.clone(), uid, events)));
        self.enqueue(key, Lane::Events, false);
        self.settle(key);
    }

    fn wish(
        &mut self,
        key: &Key,
        uid: &Arc<str>,
        held: bool,
        ctx: &mut Context<Self>,
    ) -> ResponseFuture<Result<(), Failure>> {
        let Some(entry) = self.of(key, uid) else {
            let answer = if held { Err(Failure::cancelled()) } else { Ok(()) };
            return Box::pin(async { answer });
        };
        let answer = entry.wish(held);
        self.enqueue(key, Lane::Object, true);
        self.dispatch(ctx);
        Box::pin(heard(answer))
    }

    pub(super) fn tell(&mut self, notice: &Arc<Notice>, notify: bool) {
        let Some(entry) = self.entries.get_mut(&notice.key) else {
            return;
        };
        if entry.events.push(Arc::clone(notice)) {
            self.counters.count_event_dropped();
        }
        if notify && self.notifications.push(Arc::clone(notice)) {
            self.counters.count_notification_dropped();
        }
    }
}

async fn heard(answer: oneshot::Receiver<Result<(), Failure>>) -> Result<(), Failure> {
    answer.await.unwrap_or_else(|_| Err(Failure::internal("the writer of statuses has ended")))
}

/// An event of an object.
pub(super) fn notice(object: &Object, time: Timestamp, announcement: Announcement) -> Notice {
    Notice {
        key: object.key.clone(),
        uid: Arc::clone(&object.uid),
        resource_version: Arc::clone(&object.resource_version),
        time,
        object_metadata: event_metadata(object),
        announcement,
    }
}

fn event_metadata(object: &Object) -> BTreeMap<String, String> {
    let all = object.annotations.iter().filter(|(name, _)| name.starts_with(EVENT_METADATA));
    all.map(|(name, value)| (name.clone(), value.clone())).collect()
}
