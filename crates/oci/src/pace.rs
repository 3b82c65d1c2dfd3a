//! How slow a transfer may be (ruling D1): never without a byte for the stall limit, never a trickle.
//!
//! Only time spent waiting for the network counts; a slow disk of ours is not the registry's fault. Waiting for the
//! answer to a resume counts, else a transfer that is cut after each byte would have no end.

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
    answered: bool,
}

/// Who is patient for a shorter time says more of himself than of the host: it puts no host down for others.
pub const FAIR: Duration = Duration::from_secs(10);

/// Why a transfer was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooSlow {
    /// No byte came for the stall limit.
    Stalled(Duration),
    /// Bytes came, but too few.
    Trickle,
}

impl TooSlow {
    /// Whether anybody would find so.
    pub(crate) fn is_of_host(self) -> bool {
        match self {
            Self::Stalled(limit) => limit >= FAIR,
            Self::Trickle => true,
        }
    }
}

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stalled(limit) => write!(f, "no data received for {limit:?}"),
            Self::Trickle => write!(f, "less than {LEAST_RATE} bytes per second received for {WINDOW:?}"),
        }
    }
}

impl Default for Pace {
    /// Where somebody else bounds the whole: only the rate counts.
    fn default() -> Self {
        Self::new(WINDOW)
    }
}

impl Pace {
    pub(crate) fn new(stall: Duration) -> Self {
        Self { stall, waited: Duration::ZERO, received: 0, answered: false }
    }

    /// Waits for an answer to begin. The first may take the whole of the stall limit, whatever the rate: a registry
    /// may have to fetch the content itself.
    pub(crate) fn answer<T>(
        &mut self,
        answer: impl Future<Output = T>,
    ) -> impl Future<Output = Result<T, TooSlow>> {
        let counts = std::mem::replace(&mut self.answered, true);
        self.wait(answer, counts)
    }

    /// Waits for the next bytes.
    pub(crate) fn bytes<T>(
        &mut self,
        bytes: impl Future<Output = T>,
    ) -> impl Future<Output = Result<T, TooSlow>> {
        self.wait(bytes, true)
    }

    async fn wait<T>(&mut self, work: impl Future<Output = T>, counts: bool) -> Result<T, TooSlow> {
        let began = Instant::now();
        let left = if counts { WINDOW.saturating_sub(self.waited) } else { Duration::MAX };
        let outcome = timeout(self.stall.min(left), work).await;
        if counts {
            self.waited += began.elapsed();
        }
        match outcome {
            Ok(done) => Ok(done),
            Err(_) if self.stall <= left => Err(TooSlow::Stalled(self.stall)),
            Err(_) => Err(TooSlow::Trickle),
        }
    }

    /// Counts new bytes that came; a window of waiting without enough of them ends the transfer.
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
        for (seconds, outcome) in [(89, Ok(())), (91, Err(TooSlow::Stalled(Duration::from_secs(90))))] {
            let mut pace = Pace::new(Duration::from_secs(90));
            assert_eq!(pace.answer(sleep(Duration::from_secs(seconds))).await, outcome);
        }
    }

    /// A transfer that is cut after each of these, which begins so late and brings so many bytes.
    async fn resumed(pieces: impl IntoIterator<Item = (u64, usize)>) -> Result<(), TooSlow> {
        let mut pace = Pace::default();
        for (seconds, bytes) in pieces {
            pace.answer(sleep(Duration::from_secs(seconds))).await?;
            pace.received(bytes)?;
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_the_answer_to_a_resume_is_part_of_the_transfer() {
        let began = Instant::now();
        assert_eq!(resumed(std::iter::repeat_n((59, 1), 1000)).await, Err(TooSlow::Trickle));
        assert_eq!(began.elapsed().as_secs(), 59 + 60);
        assert_eq!(resumed(std::iter::repeat_n((30, 2 << 20), 1000)).await, Ok(()));
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
