//! One request for all who need the same value at the same time.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use crate::error::Error;

/// A value that is made at most once at a time, and remembered.
///
/// Who comes while it is being made waits and gets the same answer, good or bad. If the maker is dropped, the
/// next who waits makes it.
#[derive(Debug)]
pub(crate) struct Flight<T> {
    ended: AtomicU64,
    slot: Mutex<Slot<T>>,
}

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    failure: Option<(u64, Error)>,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self { ended: AtomicU64::new(0), slot: Mutex::new(Slot { value: None, failure: None }) }
    }
}

impl<T: Clone> Flight<T> {
    /// The remembered value if it is `good`, else what `make` gives; `make` sees the value that was not good.
    pub(crate) async fn get(
        &self,
        good: impl Fn(&T) -> bool,
        make: impl AsyncFnOnce(Option<&T>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.ended.load(Ordering::Acquire);
        let mut slot = self.slot.lock().await;
        if let Some(value) = slot.value.as_ref().filter(|value| good(value)) {
            return Ok(value.clone());
        }
        if let Some((_, error)) = slot.failure.as_ref().filter(|(ended, _)| *ended > before) {
            return Err(error.clone());
        }
        let outcome = make(slot.value.as_ref()).await;
        let ended = self.ended.fetch_add(1, Ordering::Release) + 1;
        match &outcome {
            Ok(value) => *slot = Slot { value: Some(value.clone()), failure: None },
            Err(error) => slot.failure = Some((ended, error.clone())),
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Notify, oneshot};

    use super::*;

    fn failure() -> Error {
        Error::Material("refused".to_owned())
    }

    #[tokio::test]
    async fn those_who_wait_get_the_same_failure_and_those_who_come_later_try_anew() {
        let flight = Arc::new(Flight::<u8>::default());
        let (leading, leads) = oneshot::channel();
        let go = Arc::new(Notify::new());
        let leader = tokio::spawn({
            let (flight, go) = (Arc::clone(&flight), Arc::clone(&go));
            async move {
                let make = async |_: Option<&u8>| {
                    leading.send(()).unwrap();
                    go.notified().await;
                    Err(failure())
                };
                flight.get(|_| true, make).await
            }
        });
        leads.await.unwrap();
        let mut waiting = Box::pin(flight.get(|_| true, async |_| panic!("made twice")));
        tokio::select! { biased; _ = &mut waiting => panic!("did not wait"), () = std::future::ready(()) => {} }

        go.notify_one();

        assert!(leader.await.unwrap().is_err());
        assert!(waiting.await.is_err());
        assert_eq!(flight.get(|_| true, async |_| Ok(7)).await.unwrap(), 7);
        assert_eq!(flight.get(|_| true, async |_| panic!("made twice")).await.unwrap(), 7);
        assert_eq!(flight.get(|value| *value != 7, async |old| Ok(old.unwrap() + 1)).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn a_dropped_maker_leaves_the_next_one_to_make_it() {
        let flight = Flight::<u8>::default();
        {
            let mut dropped = Box::pin(flight.get(|_| true, async |_| std::future::pending().await));
            tokio::select! { biased; _ = &mut dropped => panic!("made nothing"), () = std::future::ready(()) => {} }
        }

        assert_eq!(flight.get(|_| true, async |_| Ok(1)).await.unwrap(), 1);
    }
}
