//! What follows from the answers to requests.

use actix::Context;
use tokio::time::Instant;

use super::StatusWriter;
use super::entry::{Entry, Request};
use super::lane::{Lane, Next, Stand};
use super::notifications::Flight;
use super::rests::Rest;
use crate::cluster::WriteError;
use crate::{Key, Object};

impl StatusWriter {
    /// A write of an object was answered.
    pub(super) fn written(
        &mut self,
        key: &Key,
        flight: u64,
        request: &Request,
        answer: Result<Object, WriteError>,
        ctx: &mut Context<Self>,
    ) {
        self.in_flight -= 1;
        self.events.write_ended(Instant::now());
        let now = self.moment();
        if let Some(entry) = self.landed(key, Lane::Object, flight) {
            let (next, shift) = entry.answered(request, answer, &now, Instant::now());
            self.follow(key, Lane::Object, next);
            self.heed(key, shift);
        }
        self.dispatch(ctx);
    }

    /// The recording of an event was answered.
    pub(super) fn recorded(
        &mut self,
        key: &Key,
        flight: u64,
        answer: Result<(), WriteError>,
        ctx: &mut Context<Self>,
    ) {
        self.in_flight -= 1;
        if let Some(entry) = self.landed(key, Lane::Events, flight) {
            let leaving = entry.leaving;
            let (next, lost) = entry.events.answered(answer, leaving);
            if lost {
                self.counters.count_event_dropped();
            }
            self.follow(key, Lane::Events, next);
        }
        self.dispatch(ctx);
    }

    /// A notification was answered.
    pub(super) fn notified(
        &mut self,
        flight: Flight,
        answer: Result<(), WriteError>,
        ctx: &mut Context<Self>,
    ) {
        let number = flight.number;
        let (due, lost) = self.notifications.answered(flight, answer);
        if lost {
            self.counters.count_notification_dropped();
        }
        if let Some(delay) = due {
            self.rests.insert(Rest::Notification(number), delay);
        }
        self.dispatch(ctx);
        self.end_flushes();
    }

    /// Keeps the books after a change of an entry: who is owed a status or an event, who is left to another writer, who may
    /// leave, which flush is done.
    pub(super) fn settle(&mut self, key: &Key) {
        let entry = self.entries.get(key);
        if entry.is_some_and(|entry| entry.owes() || !entry.events.is_empty()) {
            self.owing.insert(key.clone());
        } else {
            self.owing.remove(key);
        }
        if entry.is_some_and(|entry| entry.is_left()) {
            self.left.insert(key.clone());
        } else {
            self.left.remove(key);
        }
        self.counters.set_left(self.left.len());
        if entry.is_some_and(|entry| entry.leaving && entry.events.is_empty()) {
            self.entries.remove(key);
        }
        self.end_flushes();
    }

    /// Answers who flushes, once everything is written and told.
    pub(super) fn end_flushes(&mut self) {
        if !self.owing.is_empty() || !self.notifications.are_told() {
            return;
        }
        for flush in self.flushes.drain(..) {
            if flush.send(Ok(())).is_err() {
                tracing::debug!("nobody waits for the flush any more");
            }
        }
    }

    /// The entry that this request was for, if that one still waits for it.
    fn landed(&mut self, key: &Key, lane: Lane, flight: u64) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(key)?;
        let stand = entry.stand_in(lane);
        if !matches!(stand, Stand::Flying(number) if *number == flight) {
            return None;
        }
        *stand = Stand::Idle;
        Some(entry)
    }

    fn follow(&mut self, key: &Key, lane: Lane, next: Next) {
        match next {
            Next::Again => self.enqueue(key, lane, false),
            Next::Rest(delay) => {
                let rest = self.rests.insert(Rest::Work(key.clone(), lane), delay);
                if let Some(entry) = self.entries.get_mut(key) {
                    *entry.stand_in(lane) = Stand::Resting(rest);
                }
            }
        }
        self.settle(key);
    }
}
