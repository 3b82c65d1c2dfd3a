//! `sluice demo`: a guided tour of the operator, with a registry in memory and the manifests of `examples/`.
//!
//! It starts the code of `sluice run --manifests` and looks at it from outside: pushes, edits files, reads statuses.

mod examples;
mod registry;
mod samples;
mod screen;
mod stage;
mod tour;

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use anyhow::bail;
use tokio_util::sync::CancellationToken;

use screen::Screen;
use stage::{Stage, VERSIONS};
use tour::Tour;

/// For each step of the tour, which takes less than a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shows the tour on standard output, to be called on the arbiter. With `once` it ends after it, else with `shutdown`.
///
/// # Errors
/// A sentence: something could not be set up, or a step of the tour did not happen.
pub async fn run(once: bool, shutdown: CancellationToken) -> anyhow::Result<()> {
    let out = std::io::stdout();
    let live = out.is_terminal();
    show(once, Screen::new(out, live), shutdown).await
}

async fn show<W: Write>(
    once: bool,
    mut screen: Screen<W>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let stage = Stage::set().await?;
    screen.say(&format!(
        "A registry in memory at {}, the manifests of examples/ in a folder, and no cluster.",
        stage.registry.address
    ))?;
    for sample in &stage.samples {
        let pushed = stage.push(sample, VERSIONS[0]).await?;
        screen.say(&format!("Pushed {pushed}"))?;
    }
    screen.say(&format!("\n$ sluice run --manifests {}\n", stage.manifests.display()))?;
    let stop = shutdown.child_token();
    let ends = stage.folder.ends(None);
    let mut operating = Box::pin(crate::operate(&stage.config, ends, stop.clone()));
    let touring = async {
        let mut tour = Tour { stage: &stage, screen: &mut screen, patience: PATIENCE };
        tour.walk().await?;
        if once { Ok(()) } else { tour.linger().await }
    };
    let toured = tokio::select! {
        biased;
        ended = &mut operating => {
            ended?;
            if !shutdown.is_cancelled() {
                bail!("the operator ended in the middle of the tour");
            }
            return Ok(());
        }
        toured = touring => toured,
    };
    stop.cancel();
    operating.await?;
    stage.registry.close().await;
    toured
}

#[cfg(test)]
mod tests;
