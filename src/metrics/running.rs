//! The passes under way: how many wait and work, and for how long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, IntGauge};
use sluice_actors::Key;
use tokio::time::Instant;

use super::passes::{controlled, queue};

/// The passes under way, and the gauges that show them; those are set when they are asked for.
pub(super) struct Running {
    passes: Mutex<HashMap<Key, Pass>>,
    depth: IntGauge,
    active: IntGauge,
    unfinished: Gauge,
    longest: Gauge,
}

struct Pass {
    begun: Instant,
    /// All of its waits that are over.
    waited: Option<Duration>,
    waits_since: Option<Instant>,
}

/// How long a pass took.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// For a turn at a registry; `None` of a pass that asked none.
    pub(super) queued: Option<Duration>,
    pub(super) worked: Duration,
}

impl Running {
    pub(super) fn new() -> prometheus::Result<Self> {
        // Of upstream's queue with priorities; dashboards add them up.
        let depth = queue("workqueue_depth", "Passes that wait for a turn at a registry.")
            .const_label("priority", "0");
        Ok(Self {
            passes: Mutex::default(),
            depth: IntGauge::with_opts(depth)?,
            active: IntGauge::with_opts(controlled(
                "controller_runtime_active_workers",
                "Passes that work.",
            ))?,
            unfinished: Gauge::with_opts(queue(
                "workqueue_unfinished_work_seconds",
                "How long all passes under way have worked so far, together.",
            ))?,
            longest: Gauge::with_opts(queue(
                "workqueue_longest_running_processor_seconds",
                "How long the longest of them has.",
            ))?,
        })
    }

    pub(super) fn begin(&self, key: &Key) {
        let pass = Pass { begun: Instant::now(), waited: None, waits_since: None };
        self.passes().insert(key.clone(), pass);
    }

    pub(super) fn wait(&self, key: &Key, waits: bool) {
        let mut passes = self.passes();
        let Some(pass) = passes.get_mut(key) else { return };
        if let Some(since) = pass.waits_since.take() {
            *pass.waited.get_or_insert_default() += since.elapsed();
        }
        pass.waits_since = waits.then(Instant::now);
    }

    pub(super) fn end(&self, key: &Key) -> Ended {
        let Some(pass) = self.passes().remove(key) else {
            return Ended::default();
        };
        let (now, waited) = (Instant::now(), pass.waited_by(Instant::now()));
        Ended { queued: waited, worked: (now - pass.begun).saturating_sub(waited.unwrap_or_default()) }
    }

    fn passes(&self) -> MutexGuard<'_, HashMap<Key, Pass>> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gauges(&self) -> [&dyn Collector; 4] {
        [&self.depth, &self.active, &self.unfinished, &self.longest]
    }

    fn show(&self) {
        let (now, passes) = (Instant::now(), self.passes());
        let waiting = passes.values().filter(|pass| pass.waits_since.is_some()).count();
        let worked = || passes.values().map(|pass| pass.worked_by(now));
        self.depth.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.active.set(i64::try_from(passes.len() - waiting).unwrap_or(i64::MAX));
        self.unfinished.set(worked().sum::<Duration>().as_secs_f64());
        self.longest.set(worked().max().unwrap_or_default().as_secs_f64());
    }
}

impl Pass {
    fn waited_by(&self, now: Instant) -> Option<Duration> {
        let under_way = self.waits_since.map(|since| now - since);
        under_way.map_or(self.waited, |wait| Some(self.waited.unwrap_or_default() + wait))
    }

    fn worked_by(&self, now: Instant) -> Duration {
        (now - self.begun).saturating_sub(self.waited_by(now).unwrap_or_default())
    }
}

/// The gauges of what is under way.
pub(super) struct Shown(pub(super) Arc<Running>);

impl Collector for Shown {
    fn desc(&self) -> Vec<&Desc> {
        self.0.gauges().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.show();
        self.0.gauges().into_iter().flat_map(Collector::collect).collect()
    }
}
