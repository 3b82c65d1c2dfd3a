//! What happens when an object changes: one attempt, from its specification to its artifact.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use actix::WeakRecipient;
use reconcile::{
    Class, Desired, Failure, Observation, Resolution, Source, Status, Stock, must_verify, unchanged,
};
use reference::{Digest, Selected, Selector, reference_display};
use tokio::time::Instant;

use super::dereference::{Access, dereference};
use super::making::{Layer, choose, fields, pruned, recipe};
use super::reads::Reads;
use super::services::Services;
use crate::Scope;
use crate::failure::Step;
use crate::fetcher::{Describe, Fetch};
use crate::registry::{Admit, HostRecovered, Rank, Turn};
use crate::resolver::{Freshness, Resolve};
use crate::storage::{Claim, Claimed, Granted, Inspect, Publish, Supply};
use crate::verifier::Verify;

/// What an attempt is made for.
pub(super) struct Wanted {
    pub(super) desired: Arc<Desired>,
    pub(super) recorded: Arc<Status>,
    /// The path of the artifact that the cluster shows.
    pub(super) shown: Option<String>,
    /// What was sent before this moment tells nothing of the push that it is made for, if it is made for one.
    pub(super) nudged: Instant,
    pub(super) recovered: WeakRecipient<HostRecovered>,
    pub(super) reads: Arc<Reads>,
}

/// The attempt. What it has seen when it fails is shown as well.
pub(super) async fn run(
    scope: &Scope,
    wanted: &Wanted,
    at: &Services,
    seen: &RefCell<Observation>,
) -> Result<(), Failure> {
    let Wanted { desired, recorded, .. } = wanted;
    let (recorded_artifact, shown) = (recorded.artifact.clone(), wanted.shown.clone());
    let using = desired.wish.as_ref().ok().map(|source| (desired.generation, fields(source)));
    let inspect = Inspect { scope: scope.clone(), recorded: recorded_artifact, shown, using };
    let inspected = at.ask(scope, &at.inspect, inspect).await?;
    let source = note_stock(seen, inspected, desired)?;
    if scope.class == Class::Check && sound(seen) {
        return Ok(());
    }
    let access =
        dereference(scope, &source, wanted.reads.as_ref(), at.docker_config.as_deref(), seen).await?;
    if pinned(&source, seen)?
        && access.trust_to_check(&source, desired, recorded, &seen.borrow()).is_none()
        && unchanged(&source, recorded, &seen.borrow())
    {
        return Ok(());
    }
    let turn = admit(scope, wanted, at, &access, &source, scope.class.into()).await?;
    let resolved = at.ask(scope, &at.resolve, resolve(scope, wanted, &source, &turn, seen)).await?;
    let digest = resolved.revision.digest;
    note_revision(seen, &source, &resolved.revision);
    let due = access.trust_to_check(&source, desired, recorded, &seen.borrow());
    if let Some((trust, material)) = due {
        let (line, repository) = (turn.line.clone(), source.repository.clone());
        let verify = Verify { scope: scope.clone(), line, repository, digest, trust, material: material? };
        let verdict = at.ask(scope, &at.verify, verify).await?;
        seen.borrow_mut().verdict = Some(verdict);
    }
    if unchanged(&source, recorded, &seen.borrow()) {
        return Ok(());
    }
    let described = at
        .ask(
            scope,
            &at.describe,
            Describe {
                scope: scope.clone(),
                line: turn.line.clone(),
                url: source.url.clone(),
                repository: source.repository.clone(),
                digest,
                manifest: resolved.manifest,
                platform: source.platform.clone(),
            },
        )
        .await?;
    let layer = choose(&described, &source, desired)?;
    let supply = supply(scope, wanted, at, &access, turn, &source, &layer).await?;
    scope.finalizer_landed().await?;
    let revision = resolved.revision.to_string();
    let metadata = described.image.annotations;
    let publish = Publish { scope: scope.clone(), supply, revision, metadata, making: layer.making };
    let published = at.ask_to_the_end(scope, &at.publish, publish).await?;
    note_artifact(seen, published);
    Ok(())
}

/// The archive, or its content and the right to build it. Nobody waits for a ticket while holding a turn.
async fn supply(
    scope: &Scope,
    wanted: &Wanted,
    at: &Services,
    access: &Access,
    turn: Turn,
    source: &Source,
    layer: &Layer,
) -> Result<Supply, Failure> {
    let recipe = recipe(&turn.line.origin, source, layer)?;
    let (ticket, turn, elsewhere) =
        match at.ask(scope, &at.claim, Claim { scope: scope.clone(), recipe }).await? {
            Claimed::Built(archive) => return Ok(Supply::Archive(archive)),
            Claimed::Build(ticket) => (ticket, turn, None),
            Claimed::Elsewhere(ticket, archive) => (ticket, turn, Some(archive)),
            Claimed::Wait(place) => {
                drop(turn);
                let since = Instant::now();
                let place = async { place.await.map_err(|_| Failure::internal("a claim was lost")) };
                let granted = scope.unless_cancelled(place).await;
                at.recorder.claimed(since.elapsed());
                match granted? {
                    Granted::Built(archive) => return Ok(Supply::Archive(archive)),
                    Granted::Build(ticket) => {
                        (ticket, admit(scope, wanted, at, access, source, Rank::Resumed).await?, None)
                    }
                }
            }
        };
    let fetch = Fetch {
        scope: scope.clone(),
        line: turn.line.clone(),
        url: source.url.clone(),
        repository: source.repository.clone(),
        layer: layer.descriptor.clone(),
        operation: layer.making.operation,
        elsewhere,
    };
    match at.ask(scope, &at.fetch, fetch).await {
        Ok(content) => {
            let turn = content.is_spooled().then(|| Box::new(turn));
            Ok(Supply::Content { ticket, content, turn })
        }
        Err(failure) => {
            if !failure.is_cancelled() {
                ticket.failed();
            }
            Err(failure)
        }
    }
}

