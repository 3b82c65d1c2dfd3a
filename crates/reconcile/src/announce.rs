//! Events, derived from the difference of two observations (spec 2.11, 8.1; D10, D35, D38).

use std::collections::BTreeMap;

use crate::{Class, Conclusion, ConditionKind, Desired, Failure, Observation, Reason, Status, Stock};

const REVISION: &str = "source.toolkit.fluxcd.io/revision";
const DIGEST: &str = "source.toolkit.fluxcd.io/digest";
const ORIGIN_REVISION: &str = "source.toolkit.fluxcd.io/originRevision";
const IMAGE_SOURCE: &str = "org.opencontainers.image.source";
const IMAGE_REVISION: &str = "org.opencontainers.image.revision";

/// How loud an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Told in the cluster only.
    Trace,
    /// Told in the cluster and to the notification address.
    Normal,
    /// The same, as an error.
    Warning,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// How loud it is.
    pub severity: Severity,
    /// Its reason.
    pub reason: Reason,
    /// Its text.
    pub message: String,
    /// Its annotations.
    pub metadata: BTreeMap<String, String>,
}

impl Announcement {
    /// An event without annotations.
    #[must_use]
    pub fn new(severity: Severity, reason: Reason, message: String) -> Self {
        Self { severity, reason, message, metadata: BTreeMap::new() }
    }
}

/// What a pass has to tell.
#[must_use]
pub fn announcements(
    desired: &Desired,
    recorded: &Status,
    seen: &Observation,
    result: &Result<(), Failure>,
    conclusion: &Conclusion,
    class: Class,
) -> Vec<Announcement> {
    let mut told = Vec::new();
    if seen.collected > 0 {
        let text = format!("garbage collected {} artifacts", seen.collected);
        told.push(Announcement::new(Severity::Trace, Reason::GarbageCollectionSucceeded, text));
    }
    if let Some(Stock::Damaged(why)) = &seen.stock {
        let text = format!("failed to verify integrity of artifact: {why}");
        told.push(Announcement::new(Severity::Warning, Reason::ArtifactVerificationFailed, text));
    }
    if let Some(secret) = &seen.unreadable_secret {
        let text = format!("auth secret '{secret}' not found");
        told.push(Announcement::new(Severity::Trace, Reason::AuthenticationFailed, text));
    }
    if let Some(why) = &seen.link_failure {
        let text = format!("failed to update status URL symlink: {why}");
        told.push(Announcement::new(Severity::Trace, Reason::SymlinkUpdateFailed, text));
    }
    match result {
        Err(failure) if failure.is_cancelled() => {}
        Err(failure) => {
            told.push(Announcement::new(Severity::Warning, failure.reason, failure.message.clone()));
        }
        Ok(()) => told.extend(success(desired, recorded, seen, conclusion, class)),
    }
    told
}

fn success(
    desired: &Desired,
    recorded: &Status,
    seen: &Observation,
    conclusion: &Conclusion,
    class: Class,
) -> Vec<Announcement> {
    let (Some(artifact), Some(resolved), Ok(source)) =
        (&conclusion.status.artifact, &seen.resolved, &desired.wish)
    else {
        return Vec::new();
    };
    let mut told = Vec::new();
    if conclusion.up_to_date && class == Class::Asked {
        let text = format!("artifact up-to-date with remote revision: '{}'", resolved.revision);
        told.push(Announcement::new(Severity::Trace, Reason::ArtifactUpToDate, text));
    }
    let news = recorded.artifact.as_ref().is_none_or(|before| before.digest != artifact.digest);
    let ailing = [ConditionKind::FetchFailed, ConditionKind::StorageOperationFailed];
    let recovered = ailing.iter().any(|&kind| recorded.conditions.get(kind).is_some());
    let reason = match (news, recovered) {
        (true, _) => Reason::NewArtifact,
        (false, true) => Reason::Succeeded,
        (false, false) => return told,
    };
    let mut message = format!("stored artifact with revision '{}' from '{}'", artifact.revision, source.url);
    let annotation = |key: &str| artifact.metadata.get(key).filter(|value| !value.is_empty());
    if let (Some(origin), Some(revision)) = (annotation(IMAGE_SOURCE), annotation(IMAGE_REVISION)) {
        message = format!("{message}, origin source '{origin}', origin revision '{revision}'");
    }
    let mut metadata = BTreeMap::from([
        (REVISION.to_owned(), artifact.revision.clone()),
        (DIGEST.to_owned(), artifact.digest.clone()),
    ]);
    if let Some(revision) = annotation(IMAGE_REVISION) {
        metadata.insert(ORIGIN_REVISION.to_owned(), revision.clone());
    }
    told.push(Announcement { severity: Severity::Normal, reason, message, metadata });
    told
}
