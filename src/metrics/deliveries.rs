//! What comes to the webhook server.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, Opts};
use sluice_actors::receiver::Ending;

/// Deliveries by result. How many came to a hook is in its status.
#[derive(Clone)]
pub struct Deliveries {
    ended: IntCounterVec,
    unknown: IntCounter,
}

impl Deliveries {
    /// Nothing has come yet.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new() -> prometheus::Result<Self> {
        let options =
            Opts::new("sluice_webhook_deliveries_total", "Deliveries of registries, by how they ended.");
        let ended = IntCounterVec::new(options, &["result"])?;
        for ending in Ending::ALL {
            ended.with_label_values(&[ending.name()]);
        }
        let help = "Requests to the webhook server for a path that no RegistryWebhook has.";
        let unknown = IntCounter::new("sluice_webhook_unknown_paths_total", help)?;
        Ok(Self { ended, unknown })
    }

    /// A delivery ended.
    pub fn ended(&self, ending: Ending) {
        self.ended.with_label_values(&[ending.name()]).inc();
    }

    /// A request to nobody.
    pub fn unknown(&self) {
        self.unknown.inc();
    }
}

impl Collector for Deliveries {
    fn desc(&self) -> Vec<&Desc> {
        self.ended.desc().into_iter().chain(self.unknown.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.ended.collect().into_iter().chain(self.unknown.collect()).collect()
    }
}
