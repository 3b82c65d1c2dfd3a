//! Single-flight: of equal questions asked at one time, one goes out and all take its answer.
//!
//! Sharing never crosses authority (D24): every key begins with (origin, identity), so that nobody receives an answer that
//! its own credential could not have obtained. A flight whose leader is cancelled or out of time is no answer; the next
//! one that waits leads it anew, with its own budget.
//!
//! Of one key one flight is under way at a time, and behind it at most one waits that has not been sent (D28).

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

type Cell<V> = Arc<OnceCell<V>>;
type Lanes<K, V> = Arc<Mutex<HashMap<K, Arc<Lane<V>>>>>;

/// The flights of all keys; what is kept of a key leaves with its last rider.
#[derive(Debug)]
pub struct Flights<K: Eq + Hash + Clone, V: Clone> {
    lanes: Lanes<K, V>,
    traffic: Arc<Traffic>,
}

/// Flights and their riders, counted since the start.
#[derive(Debug, Default)]
pub struct Traffic {
    flown: AtomicU64,
    joined: AtomicU64,
}

impl Traffic {
    /// Questions that went out.
    #[must_use]
    pub fn flown(&self) -> u64 {
        self.flown.load(Ordering::Relaxed)
    }

    /// Questions that took the answer to another one.
    #[must_use]
    pub fn joined(&self) -> u64 {
        self.joined.load(Ordering::Relaxed)
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self { lanes: Arc::clone(&self.lanes), traffic: Arc::clone(&self.traffic) }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self { lanes: Arc::default(), traffic: Arc::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// Takes the answer of a flight of this key, sent or not, or leads one: `Ok` is everybody's answer, `Err` only the
    /// leader's.
    ///
    /// # Errors
    /// What ended the caller's own lead without an answer.
    pub async fn join<E>(&self, key: K, lead: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let seat = self.seat(key);
        let cell = seat.lane.any();
        self.fly(&seat, cell, lead).await
    }

    /// The same, with an answer to a question that has not been sent before this call (D28).
    ///
    /// # Errors
    /// What ended the caller's own lead without an answer.
    pub async fn join_unsent<E>(&self, key: K, lead: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let seat = self.seat(key);
        let cell = seat.lane.unsent();
        self.fly(&seat, cell, lead).await
    }

    async fn fly<E>(
        &self,
        seat: &Seat<K, V>,
        cell: Cell<V>,
        lead: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let mut went_out = false;
        let lead = async {
            went_out = true;
            self.traffic.flown.fetch_add(1, Ordering::Relaxed);
            lead.await
        };
        let answer = seat.lane.fly(cell, lead).await;
        if !went_out {
            self.traffic.joined.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// What is counted of them.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    fn seat(&self, key: K) -> Seat<K, V> {
        let mut lanes = locked(&self.lanes);
        let lane = Arc::clone(lanes.entry(key.clone()).or_default());
        Seat { lanes: Arc::clone(&self.lanes), key, lane }
    }

    /// How many keys have a flight.
    #[must_use]
    pub fn len(&self) -> usize {
        locked(&self.lanes).len()
    }

    /// Whether none is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The flights of one key.
#[derive(Debug)]
struct Lane<V> {
    cells: Mutex<Cells<V>>,
    runway: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Cells<V> {
    sent: Option<Cell<V>>,
    unsent: Option<Cell<V>>,
}

impl<V> Default for Lane<V> {
    fn default() -> Self {
        Self { cells: Mutex::new(Cells { sent: None, unsent: None }), runway: tokio::sync::Mutex::default() }
    }
}

impl<V: Clone> Lane<V> {
    fn any(&self) -> Cell<V> {
        let sent = locked(&self.cells).sent.clone();
        sent.unwrap_or_else(|| self.unsent())
    }

    fn unsent(&self) -> Cell<V> {
        Arc::clone(locked(&self.cells).unsent.get_or_insert_default())
    }

    async fn fly<E>(&self, cell: Cell<V>, lead: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let flown = cell.get_or_try_init(async || {
            let _runway = self.runway.lock().await;
            let _flight = self.send(&cell);
            lead.await
        });
        flown.await.cloned()
    }

    fn send(&self, cell: &Cell<V>) -> Flight<'_, V> {
        let mut cells = locked(&self.cells);
        cells.unsent.take_if(|unsent| Arc::ptr_eq(unsent, cell));
        cells.sent = Some(Arc::clone(cell));
        Flight { cells: &self.cells }
    }
}

/// A flight under way; it takes nobody after its end.
struct Flight<'a, V> {
    cells: &'a Mutex<Cells<V>>,
}

impl<V> Drop for Flight<'_, V> {
    fn drop(&mut self) {
        locked(self.cells).sent = None;
    }
}

/// The table and this seat hold a lane; nobody else does.
const NOBODY_ELSE: usize = 2;

/// A place in a flight of this key.
struct Seat<K: Eq + Hash + Clone, V: Clone> {
    lanes: Lanes<K, V>,
    key: K,
    lane: Arc<Lane<V>>,
}

impl<K: Eq + Hash + Clone, V: Clone> Drop for Seat<K, V> {
    fn drop(&mut self) {
        let mut lanes = locked(&self.lanes);
        if Arc::strong_count(&self.lane) <= NOBODY_ELSE {
            lanes.remove(&self.key);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
