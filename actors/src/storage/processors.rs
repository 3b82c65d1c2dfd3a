//! The processors, and who waits for one: what somebody asked for goes before what is due, and nobody waits for ever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use crate::queue::{Queue, Rank};

/// All processors.
#[derive(Debug)]
pub struct Processors(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    queue: Queue,
    /// One an attempt, as its place in the queue.
    waiting: BTreeMap<u64, oneshot::Sender<Processor>>,
    last: u64,
}

/// A processor that somebody has; the next one's when it is dropped.
#[derive(Debug)]
pub struct Processor(Arc<Processors>);

impl Processors {
    /// So many, and nobody at any.
    #[must_use]
    pub fn new(count: usize) -> Arc<Self> {
        let state = State { free: count, queue: Queue::default(), waiting: BTreeMap::new(), last: 0 };
        Arc::new(Self(Mutex::new(state)))
    }

    /// How many wait for one now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// One that is free, if there is one and nobody waits for it.
    #[must_use]
    pub fn spare(self: &Arc<Self>) -> Option<Processor> {
        let mut state = self.state();
        if !state.waiting.is_empty() {
            return None;
        }
        state.free = state.free.checked_sub(1)?;
        Some(Processor(Arc::clone(self)))
    }

    /// Waits for one behind all that are as urgent.
    ///
    /// # Errors
    /// None that can occur: whoever waits is granted one.
    pub async fn acquire(self: &Arc<Self>, rank: Rank) -> Result<Processor, RecvError> {
        if let Some(processor) = self.spare() {
            return Ok(processor);
        }
        let mut place = self.enter(rank);
        self.grant();
        (&mut place.granted).await
    }

    fn enter(&self, rank: Rank) -> Place<'_> {
        let (grant, granted) = oneshot::channel();
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        state.queue.push(number, rank);
        state.waiting.insert(number, grant);
        Place { of: self, number, granted }
    }

    fn grant(self: &Arc<Self>) {
        while let Some(grant) = self.next() {
            // One that nobody takes comes back by its drop and goes to the next.
            drop(grant.send(Processor(Arc::clone(self))));
        }
    }

    /// Whose the next free processor is.
    fn next(&self) -> Option<oneshot::Sender<Processor>> {
        let mut state = self.state();
        let free = state.free.checked_sub(1)?;
        let number = state.queue.pop()?;
        let grant = state.waiting.remove(&number)?;
        state.free = free;
        Some(grant)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Processor {
    fn drop(&mut self) {
        self.0.state().free += 1;
        self.0.grant();
    }
}

/// The place of one who waits, until it is dropped.
struct Place<'a> {
    of: &'a Processors,
    number: u64,
    granted: oneshot::Receiver<Processor>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.of.state();
        if state.queue.remove(self.number) {
            state.waiting.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures::FutureExt as _;

    use super::*;

    type Acquired<'a> = Pin<Box<dyn Future<Output = Result<Processor, RecvError>> + 'a>>;

    /// Those who wait in vain, in this order.
    fn waiting<const COUNT: usize>(of: &Arc<Processors>, ranks: [Rank; COUNT]) -> [Acquired<'_>; COUNT] {
        ranks.map(|rank| {
            let mut acquired: Acquired<'_> = Box::pin(of.acquire(rank));
            assert!(acquired.as_mut().now_or_never().is_none());
            acquired
        })
    }

    #[tokio::test]
    async fn who_waits_counts_until_it_is_served_or_gives_up() {
        let processors = Processors::new(1);
        let held = processors.acquire(Rank::Routine).await.unwrap();
        assert_eq!(processors.waiting(), 0);
        let [first, second] = waiting(&processors, [Rank::Routine, Rank::Routine]);
        assert_eq!(processors.waiting(), 2);

        drop(second);
        assert_eq!(processors.waiting(), 1);
        drop(held);
        let _served = first.now_or_never().unwrap().unwrap();

        assert_eq!(processors.waiting(), 0);
    }

    #[tokio::test]
    async fn what_somebody_asked_for_goes_before_what_is_due() {
        let processors = Processors::new(1);
        let held = processors.acquire(Rank::Routine).await.unwrap();
        let [mut due, asked] = waiting(&processors, [Rank::Routine, Rank::Asked]);

        drop(held);
        assert!(due.as_mut().now_or_never().is_none());
        drop(asked.now_or_never().unwrap().unwrap());

        drop(due.now_or_never().unwrap().unwrap());
    }

    #[tokio::test]
    async fn one_that_was_granted_to_somebody_who_is_gone_is_the_next_ones() {
        let processors = Processors::new(1);
        let held = processors.acquire(Rank::Routine).await.unwrap();
        let [gone, mut next] = waiting(&processors, [Rank::Asked, Rank::Routine]);

        drop(held);
        assert!(next.as_mut().now_or_never().is_none());
        drop(gone);

        drop(next.now_or_never().unwrap().unwrap());
        assert!(processors.spare().is_some());
        assert_eq!(processors.waiting(), 0);
    }

    #[tokio::test]
    async fn no_more_are_had_at_a_time_than_there_are() {
        let processors = Processors::new(2);
        let (first, second) = (processors.spare().unwrap(), processors.acquire(Rank::Asked).await.unwrap());
        assert!(processors.spare().is_none());
        let [third] = waiting(&processors, [Rank::Asked]);

        drop(first);
        let third = third.now_or_never().unwrap().unwrap();
        assert!(processors.spare().is_none());

        drop((second, third));
        assert!(processors.spare().is_some_and(|_one| processors.spare().is_some()));
    }
    #[tokio::test]
    async fn one_that_is_on_its_way_to_who_waits_is_not_spare() {
        let processors = Processors::new(1);
        let place = processors.enter(Rank::Routine);

        assert!(processors.spare().is_none());

        drop(place);
        assert!(processors.spare().is_some());
    }
}
