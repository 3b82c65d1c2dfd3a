//! The process as the kernel sees it, by the names that Prometheus gives such series.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, IntGauge, Opts};

/// What is measured of the process, read when it is asked for.
///
/// The collector of the crate `prometheus` counts whole seconds of the processor, which hides what an operator does.
pub struct Process {
    processor: Counter,
    resident: IntGauge,
    open_files: IntGauge,
    start: Gauge,
}

/// Of `/proc/self/stat`, counted from the name of the program, which is the only field with spaces.
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;
const RESIDENT_PAGES: usize = 21;

impl Process {
    /// The process that this is, which counts as started now.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new() -> prometheus::Result<Self> {
        let start = Gauge::new("process_start_time_seconds", "When the process started, since 1970.")?;
        start.set(jiff::Timestamp::now().as_duration().as_secs_f64());
        Ok(Self {
            processor: Counter::new("process_cpu_seconds_total", "Time of the processor, user and system.")?,
            resident: IntGauge::with_opts(Opts::new("process_resident_memory_bytes", "Resident memory."))?,
            open_files: IntGauge::with_opts(Opts::new("process_open_fds", "Open files and connections."))?,
            start,
        })
    }

    fn series(&self) -> [&dyn Collector; 4] {
        [&self.processor, &self.resident, &self.open_files, &self.start]
    }

    /// What cannot be read stays as it was.
    fn show(&self) {
        let stat = fs_err::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        let fields: Vec<u64> = fields.split(' ').map(|field| field.parse().unwrap_or_default()).collect();
        if let (Some(user), Some(system)) = (fields.get(USER_TIME), fields.get(SYSTEM_TIME)) {
            let used = seconds(user + system);
            self.processor.inc_by((used - self.processor.get()).max(0.0));
        }
        if let Some(pages) = fields.get(RESIDENT_PAGES) {
            let bytes = pages * u64::try_from(rustix::param::page_size()).unwrap_or(0);
            self.resident.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        if let Ok(open) = fs_err::read_dir("/proc/self/fd") {
            self.open_files.set(i64::try_from(open.count()).unwrap_or(i64::MAX));
        }
    }
}

fn seconds(ticks: u64) -> f64 {
    let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
    let second = u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100);
    f64::from(ticks) / f64::from(second)
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.series().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.show();
        self.series().into_iter().flat_map(Collector::collect).collect()
    }
}
