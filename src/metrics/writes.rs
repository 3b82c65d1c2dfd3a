//! What the `StatusWriter` leaves undone on purpose, and what others do to its objects.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntGauge, Opts};
use sluice_actors::status_writer::Counters;

/// What is measured of the `StatusWriter`: its own counts, read when they are asked for.
pub struct Writes {
    counts: Arc<Counters>,
    series: [Series; 5],
    left: IntGauge,
}

type Count = fn(&Counters) -> u64;
type Series = (IntCounter, Count);

impl Writes {
    /// Shows these counts.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new(counts: Arc<Counters>) -> prometheus::Result<Self> {
        let series = |name: &str, help: &str, count: Count| {
            IntCounter::with_opts(Opts::new(name, help)).map(|series| (series, count))
        };
        let series = [
            series(
                "sluice_status_writes_superseded_total",
                "Statuses that a later one overtook before they were written.",
                Counters::superseded,
            )?,
            series(
                "sluice_progress_writes_dropped_total",
                "Signs of progress that were not written.",
                Counters::progress_dropped,
            )?,
            series(
                "sluice_events_dropped_total",
                "Events that were never recorded in the cluster.",
                Counters::events_dropped,
            )?,
            series(
                "sluice_notifications_dropped_total",
                "Notifications that never reached their address.",
                Counters::notifications_dropped,
            )?,
            series(
                "sluice_ownership_conflicts_total",
                "Times that another writer took an object over.",
                Counters::ownership_conflicts,
            )?,
        ];
        let left = IntGauge::new("sluice_objects_left", "Objects that are left to another writer.")?;
        Ok(Self { counts, series, left })
    }
}

impl Collector for Writes {
    fn desc(&self) -> Vec<&Desc> {
        self.series.iter().flat_map(|(series, _)| series.desc()).chain(self.left.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let shown = self.series.iter().flat_map(|(series, count)| {
            series.inc_by(count(&self.counts).saturating_sub(series.get()));
            series.collect()
        });
        self.left.set(self.counts.left().try_into().unwrap_or(i64::MAX));
        shown.chain(self.left.collect()).collect()
    }
}
