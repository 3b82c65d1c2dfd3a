//! The processor time of an unchanged pass, beside that of a bare client that looks at a file and sends the one `HEAD`, as
//! often: what the HTTP client, the runtime and the kernel take for themselves when most passes find everything cold.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::registry::Registry;
use crate::stage::Stage;

/// Twenty passes a second, as those of 10,000 objects that are polled every eight minutes.
const OBJECTS: usize = 200;
const INTERVAL: Duration = Duration::from_secs(10);
const MEASURED: Duration = Duration::from_secs(30);

/// Measures both.
pub(crate) fn measure() -> anyhow::Result<()> {
    let stage = Stage::set(OBJECTS, &format!("{}s", INTERVAL.as_secs()))?;
    sluice::arbiter().block_on(compare(&stage))?;
    stage.registry.close()
}

async fn compare(stage: &Stage) -> anyhow::Result<()> {
    let bare = bare(&stage.registry).await?;
    let operator = stage.start().await?;
    stage.cluster.met().await;
    operator.settled().await?;
    tokio::time::sleep(INTERVAL).await;
    let (writes, asked) = (stage.cluster.written(), stage.registry.counted().0);
    let since = processor_time()?;
    tokio::time::sleep(MEASURED).await;
    let (spent, passes) = (spent_since(since)?, stage.registry.counted().0 - asked);
    anyhow::ensure!(stage.cluster.written() == writes, "an unchanged pass has written something");
    let ours = spent.div_f64(f64::from(u32::try_from(passes)?));
    eprintln!(
        "pass/unchanged: {ours:?} of processor time, a bare client {bare:?}: {:.2} times",
        ours.div_duration_f64(bare)
    );
    operator.stop().await
}

/// What one poll takes at least.
async fn bare(registry: &Registry) -> anyhow::Result<Duration> {
    let (client, url) =
        (reqwest::Client::new(), format!("http://{}/v2/app-0/manifests/latest", registry.address));
    let mut tick = tokio::time::interval(INTERVAL / u32::try_from(OBJECTS)?);
    let polls = MEASURED.div_duration_f64(tick.period());
    let file = std::env::current_exe()?;
    let since = processor_time()?;
    for _ in 0..MEASURED.as_millis() / tick.period().as_millis() {
        tick.tick().await;
        let file = file.clone();
        tokio::task::spawn_blocking(move || fs_err::symlink_metadata(file)).await??;
        client.head(&url).send().await?.error_for_status()?;
    }
    Ok(spent_since(since)?.div_f64(polls))
}

/// Of this process without the threads of the registry.
fn processor_time() -> anyhow::Result<Duration> {
    let all = Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?;
    let mut registry = 0;
    for thread in fs_err::read_dir("/proc/self/task")? {
        let thread = thread?.path();
        if fs_err::read_to_string(thread.join("comm"))?.starts_with("actix-server") {
            let spent = fs_err::read_to_string(thread.join("schedstat"))?;
            registry += spent.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
    }
    Ok(all.saturating_sub(Duration::from_nanos(registry)))
}

fn spent_since(since: Duration) -> anyhow::Result<Duration> {
    Ok(processor_time()?.saturating_sub(since))
}
