//! What one attempt takes from the annotation that asks for it to the status that answers, beside a bare client that asks the
//! registry for the same.

use std::time::{Duration, Instant};

use actix::SystemRunner;
use criterion::Criterion;

use crate::beside;
use crate::registry::Registry;
use crate::stage::Stage;

/// Asks the object of this stage, and waits until it shows the newest content.
fn ask(runner: &SystemRunner, stage: &Stage) -> Duration {
    let since = Instant::now();
    runner.block_on(stage.ask_all());
    since.elapsed()
}

/// What a poll must do: one `HEAD`.
async fn head(client: &reqwest::Client, registry: &Registry) -> reqwest::Result<()> {
    let url = format!("http://{}/v2/app-0/manifests/latest", registry.address);
    client.head(url).send().await?.error_for_status().map(drop)
}

/// What a new revision must do: get the manifest and the layer, and write a file.
async fn pull(client: &reqwest::Client, stage: &Stage) -> reqwest::Result<()> {
    head(client, &stage.registry).await?;
    let base = format!("http://{}/v2/app-0", stage.registry.address);
    let manifest = client.get(format!("{base}/manifests/latest")).send().await?;
    let manifest: serde_json::Value = manifest.json().await?;
    let layer = manifest["layers"][0]["digest"].as_str().unwrap_or_default();
    let layer = client.get(format!("{base}/blobs/{layer}")).send().await?.bytes().await?;
    fs_err::write(stage.room.path().join("plain"), layer).expect("the disk takes it");
    Ok(())
}

/// Measures both kinds of attempts.
pub(crate) fn measure(criterion: &mut Criterion) {
    let (runner, client) = (sluice::arbiter(), reqwest::Client::new());
    let stage = Stage::set(1, "1h").expect("loopback and a folder");
    let operator = runner.block_on(async {
        let operator = stage.start().await.expect("an operator");
        stage.cluster.met().await;
        operator
    });
    let bare = |work: &dyn Fn() -> reqwest::Result<()>| {
        let since = Instant::now();
        work().expect("the registry answers");
        since.elapsed()
    };
    let mut group = criterion.benchmark_group("attempt");
    let unchanged = beside::compare(
        &mut group,
        "unchanged",
        || ask(&runner, &stage),
        || bare(&|| runner.block_on(head(&client, &stage.registry))),
    );
    let renewed = beside::compare(
        &mut group,
        "new revision",
        || {
            stage.registry.push(0);
            ask(&runner, &stage)
        },
        || bare(&|| runner.block_on(pull(&client, &stage))),
    );
    group.finish();
    for (name, compared) in [("unchanged", unchanged), ("new revision", renewed)] {
        if let Some(compared) = compared {
            eprintln!(
                "attempt/{name}: {:?}, a bare client {:?}: {:.2} times the time",
                compared.ours,
                compared.plain,
                compared.ratio()
            );
        }
    }
    runner.block_on(operator.stop()).expect("it ends in order");
    stage.registry.close().expect("it ends in order");
}
