//! When to look again. Jitter is a function of the key, so that a restart spreads a fleet the same way twice.

use std::time::Duration;

/// Exponential back-off between two limits (spec 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first delay.
    pub first: Duration,
    /// The longest delay.
    pub longest: Duration,
}

impl Backoff {
    /// The delay after this many failures in a row, `1` being the first.
    #[must_use]
    pub fn after(&self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.checked_mul(doubled).unwrap_or(self.longest).min(self.longest).max(self.first)
    }
}

/// The interval moved by up to `percent` of itself in either direction (spec 2.15).
#[must_use]
pub fn jittered(interval: Duration, percent: u8, seed: u64) -> Duration {
    let width = interval.mul_f64(f64::from(percent.min(99)) / 100.0);
    interval.saturating_sub(width) + (width * 2).mul_f64(fraction(seed))
}

/// A moment within the first minute or the first interval, whichever is shorter (D29).
#[must_use]
pub fn spread(interval: Duration, seed: u64) -> Duration {
    /// Long enough for ten thousand objects on one registry, short enough that a missed push is soon seen.
    const WINDOW: Duration = Duration::from_mins(1);
    interval.min(WINDOW).mul_f64(fraction(seed))
}

/// A number in `[0, 1)` from the bits of the seed (the finalizer of `SplitMix64`).
fn fraction(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    f64::from(u32::try_from(mixed >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}
