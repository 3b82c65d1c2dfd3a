//! The queues of Registries, by host.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramVec, IntGaugeVec, Opts};
use sluice_actors::registry::{HostRecorder, HostRecorders, Standing};

use super::waits;

/// Hosts that have series of their own. Whoever may write an object may name a host, and each costs some twenty series;
/// few clusters pull from more.
const MOST: usize = 100;
/// All the others.
const OTHER: &str = "other";
/// A name in DNS and a port; what is longer is no host.
const LONGEST: usize = 253 + ":65535".len();

/// What is measured of Registries.
#[derive(Clone)]
pub struct Hosts(Arc<Shared>);

struct Shared {
    labels: Mutex<BTreeMap<Box<str>, Origins>>,
    waits: HistogramVec,
    queue: IntGaugeVec,
    parked: IntGaugeVec,
    cooling: IntGaugeVec,
    quota: IntGaugeVec,
}

/// The Registries under one label, and how each stands.
#[derive(Default)]
struct Origins {
    standing: BTreeMap<u64, Arc<Mutex<Option<Standing>>>>,
    opened: u64,
}

impl Origins {
    fn standing(&self) -> impl Iterator<Item = Standing> {
        self.standing.values().filter_map(|standing| *locked(standing))
    }
}

/// The recorder of one Registry.
struct Origin {
    shared: Arc<Shared>,
    label: Box<str>,
    number: u64,
    waits: Histogram,
    standing: Arc<Mutex<Option<Standing>>>,
}

impl Hosts {
    /// No host yet.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new() -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str, labels: &[&str]| IntGaugeVec::new(Opts::new(name, help), labels);
        Ok(Self(Arc::new(Shared {
            labels: Mutex::default(),
            waits: HistogramVec::new(
                waits(
                    "sluice_registry_wait_seconds",
                    "How long passes waited for turns that they were given.",
                )?,
                &["host"],
            )?,
            queue: gauge("sluice_registry_queue", "Passes that wait for a turn.", &["host", "class"])?,
            parked: gauge(
                "sluice_registry_parked",
                "Objects that wait for their host, or for the end of a cool-down.",
                &["host"],
            )?,
            cooling: gauge("sluice_registry_cooling", "Cool-downs that run.", &["host"])?,
            quota: gauge(
                "sluice_registry_quota_remaining",
                "What the credential with least has left of its quota.",
                &["host"],
            )?,
        })))
    }
}

impl HostRecorders for Hosts {
    fn of(&self, host: &str) -> Box<dyn HostRecorder> {
        let mut labels = locked(&self.0.labels);
        let own = labels.keys().filter(|label| ***label != *OTHER).count();
        let named = host.len() <= LONGEST && (own < MOST || labels.contains_key(host));
        let label = if named { host } else { OTHER };
        let origins = labels.entry(label.into()).or_default();
        let (number, standing) = (origins.opened, Arc::default());
        origins.opened += 1;
        origins.standing.insert(number, Arc::clone(&standing));
        let waits = self.0.waits.with_label_values(&[label]);
        Box::new(Origin { shared: Arc::clone(&self.0), label: label.into(), number, waits, standing })
    }
}

impl HostRecorder for Origin {
    fn waited(&self, wait: Duration) {
        self.waits.observe(wait.as_secs_f64());
    }

    fn stands(&self, standing: Standing) {
        *locked(&self.standing) = Some(standing);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        let mut labels = locked(&self.shared.labels);
        let Some(origins) = labels.get_mut(&self.label) else { return };
        origins.standing.remove(&self.number);
        if origins.standing.is_empty() {
            labels.remove(&self.label);
            // They are there: this recorder has made them.
            drop(self.shared.waits.remove_label_values(&[&*self.label]));
        }
    }
}

impl Shared {
    fn series(&self) -> [&dyn Collector; 5] {
        [&self.waits, &self.queue, &self.parked, &self.cooling, &self.quota]
    }

    fn show(&self, labels: &BTreeMap<Box<str>, Origins>) {
        for gauges in [&self.queue, &self.parked, &self.cooling, &self.quota] {
            gauges.reset();
        }
        for (label, origins) in labels {
            for standing in origins.standing() {
                for (rank, waiting) in standing.queue {
                    add(&self.queue, &[label, rank.as_str()], waiting);
                }
                add(&self.parked, &[label], standing.parked);
                add(&self.cooling, &[label], standing.cooling);
            }
            if let Some(remaining) = origins.standing().filter_map(|standing| standing.quota_remaining).min()
            {
                let remaining = i64::try_from(remaining).unwrap_or(i64::MAX);
                self.quota.with_label_values(&[label]).set(remaining);
            }
        }
    }
}

impl Collector for Hosts {
    fn desc(&self) -> Vec<&Desc> {
        self.0.series().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let labels = locked(&self.0.labels);
        self.0.show(&labels);
        self.0.series().into_iter().flat_map(Collector::collect).collect()
    }
}

fn add(gauges: &IntGaugeVec, labels: &[&str], count: usize) {
    gauges.with_label_values(labels).add(i64::try_from(count).unwrap_or(i64::MAX));
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
