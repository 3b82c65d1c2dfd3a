//! How much a layer may ask of us (D15).

use crate::error::LimitError;

/// Bounds that are checked while a layer is read. [`Limits::default`] has those that always hold and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files together, hard links counted as files (`--artifact-max-size`).
    pub unpacked_bytes: Option<u64>,
    /// Bytes that any layer may unpack to, however small it is.
    pub harmless_bytes: u64,
    /// How many times its own size a layer may unpack to beyond that.
    pub ratio: u64,
    /// Files, directories and links, those that names imply included.
    pub entries: u64,
    /// Bytes of all names together: they are held in memory.
    pub names_bytes: u64,
    /// Bytes of all `.sourceignore` files together: likewise.
    pub rules_bytes: u64,
    /// Steps of about a nanosecond: what comparing the ignore rules with all names may take.
    pub ignore_steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked_bytes: None,
            harmless_bytes: 256 * 1024 * 1024,
            ratio: 200,
            entries: 1_000_000,
            names_bytes: 128 * 1024 * 1024,
            rules_bytes: 1024 * 1024,
            ignore_steps: 4_000_000_000,
        }
    }
}

impl Limits {
    /// Bytes that a layer of this size may unpack to, `unpacked_bytes` aside.
    pub(crate) fn bytes_from(&self, layer: u64) -> u64 {
        layer.saturating_mul(self.ratio).max(self.harmless_bytes)
    }

    /// What is said of a layer that unpacks to more than that.
    pub(crate) fn beyond_ratio(&self) -> LimitError {
        LimitError::Ratio { unpacked: self.harmless_bytes, ratio: self.ratio }
    }
}
