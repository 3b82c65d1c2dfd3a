//! What so many repositories cost: requests, writes and bytes, and the time beside a bare client that asks the registry for
//! the same and does nothing with it.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};

use crate::registry::Registry;
use crate::stage::{Operator, Stage};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// As many requests at a time as the operator has at one registry.
const AT_A_TIME: usize = 16;

/// What one phase did, in all.
struct Phase {
    took: Duration,
    requests: u64,
    received: u64,
    writes: u64,
}

/// Measures each size, and ends at the first count that is not what it must be.
pub(crate) fn measure() -> anyhow::Result<()> {
    eprintln!(
        "| objects | phase | seconds | x a bare client | requests an object | writes an object | KiB received | KiB stored |"
    );
    eprintln!("|---|---|---|---|---|---|---|---|");
    SIZES.into_iter().try_for_each(fleet)
}

/// Two operators, one after the other, each with a runtime of its own as a process has it.
fn fleet(size: usize) -> anyhow::Result<()> {
    let stage = Stage::set(size, "1h")?;
    sluice::arbiter().block_on(first(&stage, size))?;
    sluice::arbiter().block_on(second(&stage, size))?;
    stage.registry.close()
}

async fn first(stage: &Stage, size: usize) -> anyhow::Result<()> {
    let pulled = bare(&stage.registry, true).await?;
    let asked = bare(&stage.registry, false).await?;
    let operator = stage.start().await?;

    let cold = phase(stage, &operator, stage.cluster.met()).await?;
    show(stage, "cold", &cold, Some(pulled))?;
    must(&cold, size, 3, 2)?;

    let update = phase(stage, &operator, stage.update_all()).await?;
    show(stage, "new revisions", &update, Some(pulled + asked))?;
    must(&update, size, 2, 3)?;

    let unchanged = phase(stage, &operator, stage.ask_all()).await?;
    show(stage, "asked, unchanged", &unchanged, Some(asked))?;
    must(&unchanged, size, 2, 1)?;
    operator.stop().await
}

async fn second(stage: &Stage, size: usize) -> anyhow::Result<()> {
    let operator = stage.start().await?;
    let again = phase(stage, &operator, operator.passes(size)).await?;
    show(stage, "after a restart", &again, None)?;
    let (Phase { writes, requests, .. }, due) = (&again, due(&again, size));
    anyhow::ensure!(
        *writes == 0 && *requests <= due,
        "{writes} writes, not 0; {requests} requests, {due} at most"
    );
    operator.stop().await
}

/// Runs to the end of what it is to lead to; the events that are written after that are counted, too.
async fn phase(stage: &Stage, operator: &Operator, end: impl Future<Output = ()>) -> anyhow::Result<Phase> {
    let ((requests, received), writes) = (stage.registry.counted(), stage.cluster.written());
    let since = Instant::now();
    end.await;
    let took = since.elapsed();
    operator.settled().await?;
    let counted = stage.registry.counted();
    Ok(Phase {
        took,
        requests: counted.0 - requests,
        received: counted.1 - received,
        writes: stage.cluster.written() - writes,
    })
}

/// A client that gets the manifest and the layer of every repository, or only asks for the digest.
async fn bare(registry: &Registry, pull: bool) -> anyhow::Result<Duration> {
    let (client, base) = (reqwest::Client::new(), format!("http://{}/v2", registry.address));
    let since = Instant::now();
    let mut answers = stream::iter(0..registry.count())
        .map(|number| {
            let (client, manifests) = (client.clone(), format!("{base}/app-{number}/manifests/latest"));
            let blobs = format!("{base}/app-{number}/blobs");
            tokio::spawn(async move {
                if !pull {
                    return client.head(manifests).send().await?.error_for_status().map(drop);
                }
                let manifest = client.get(manifests).send().await?.error_for_status()?;
                let manifest: serde_json::Value = manifest.json().await?;
                let layer = manifest["layers"][0]["digest"].as_str().unwrap_or_default();
                client
                    .get(format!("{blobs}/{layer}"))
                    .send()
                    .await?
                    .error_for_status()?
                    .bytes()
                    .await
                    .map(drop)
            })
        })
        .buffer_unordered(AT_A_TIME);
    while let Some(answer) = answers.next().await {
        answer??;
    }
    Ok(since.elapsed())
}

/// The objects that may look at their registry again within this time, evenly over the minute that begins with their first check
/// (D29), and the request that finds out how it is reached.
fn due(phase: &Phase, size: usize) -> u64 {
    let minute = Duration::from_mins(1).as_millis();
    u64::try_from(size as u128 * phase.took.as_millis() / minute).unwrap_or(u64::MAX) + 1
}

/// Counts are exact: a phase that writes or asks more than it must ends the benchmark. One request more finds out how the
/// registry is reached; an object that has waited ten seconds for its first status is shown to be in progress (D27).
fn must(phase: &Phase, size: usize, writes: usize, requests: usize) -> anyhow::Result<()> {
    let progress = if phase.took > Duration::from_secs(10) { size } else { 0 };
    let (writes, requests) = ((writes * size) as u64, (requests * size + 1) as u64);
    anyhow::ensure!(
        (writes..=writes + progress as u64).contains(&phase.writes),
        "{} writes, not {writes}",
        phase.writes
    );
    anyhow::ensure!(phase.requests <= requests, "{} requests, not {requests}", phase.requests);
    Ok(())
}

fn show(stage: &Stage, name: &str, phase: &Phase, bare: Option<Duration>) -> anyhow::Result<()> {
    let Phase { took, requests, received, writes } = phase;
    let size = stage.registry.count();
    let each = |count: u64| {
        f64::from(u32::try_from(count).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(size).unwrap_or(u32::MAX))
    };
    let ratio = bare.map_or_else(|| "-".to_owned(), |bare| format!("{:.1}", took.div_duration_f64(bare)));
    eprintln!(
        "| {size} | {name} | {:.2} | {ratio} | {:.3} | {:.3} | {} | {} |",
        took.as_secs_f64(),
        each(*requests),
        each(*writes),
        received >> 10,
        stored(stage.room.path())? >> 10,
    );
    Ok(())
}

/// Bytes of all files, each content once however many links it has.
fn stored(folder: &std::path::Path) -> std::io::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { stored(&entry.path())? } else { metadata.size() / metadata.nlink() };
    }
    Ok(bytes)
}
