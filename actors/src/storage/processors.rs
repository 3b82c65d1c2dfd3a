//! The processors, and who waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// As many permits as there are processors.
#[derive(Debug)]
pub struct Processors {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Processors {
    /// So many, and nobody at any.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(count)), waiting: AtomicUsize::new(0) }
    }

    /// How many wait for one now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// One that is free, if there is one.
    #[must_use]
    pub fn spare(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Waits for one.
    ///
    /// # Errors
    /// None that can occur: the permits are never closed.
    pub async fn acquire(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        let _waits = Wait::among(&self.waiting);
        Arc::clone(&self.permits).acquire_owned().await
    }
}

/// One who waits, until it is dropped.
struct Wait<'a>(&'a AtomicUsize);

impl<'a> Wait<'a> {
    fn among(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_counts_until_it_is_served_or_gives_up() {
        let processors = Processors::new(1);
        let held = processors.acquire().await.unwrap();
        assert_eq!(processors.waiting(), 0);
        let mut first = Box::pin(processors.acquire());
        let mut second = Box::pin(processors.acquire());
        assert!(futures::poll!(first.as_mut()).is_pending());
        assert!(futures::poll!(second.as_mut()).is_pending());
        assert_eq!(processors.waiting(), 2);

        drop(second);
        assert_eq!(processors.waiting(), 1);
        drop(held);
        let _served = first.await.unwrap();

        assert_eq!(processors.waiting(), 0);
    }
}
