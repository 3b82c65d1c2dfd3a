//! What the `StatusWriter` leaves undone on purpose.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, Opts};
use sluice_actors::status_writer::Counters;

/// What is measured of the `StatusWriter`: its own counts, read when they are asked for.
pub struct Writes {
    counts: Arc<Counters>,
    series: [Series; 4],
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
        ];
        Ok(Self { counts, series })
    }
}

impl Collector for Writes {
    fn desc(&self) -> Vec<&Desc> {
        self.series.iter().flat_map(|(series, _)| series.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let shown = self.series.iter().flat_map(|(series, count)| {
            series.inc_by(count(&self.counts).saturating_sub(series.get()));
            series.collect()
        });
        shown.collect()
    }
}
