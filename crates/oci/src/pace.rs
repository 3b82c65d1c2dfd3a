//! How slow a transfer may be (ruling D1): never without a byte for the stall limit, never a trickle.
//!
//! Only time spent waiting for the network counts; a slow disk of ours is not the registry's fault.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// Time over which the rate is averaged.
const WINDOW: Duration = Duration::from_mins(1);
/// The least rate, in bytes per second.
const LEAST_RATE: u64 = 16 << 10;

/// The time that a transfer has left.
pub(crate) struct Pace {
    stall: Duration,
    waited: Duration,
    received: u64,
}

/// Why a transfer was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooSlow {
    /// No byte came for the stall limit.
    Stalled(Duration),
    /// Bytes came, but too few.
    Trickle,
}

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stalled(limit) => write!(f, "no data received for {limit:?}"),
            Self::Trickle => write!(f, "less than {LEAST_RATE} bytes per second received for {WINDOW:?}"),
        }
    }
}

impl Pace {
    pub(crate) fn new(stall: Duration) -> Self {
        Self { stall, waited: Duration::ZERO, received: 0 }
    }

    /// Waits for an answer to begin: a registry may have to fetch the content itself first.
    pub(crate) async fn answer<T>(&self, answer: impl Future<Output = T>) -> Result<T, TooSlow> {
        timeout(self.stall, answer).await.map_err(|_| TooSlow::Stalled(self.stall))
    }

    /// Waits for the next bytes.
    pub(crate) async fn bytes<T>(&mut self, bytes: impl Future<Output = T>) -> Result<T, TooSlow> {
        let began = Instant::now();
        let left = WINDOW.saturating_sub(self.waited);
        let outcome = timeout(self.stall.min(left), bytes).await;
        self.waited += began.elapsed();
        match outcome {
            Ok(bytes) => Ok(bytes),
            Err(_) if self.stall <= left => Err(TooSlow::Stalled(self.stall)),
            Err(_) => Err(TooSlow::Trickle),
        }
    }

    /// Counts bytes that came; a window of waiting without enough of them ends the transfer.
    pub(crate) fn received(&mut self, bytes: usize) -> Result<(), TooSlow> {
        self.received += bytes as u64;
        if self.received >= LEAST_RATE * WINDOW.as_secs() {
            self.waited = Duration::ZERO;
            self.received = 0;
        }
        if self.waited >= WINDOW { Err(TooSlow::Trickle) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    async fn transfer(stall: u64, pieces: impl IntoIterator<Item = (u64, usize)>) -> Result<(), TooSlow> {
        let mut pace = Pace::new(Duration::from_secs(stall));
        for (seconds, bytes) in pieces {
            pace.bytes(sleep(Duration::from_secs(seconds))).await?;
            pace.received(bytes)?;
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_transfer_that_makes_progress_may_take_any_time() {
        assert_eq!(transfer(5, std::iter::repeat_n((4, 100 << 10), 1000)).await, Ok(()));
        assert_eq!(transfer(100, std::iter::repeat_n((59, 1 << 20), 100)).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn no_byte_within_the_stall_limit_ends_it() {
        assert_eq!(transfer(5, [(4, 10), (6, 10)]).await, Err(TooSlow::Stalled(Duration::from_secs(5))));
        let pace = Pace::new(Duration::from_secs(90));
        assert_eq!(pace.answer(sleep(Duration::from_secs(89))).await, Ok(()));
        assert_eq!(
            pace.answer(sleep(Duration::from_secs(91))).await,
            Err(TooSlow::Stalled(Duration::from_secs(90)))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_ends_after_a_minute_of_it() {
        let began = Instant::now();
        let fast = std::iter::repeat_n((0, 10 << 20), 10);

        assert_eq!(
            transfer(5, fast.chain(std::iter::repeat_n((4, 1000), 1000))).await,
            Err(TooSlow::Trickle)
        );
        assert_eq!(began.elapsed().as_secs(), 60);
        assert_eq!(transfer(90, [(61, 10)]).await, Err(TooSlow::Trickle));
    }
}
