//! The disk and the processors: what Storage has room for.

use std::sync::Arc;

use artifact::store::Store;
use prometheus::IntGauge;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use sluice_actors::storage::Processors;

/// What is measured of Storage, read when it is asked for.
pub struct Room {
    store: Arc<Store>,
    processors: Arc<Processors>,
    spooled: IntGauge,
    free: IntGauge,
    waiting: IntGauge,
}

impl Room {
    /// Room in this store and at these processors.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new(store: Arc<Store>, processors: Arc<Processors>) -> prometheus::Result<Self> {
        Ok(Self {
            store,
            processors,
            spooled: IntGauge::new("sluice_spool_bytes", "Bytes in spool files.")?,
            free: IntGauge::new("sluice_storage_free_bytes", "What the disk of the store has left.")?,
            waiting: IntGauge::new("sluice_unpack_waiting", "Work on files that waits for a processor.")?,
        })
    }

    fn series(&self) -> [&IntGauge; 3] {
        [&self.spooled, &self.free, &self.waiting]
    }

    /// What cannot be read stays as it was.
    fn show(&self) {
        self.spooled.set(self.store.spooled().try_into().unwrap_or(i64::MAX));
        if let Ok(free) = self.store.free() {
            self.free.set(free.try_into().unwrap_or(i64::MAX));
        }
        self.waiting.set(self.processors.waiting().try_into().unwrap_or(i64::MAX));
    }
}

impl Collector for Room {
    fn desc(&self) -> Vec<&Desc> {
        self.series().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.show();
        self.series().into_iter().flat_map(Collector::collect).collect()
    }
}
