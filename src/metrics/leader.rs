//! Whether this replica leads.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, Opts};

/// What is measured of a leader election.
#[derive(Clone)]
pub struct Leader(IntGauge);

impl Leader {
    /// Not the leader yet, by the Lease of this name.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new(lease: &str) -> prometheus::Result<Self> {
        let options = Opts::new("leader_election_master_status", "1 while this replica leads, else 0.");
        Ok(Self(IntGauge::with_opts(options.const_label("name", lease))?))
    }

    /// From now on this replica leads, or does not.
    pub fn leads(&self, leads: bool) {
        self.0.set(leads.into());
    }
}

impl Collector for Leader {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}
