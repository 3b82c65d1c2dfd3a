//! Everything that waits for the end of a back-off, in one queue of deadlines.

use std::pin::Pin;
use std::task::{Context as Task, Poll};

use actix::fut::ActorFuture;
use actix::{Actor, Context};

use super::StatusWriter;
use super::lane::{Lane, Stand};
use crate::Key;

/// What waits.
#[derive(Clone, Debug)]
pub(super) enum Rest {
    /// The work of a key.
    Work(Key, Lane),
    /// The notification of this number.
    Notification(u64),
    /// The events of all objects.
    Events,
}

/// Wakes what has waited long enough, as long as the writer lives.
pub(super) struct Wakings;

impl ActorFuture<StatusWriter> for Wakings {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        writer: &mut StatusWriter,
        ctx: &mut <StatusWriter as Actor>::Context,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        while let Poll::Ready(Some(expired)) = writer.rests.poll_expired(task) {
            writer.wake(expired.into_inner(), ctx);
        }
        Poll::Pending
    }
}

impl StatusWriter {
    fn wake(&mut self, rest: Rest, ctx: &mut Context<Self>) {
        match rest {
            Rest::Work(key, lane) => {
                let Some(entry) = self.entries.get_mut(&key) else {
                    return;
                };
                let stand = entry.stand_in(lane);
                if matches!(stand, Stand::Resting(_)) {
                    *stand = Stand::Idle;
                }
                self.enqueue(&key, lane, false);
            }
            Rest::Notification(number) => self.notifications.due(number),
            Rest::Events => self.events.watched(),
        }
        self.dispatch(ctx);
    }
}
