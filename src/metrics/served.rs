//! What consumers were given.

use prometheus::IntCounter;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

/// The bytes of artifacts that went out. Cheap to copy.
#[derive(Clone)]
pub struct BytesServed(IntCounter);

impl BytesServed {
    /// None yet.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new() -> prometheus::Result<Self> {
        let help = "Bytes of artifacts that were handed to the connections of consumers.";
        Ok(Self(IntCounter::new("sluice_artifact_bytes_total", help)?))
    }

    /// So many more.
    pub fn add(&self, bytes: usize) {
        self.0.inc_by(bytes as u64);
    }

    /// How many so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.get()
    }
}

impl Collector for BytesServed {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}