async fn admit(
    scope: &Scope,
    wanted: &Wanted,
    at: &Services,
    access: &Access,
    source: &Source,
    rank: Rank,
) -> Result<Turn, Failure> {
    let step = match rank {
        Rank::Resumed => Step::Open,
        Rank::Asked | Rank::Retry | Rank::Routine => Step::first(&source.selector),
    };
    let registry = at.registries.of(&access.origin).map_err(|error| access.unusable(&error))?;
    let recovered = wanted.recovered.clone();
    let (repository, credential) = (Arc::clone(&access.repository), Arc::clone(&access.credential));
    let admit = Admit { scope: scope.clone(), rank, repository, credential, recovered };
    at.recorder.waits(&scope.key, true);
    let turn = at.ask(scope, &registry, admit).await;
    at.recorder.waits(&scope.key, false);
    let turn = turn.map_err(|refusal| step.parked(&source.url, refusal))?;
    scope.budget.admit();
    Ok(turn)
}

fn resolve(
    scope: &Scope,
    wanted: &Wanted,
    source: &Source,
    turn: &Turn,
    seen: &RefCell<Observation>,
) -> Resolve {
    /// D28: a result serves interval passes for a twentieth of the asker's interval.
    const SHARE: u32 = 20;
    let age = wanted.desired.interval / SHARE;
    let freshness = match scope.class {
        Class::Routine | Class::Check => Freshness::Within(age.min(Duration::from_secs(30))),
        Class::Pushed => Freshness::SentAfter(wanted.nudged),
        Class::Asked | Class::Dependency | Class::Retry => Freshness::Now,
    };
    Resolve {
        scope: scope.clone(),
        line: turn.line.clone(),
        url: source.url.clone(),
        repository: source.repository.clone(),
        selector: source.selector.clone(),
        helm: source.media_type() == Some(oci::layer::HELM_CHART),
        expect_new: scope.class == Class::Pushed || seen.borrow().stock != Some(Stock::Present),
        freshness,
    }
}

fn sound(seen: &RefCell<Observation>) -> bool {
    let seen = seen.borrow();
    seen.stock == Some(Stock::Present) && !seen.made_otherwise
}

fn note_stock(
    seen: &RefCell<Observation>,
    inspected: crate::storage::Inspected,
    desired: &Desired,
) -> Result<Arc<Source>, Failure> {
    let mut seen = seen.borrow_mut();
    seen.stock = Some(inspected.stock);
    seen.collected = inspected.collected;
    seen.urls = inspected.urls;
    let source = desired.wish.clone()?;
    pruned(&source, desired, inspected.generation, &inspected.fields)?;
    seen.made_otherwise = seen.stock == Some(Stock::Present) && inspected.platform != source.platform;
    Ok(source)
}

/// Notes the revision of a digest, for which no registry has to be asked.
fn pinned(source: &Source, seen: &RefCell<Observation>) -> Result<bool, Failure> {
    let Selector::Digest(text) = &source.selector else {
        return Ok(false);
    };
    let digest =
        Digest::parse(text).map_err(|error| Step::Digest.failure(&source.url, &error.to_string()))?;
    note_revision(seen, source, &reference::Revision { tag: None, digest });
    Ok(true)
}

fn note_revision(seen: &RefCell<Observation>, source: &Source, revision: &reference::Revision) {
    let selected = match &revision.tag {
        Some(tag) => Selected::Tag(tag.clone()),
        None => Selected::Digest(revision.digest),
    };
    let display = reference_display(&source.repository, &selected);
    seen.borrow_mut().resolved = Some(Resolution { revision: revision.to_string(), display });
}

fn note_artifact(seen: &RefCell<Observation>, published: crate::storage::Published) {
    let mut seen = seen.borrow_mut();
    seen.artifact = Some(published.artifact);
    match published.link {
        Ok(link) => seen.link = Some(link),
        Err(why) => seen.link_failure = Some(why),
    }
}

impl Access {
    fn trust_to_check(
        &self,
        source: &Source,
        desired: &Desired,
        recorded: &Status,
        seen: &Observation,
    ) -> Option<(reconcile::Trust, Result<crate::verifier::Material, Failure>)> {
        let trust = source.trust.clone()?;
        let material = self.material.clone()?;
        let fingerprint = material.as_ref().ok().map(|material| material.fingerprint.as_str());
        must_verify(desired, recorded, seen, fingerprint).then_some((trust, material))
    }
}
