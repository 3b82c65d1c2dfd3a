//! How long the passes of each object worked. One small record an object: the library's histogram takes a KiB.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use sluice_actors::Key;

const NAME: &str = "gotk_reconcile_duration_seconds";
const HELP: &str = "How long a pass of the object worked.";
const LABELS: [&str; 3] = ["kind", "name", "namespace"];

/// Of one object: from 10 ms to half an hour, in ten steps, as upstream's.
const BUCKETS: usize = 10;
const SHORTEST: f64 = 0.01;
const LONGEST: f64 = 1800.0;

/// The series `gotk_reconcile_duration_seconds` of all objects.
pub(super) struct Objects {
    description: Desc,
    bounds: [f64; BUCKETS],
    all: Mutex<BTreeMap<Key, Durations>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Durations {
    /// Passes by the first bound that they kept to; those beyond the last are in none.
    buckets: [u32; BUCKETS],
    count: u32,
    seconds: f64,
}

impl Objects {
    pub(super) fn new() -> prometheus::Result<Self> {
        let labels = LABELS.map(str::to_owned).to_vec();
        let description = Desc::new(NAME.to_owned(), HELP.to_owned(), labels, HashMap::new())?;
        let steps = u32::try_from(BUCKETS - 1).map_or(1.0, f64::from);
        let factor = (LONGEST / SHORTEST).powf(1.0 / steps);
        let mut bounds = [SHORTEST; BUCKETS];
        for step in 1..BUCKETS {
            bounds[step] = bounds[step - 1] * factor;
        }
        Ok(Self { description, bounds, all: Mutex::default() })
    }

    pub(super) fn observe(&self, key: &Key, worked: Duration) {
        let seconds = worked.as_secs_f64();
        let mut all = self.all();
        if !all.contains_key(key) {
            all.insert(key.clone(), Durations::default());
        }
        let Some(durations) = all.get_mut(key) else { return };
        durations.count = durations.count.saturating_add(1);
        durations.seconds += seconds;
        if let Some(step) = self.bounds.iter().position(|bound| seconds <= *bound) {
            durations.buckets[step] = durations.buckets[step].saturating_add(1);
        }
    }

    pub(super) fn forget(&self, key: &Key) {
        self.all().remove(key);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Durations>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn metric(&self, key: &Key, durations: &Durations) -> Metric {
        let mut histogram = Histogram::default();
        histogram.set_sample_count(durations.count.into());
        histogram.set_sample_sum(durations.seconds);
        let mut below = 0;
        let buckets = self.bounds.iter().zip(durations.buckets).map(|(bound, passes)| {
            below += u64::from(passes);
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(below);
            bucket
        });
        histogram.set_bucket(buckets.collect());
        let values = [sluice_crds::KIND, &*key.name, &*key.namespace];
        let labels = LABELS.iter().zip(values).map(|(name, value)| {
            let mut label = LabelPair::default();
            label.set_name((*name).to_owned());
            label.set_value(value.to_owned());
            label
        });
        let mut metric = Metric::default();
        metric.set_label(labels.collect());
        metric.set_histogram(histogram);
        metric
    }
}

/// Shows the records to whoever asks.
pub(super) struct Series(pub(super) Arc<Objects>);

impl Collector for Series {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.description]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let metrics: Vec<Metric> =
            self.0.all().iter().map(|(key, durations)| self.0.metric(key, durations)).collect();
        if metrics.is_empty() {
            return Vec::new();
        }
        let mut family = MetricFamily::default();
        family.set_name(NAME.to_owned());
        family.set_help(HELP.to_owned());
        family.set_field_type(MetricType::HISTOGRAM);
        family.set_metric(metrics);
        vec![family]
    }
}
