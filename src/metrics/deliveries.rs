//! What comes to the webhook server.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, Opts};
use sluice_actors::receiver::{Ending, Hook};

/// Deliveries by hook and result. The hooks are those of the cluster: nobody outside makes a series.
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
        let ended = IntCounterVec::new(options, &["namespace", "name", "type", "result"])?;
        let help = "Requests to the webhook server for a path that no RegistryWebhook has.";
        let unknown = IntCounter::new("sluice_webhook_unknown_paths_total", help)?;
        Ok(Self { ended, unknown })
    }

    /// A delivery to this hook ended.
    pub fn ended(&self, hook: &Hook, ending: Ending) {
        let labels = [&*hook.key.namespace, &*hook.key.name, hook.sender.name(), ending.name()];
        self.ended.with_label_values(&labels).inc();
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
