//! Two ways to the same end, measured in one run on one machine, and how they compare.

use std::time::Duration;

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;

/// What one run of each way takes on average.
pub(crate) struct Compared {
    /// Ours.
    pub(crate) ours: Duration,
    /// The plain way, which does no more than it must.
    pub(crate) plain: Duration,
}

impl Compared {
    /// How many times as long ours takes.
    pub(crate) fn ratio(&self) -> f64 {
        self.ours.div_duration_f64(self.plain)
    }
}

/// Measures both ways. Each does one run a call and says how long what is measured of it took.
pub(crate) fn compare(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    ours: impl FnMut() -> Duration,
    plain: impl FnMut() -> Duration,
) -> Option<Compared> {
    let ours = mean(group, &format!("{name}/ours"), ours)?;
    let plain = mean(group, &format!("{name}/plain"), plain)?;
    Some(Compared { ours, plain })
}

/// `None` where the command line chose other measurements.
fn mean(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut run: impl FnMut() -> Duration,
) -> Option<Duration> {
    let (mut total, mut runs) = (Duration::ZERO, 0);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let took = (0..times).map(|_| run()).sum();
            total += took;
            runs += u32::try_from(times).expect("nobody runs it so often");
            took
        });
    });
    (runs > 0).then(|| total / runs)
}
