//! The passes of Repositories, as upstream's controller and its work queue count them.

use std::sync::Arc;
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntGauge, Opts, Registry};
use sluice_actors::{End, Key, Recorder};

use super::objects::{Objects, Series};
use super::running::{Ended, Running, Shown};
use super::{CONTROLLER, register, waits};

/// Seconds; upstream's buckets of a pass, which its dashboards know.
const PASS_SECONDS: [f64; 40] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25,
    1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0,
    50.0, 60.0,
];
/// From 10 ns to about 1000 s.
const QUEUE_SECONDS: (f64, f64, usize) = (1e-8, 10.0, 12);

/// What is measured of Repositories.
pub struct Passes {
    running: Arc<Running>,
    objects: Arc<Objects>,
    results: Results,
    errors: IntCounter,
    time: Histogram,
    adds: IntCounter,
    retries: IntCounter,
    queued: Histogram,
    worked: Histogram,
    claimed: Histogram,
    answers: HistogramVec,
    coalesced: IntCounter,
}

/// A counter for each way in which a pass can end.
struct Results {
    waiting: IntCounter,
    resting: IntCounter,
    superseded: IntCounter,
    failed: IntCounter,
}

impl Passes {
    /// Registers the series; `concurrent` is what `--concurrent` says (D41).
    ///
    /// # Errors
    /// One of them is registered already.
    pub fn register(registry: &Registry, concurrent: usize) -> prometheus::Result<Arc<Self>> {
        let concurrency = IntGauge::with_opts(controlled(
            "controller_runtime_max_concurrent_reconciles",
            "What --concurrent says; it bounds nothing.",
        ))?;
        concurrency.set(i64::try_from(concurrent).unwrap_or(i64::MAX));
        let passes = Self::new()?;
        let results = &passes.results;
        register(
            registry,
            vec![
                Box::new(concurrency),
                Box::new(Shown(Arc::clone(&passes.running))),
                Box::new(Series(Arc::clone(&passes.objects))),
                Box::new(results.waiting.clone()),
                Box::new(results.resting.clone()),
                Box::new(results.superseded.clone()),
                Box::new(results.failed.clone()),
                Box::new(passes.errors.clone()),
                Box::new(passes.time.clone()),
                Box::new(passes.adds.clone()),
                Box::new(passes.retries.clone()),
                Box::new(passes.queued.clone()),
                Box::new(passes.worked.clone()),
                Box::new(passes.claimed.clone()),
                Box::new(passes.answers.clone()),
                Box::new(passes.coalesced.clone()),
            ],
        )?;
        Ok(Arc::new(passes))
    }

    fn new() -> prometheus::Result<Self> {
        Ok(Self {
            running: Arc::new(Running::new()?),
            objects: Arc::new(Objects::new()?),
            results: Results::new()?,
            errors: IntCounter::with_opts(controlled(
                "controller_runtime_reconcile_errors_total",
                "Passes that failed and are tried again.",
            ))?,
            time: Histogram::with_opts(
                HistogramOpts::new("controller_runtime_reconcile_time_seconds", "How long a pass worked.")
                    .const_label("controller", CONTROLLER)
                    .buckets(PASS_SECONDS.to_vec()),
            )?,
            adds: IntCounter::with_opts(queue("workqueue_adds_total", "Passes that were begun."))?,
            retries: IntCounter::with_opts(queue(
                "workqueue_retries_total",
                "Passes that were begun after a failure.",
            ))?,
            queued: duration(
                "workqueue_queue_duration_seconds",
                "How long passes waited for turns at registries.",
            )?,
            worked: duration("workqueue_work_duration_seconds", "How long passes worked.")?,
            claimed: Histogram::with_opts(waits(
                "sluice_claim_wait_seconds",
                "How long passes waited for what another pass was building.",
            )?)?,
            answers: HistogramVec::new(
                waits("sluice_answer_seconds", "How long passes waited for the answers of each actor.")?,
                &["message"],
            )?,
            coalesced: IntCounter::new(
                "sluice_specs_coalesced_total",
                "Specifications that a later one overtook before their pass began.",
            )?,
        })
    }

    fn count(&self, key: &Key, end: End, worked: Duration) {
        self.objects.observe(key, worked);
        self.time.observe(worked.as_secs_f64());
        self.results.of(end).inc();
        if end == End::Failed {
            self.errors.inc();
        }
    }
}

impl Recorder for Passes {
    fn begun(&self, key: &Key, again: bool) {
        self.running.begin(key);
        self.adds.inc();
        if again {
            self.retries.inc();
        }
    }

    fn waits(&self, key: &Key, waits: bool) {
        self.running.wait(key, waits);
    }

    fn claimed(&self, wait: Duration) {
        self.claimed.observe(wait.as_secs_f64());
    }

    fn answered(&self, message: &'static str, wait: Duration) {
        self.answers.with_label_values(&[message]).observe(wait.as_secs_f64());
    }

    fn coalesced(&self) {
        self.coalesced.inc();
    }

    fn ended(&self, key: &Key, end: End) {
        let Ended { queued, worked } = self.running.end(key);
        self.count(key, end, worked);
        if let Some(queued) = queued {
            self.queued.observe(queued.as_secs_f64());
        }
        self.worked.observe(worked.as_secs_f64());
    }

    fn forgotten(&self, key: &Key) {
        self.objects.forget(key);
    }
}

impl Results {
    fn new() -> prometheus::Result<Self> {
        let counter = |result| {
            let options = controlled("controller_runtime_reconcile_total", "Passes, by how they ended.");
            IntCounter::with_opts(options.const_label("result", result))
        };
        Ok(Self {
            waiting: counter("requeue_after")?,
            resting: counter("success")?,
            superseded: counter("requeue")?,
            failed: counter("error")?,
        })
    }

    fn of(&self, end: End) -> &IntCounter {
        match end {
            End::Waiting => &self.waiting,
            End::Resting => &self.resting,
            End::Superseded => &self.superseded,
            End::Failed => &self.failed,
        }
    }
}

/// A series of upstream's controller.
pub(super) fn controlled(name: &str, help: &str) -> Opts {
    Opts::new(name, help).const_label("controller", CONTROLLER)
}

/// A series of upstream's work queue.
pub(super) fn queue(name: &str, help: &str) -> Opts {
    controlled(name, help).const_label("name", CONTROLLER)
}

fn duration(name: &str, help: &str) -> prometheus::Result<Histogram> {
    let (first, factor, count) = QUEUE_SECONDS;
    Histogram::with_opts(HistogramOpts {
        common_opts: queue(name, help),
        buckets: prometheus::exponential_buckets(first, factor, count)?,
    })
}
