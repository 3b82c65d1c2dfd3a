//! Questions to registries that were asked once for many.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, Opts};
use sluice_actors::flights::Traffic;

/// What is measured of flights of one kind.
pub struct Flights {
    traffic: Arc<Traffic>,
    flown: IntCounter,
    joined: IntCounter,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The digest of a tag.
    Digest,
    /// The tags of a repository.
    Tags,
    /// A manifest.
    Manifest,
}

impl Question {
    fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Tags => "tags",
            Self::Manifest => "manifest",
        }
    }
}

impl Flights {
    /// Shows these counts.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new(question: Question, traffic: Arc<Traffic>) -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str| {
            IntCounter::with_opts(Opts::new(name, help).const_label("question", question.as_str()))
        };
        Ok(Self {
            traffic,
            flown: counter("sluice_flights_flown_total", "Questions that went out to registries.")?,
            joined: counter("sluice_flights_joined_total", "Questions that took the answer to another.")?,
        })
    }
}

impl Collector for Flights {
    fn desc(&self) -> Vec<&Desc> {
        self.flown.desc().into_iter().chain(self.joined.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (series, count) in [(&self.flown, self.traffic.flown()), (&self.joined, self.traffic.joined())] {
            series.inc_by(count.saturating_sub(series.get()));
        }
        self.flown.collect().into_iter().chain(self.joined.collect()).collect()
    }
}
