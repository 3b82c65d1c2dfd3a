//! Single-flight: of equal questions asked at one time, one goes out and all take its answer.
//!
//! Sharing never crosses authority (D24): every key begins with (origin, identity), so that nobody receives an answer that
//! its own credential could not have obtained. A flight whose leader is cancelled or out of time is no answer; the next
//! one that waits leads it anew, with its own budget.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// The flights under way; entries leave with their last rider.
#[derive(Debug)]
pub struct Flights<K: Eq + Hash + Clone, V: Clone> {
    cells: Arc<Mutex<HashMap<K, Arc<OnceCell<V>>>>>,
}

impl<K: Eq + Hash + Clone, V: Clone> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self { cells: Arc::clone(&self.cells) }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self { cells: Arc::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// Takes the answer of the flight of this key, or leads one: `Ok` is everybody's answer, `Err` only the leader's.
    ///
    /// # Errors
    /// What ended the caller's own lead without an answer.
    pub async fn join<E>(&self, key: K, lead: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let seat = self.seat(key);
        seat.cell.get_or_try_init(|| lead).await.cloned()
    }

    fn seat(&self, key: K) -> Seat<K, V> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::clone(cells.entry(key.clone()).or_default());
        Seat { flights: self.clone(), key, cell }
    }

    /// How many flights are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The table and this seat hold a flight; nobody else does.
const NOBODY_ELSE: usize = 2;

/// A place in a flight; a flight that landed takes nobody else, one without riders is forgotten.
struct Seat<K: Eq + Hash + Clone, V: Clone> {
    flights: Flights<K, V>,
    key: K,
    cell: Arc<OnceCell<V>>,
}

impl<K: Eq + Hash + Clone, V: Clone> Drop for Seat<K, V> {
    fn drop(&mut self) {
        let mut cells = self.flights.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(current) = cells.get(&self.key) else {
            return;
        };
        let ours = Arc::ptr_eq(current, &self.cell);
        if ours && (self.cell.initialized() || Arc::strong_count(current) <= NOBODY_ELSE) {
            cells.remove(&self.key);
        }
    }
}
