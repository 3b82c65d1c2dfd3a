//! The tour, step by step.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use sluice_actors::Object;

use super::examples;
use super::registry::digest;
use super::screen::Screen;
use super::stage::{Sample, Stage, VERSIONS};

/// The tour through a stage.
pub(super) struct Tour<'a, W> {
    pub(super) stage: &'a Stage,
    pub(super) screen: &'a mut Screen<W>,
    /// Every step takes a moment; one that takes this long will not happen.
    pub(super) patience: Duration,
}

impl<W: Write> Tour<'_, W> {
    /// Shows the first artifacts and a new version, and fetches what is served.
    ///
    /// # Errors
    /// A sentence that names the step that did not happen.
    pub(super) async fn walk(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let all_ready = |objects: &[Arc<Object>]| objects.iter().all(|object| is_ready(object));
        self.reach("the objects did not become Ready", all_ready).await?;
        self.screen.say(&format!("All objects became Ready within {}.\n", seconds(begun.elapsed())))?;
        for sample in self.stage.samples.iter().filter(|sample| sample.tag.is_none()) {
            self.renew(sample).await?;
        }
        self.screen.say(
            "What is stored is served; each of these was fetched and has the digest that its status names:",
        )?;
        for object in self.stage.folder.objects() {
            let fetching = tokio::time::timeout(self.patience, fetched(&object)).await;
            let line = fetching.with_context(|| {
                format!("{} was not served within {}", object.key.name, seconds(self.patience))
            })??;
            self.screen.say(&line)?;
        }
        Ok(())
    }

    /// Keeps the table up to date for as long as the operator runs.
    ///
    /// # Errors
    /// Nothing can be shown any more.
    pub(super) async fn linger(&mut self) -> anyhow::Result<()> {
        let folder = self.stage.manifests.display();
        let line = format!(
            "\nEdit, add or remove manifests in {folder} and see what happens. Ctrl-C ends the demo.\n"
        );
        self.screen.say(&line)?;
        let mut version = self.stage.folder.version();
        let mut told = Vec::new();
        loop {
            self.screen.show(&self.stage.folder.objects())?;
            let problems = self.stage.folder.problems();
            for problem in problems.iter().filter(|problem| !told.contains(*problem)) {
                self.screen.say(problem)?;
            }
            told = problems;
            version.changed().await?;
        }
    }

    /// Pushes the next version of a chart and shows how long it takes to land.
    async fn renew(&mut self, sample: &Sample) -> anyhow::Result<()> {
        let version = VERSIONS[1];
        let pushed = self.stage.push(sample, version).await?;
        let at = Instant::now();
        let Sample { key, interval, .. } = sample;
        examples::request(&self.stage.manifests, key, version)?;
        self.screen.say(&format!(
            "Pushed {pushed} and asked for it: reconcile.fluxcd.io/requestedAt in {}.yaml",
            key.name
        ))?;
        self.screen.say(&format!("(without being asked, the operator looks every {interval}).\n"))?;
        let beginning = format!("{version}@");
        let landed = |objects: &[Arc<Object>]| {
            let object = objects.iter().find(|object| object.key == *key);
            object.is_some_and(|object| is_ready(object) && revision(object).starts_with(&beginning))
        };
        self.reach(&format!("version {version} of {} did not land", key.name), landed).await?;
        self.screen
            .say(&format!("Version {version} landed {} after it was pushed.\n", seconds(at.elapsed())))?;
        Ok(())
    }

    /// Shows the objects until they are as they should be.
    async fn reach(&mut self, problem: &str, reached: impl Fn(&[Arc<Object>]) -> bool) -> anyhow::Result<()> {
        let mut version = self.stage.folder.version();
        let shown = async {
            loop {
                let objects = self.stage.folder.objects();
                self.screen.show(&objects)?;
                if reached(&objects) {
                    return anyhow::Ok(());
                }
                version.changed().await?;
            }
        };
        match tokio::time::timeout(self.patience, shown).await {
            Ok(shown) => shown,
            Err(_) => bail!("{problem} within {}", seconds(self.patience)),
        }
    }
}

/// Fetches an artifact as its consumers do, and says where it is.
async fn fetched(object: &Object) -> anyhow::Result<String> {
    let name = &object.key.name;
    let artifact = object.artifact().with_context(|| format!("{name} has no artifact"))?;
    let url = &artifact.url;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let response = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
    let body = response.with_context(|| format!("{name} could not be fetched"))?.bytes().await?;
    let found = digest(&body);
    ensure!(
        found == artifact.digest,
        "{url} has the digest {found}, and not {} as recorded",
        artifact.digest
    );
    Ok(format!("  {url}\n    {found}  {} bytes  {}", body.len(), revision(object)))
}

fn is_ready(object: &Object) -> bool {
    let (status, conditions) = object.status();
    let observed = status.observed_generation == Some(object.generation);
    observed
        && conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn revision(object: &Object) -> String {
    object.artifact().map(|artifact| artifact.revision).unwrap_or_default()
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
