//! The status that follows from a pass: upstream's sequence of condition changes, without its writes in between
//! (spec 2.3-2.9; D27).

use crate::summary::summarise;
use crate::{
    Condition, ConditionKind, Conditions, Desired, Failure, Observation, Reason, Source, Status, Truth,
    Verdict,
};

/// A status and whether the pass found the stored artifact to be current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// The status to write, if it differs from the recorded one.
    pub status: Status,
    /// Whether nothing had to be fetched.
    pub up_to_date: bool,
}

/// The status after a pass that has ended.
#[must_use]
pub fn conclude(
    desired: &Desired,
    recorded: &Status,
    seen: &Observation,
    result: &Result<(), Failure>,
) -> Conclusion {
    if result.is_ok() && seen.resolved.is_none() {
        return Conclusion { status: relocated(recorded, seen), up_to_date: false };
    }
    let mut status = in_progress(desired, recorded, seen);
    let mut up_to_date = false;
    match result {
        Ok(()) => up_to_date = succeeded(desired, &mut status, seen),
        Err(failure) => failed(desired, &mut status, failure),
    }
    handled(desired, &mut status);
    summarise(&mut status.conditions, desired.generation);
    Conclusion { status, up_to_date }
}

/// The status of an object that its owner paused (spec 2.2 step 6).
#[must_use]
pub fn conclude_suspended(desired: &Desired, recorded: &Status) -> Status {
    let mut status = recorded.clone();
    handled(desired, &mut status);
    if status.conditions.is_empty() {
        return status;
    }
    status.observed_generation = desired.generation;
    status.conditions.remove(ConditionKind::Stalled);
    retrying(&mut status.conditions, desired.generation);
    summarise(&mut status.conditions, desired.generation);
    status
}

/// The status while a pass is under way.
#[must_use]
pub fn in_progress(desired: &Desired, recorded: &Status, seen: &Observation) -> Status {
    let generation = desired.generation;
    let mut status = relocated(recorded, seen);
    let conditions = &mut status.conditions;
    progressing(conditions, generation, false, "reconciliation in progress");
    if generation != recorded.observed_generation {
        let text =
            format!("processing object: new generation {} -> {generation}", recorded.observed_generation);
        progressing(conditions, generation, false, &text);
    }
    if seen.stock.is_none() {
        return status;
    }
    conditions.remove(ConditionKind::StorageOperationFailed);
    if status.artifact.is_none() {
        let text = if recorded.artifact.is_some() {
            "building artifact: disappeared from storage"
        } else {
            "building artifact"
        };
        progressing(conditions, generation, true, text);
        conditions.remove(ConditionKind::ArtifactInStorage);
    }
    if conditions.is(ConditionKind::SourceVerified, Truth::False) {
        conditions.remove(ConditionKind::SourceVerified);
    }
    resolved(desired, &mut status, seen);
    status
}

fn resolved(desired: &Desired, status: &mut Status, seen: &Observation) {
    let Some(found) = &seen.resolved else { return };
    let generation = desired.generation;
    let conditions = &mut status.conditions;
    if status.artifact.as_ref().is_none_or(|artifact| artifact.revision != found.revision) {
        let text = format!("new revision '{}' for '{}'", found.revision, found.display);
        if status.artifact.is_some() {
            let reason = Reason::NewRevision.as_str();
            conditions.set(ConditionKind::ArtifactOutdated, Truth::True, reason, &text, generation);
        }
        progressing(conditions, generation, true, &format!("building artifact: {text}"));
    }
    if desired.wish.as_ref().is_ok_and(|source| source.trust.is_none()) {
        conditions.remove(ConditionKind::SourceVerified);
        status.fingerprint = None;
    }
    if seen.verdict.is_some() {
        status.fingerprint = None;
    }
    match &seen.verdict {
        Some(Verdict::Verified { .. }) => {
            let text = format!("verified signature of revision {}", found.revision);
            let reason = Reason::Succeeded.as_str();
            conditions.set(ConditionKind::SourceVerified, Truth::True, reason, &text, generation);
        }
        Some(Verdict::Ignored) => conditions.remove(ConditionKind::SourceVerified),
        None => {}
    }
}

fn succeeded(desired: &Desired, status: &mut Status, seen: &Observation) -> bool {
    let generation = desired.generation;
    if let (Some(artifact), Ok(source)) = (&seen.artifact, &desired.wish) {
        stored(status, source, seen);
        status.artifact = Some(artifact.clone());
    }
    // It vouches for what is stored: what was verified before its pass failed may never be.
    if let Some(Verdict::Verified { fingerprint }) = &seen.verdict {
        status.fingerprint = Some(fingerprint.clone());
    }
    let conditions = &mut status.conditions;
    for kind in [
        ConditionKind::FetchFailed,
        ConditionKind::StorageOperationFailed,
        ConditionKind::ArtifactOutdated,
        ConditionKind::Reconciling,
        ConditionKind::Stalled,
    ] {
        conditions.remove(kind);
    }
    if let Some(artifact) = &status.artifact {
        let text = format!("stored artifact for digest '{}'", artifact.revision);
        let reason = Reason::Succeeded.as_str();
        conditions.set(ConditionKind::ArtifactInStorage, Truth::True, reason, &text, generation);
    }
    status.observed_generation = generation;
    seen.artifact.is_none()
}

fn stored(status: &mut Status, source: &Source, seen: &Observation) {
    status.observed_ignore.clone_from(&source.ignore);
    status.observed_layer_selector.clone_from(&source.layer);
    if seen.link.is_some() {
        status.url.clone_from(&seen.link);
    }
}

fn failed(desired: &Desired, status: &mut Status, failure: &Failure) {
    let generation = desired.generation;
    let conditions = &mut status.conditions;
    let (reason, message) = (failure.reason.as_str(), failure.message.as_str());
    let after_source = failure.condition == Some(ConditionKind::StorageOperationFailed)
        || failure.reason == Reason::SourceIgnoreError;
    if after_source {
        conditions.remove(ConditionKind::FetchFailed);
    }
    match failure.condition {
        Some(ConditionKind::SourceVerified) => {
            conditions.set(ConditionKind::SourceVerified, Truth::False, reason, message, generation);
            status.fingerprint = None;
        }
        Some(kind) => conditions.set(kind, Truth::True, reason, message, generation),
        None => {}
    }
    if failure.is_stall() {
        if failure.condition.is_none() {
            conditions.remove(ConditionKind::FetchFailed);
        }
        conditions.remove(ConditionKind::Reconciling);
        conditions.set(ConditionKind::Stalled, Truth::True, reason, message, generation);
        status.observed_generation = generation;
        return;
    }
    conditions.remove(ConditionKind::Stalled);
    retrying(conditions, generation);
}

fn relocated(recorded: &Status, seen: &Observation) -> Status {
    let mut status = recorded.clone();
    if seen.lost() {
        status.artifact = None;
        status.url = None;
    }
    if let (Some(artifact), Some((url, link))) = (&mut status.artifact, &seen.urls) {
        artifact.url.clone_from(url);
        status.url = Some(link.clone());
    }
    status
}

fn handled(desired: &Desired, status: &mut Status) {
    if desired.requested_at.is_some() {
        status.last_handled_reconcile_at.clone_from(&desired.requested_at);
    }
}

fn progressing(conditions: &mut Conditions, generation: i64, drift: bool, text: &str) {
    let reason = Reason::Progressing.as_str();
    conditions.remove(ConditionKind::Stalled);
    conditions.set(ConditionKind::Reconciling, Truth::True, reason, text, generation);
    let undecided =
        conditions.get(ConditionKind::Ready).is_none_or(|ready: &Condition| ready.truth == Truth::Unknown);
    if drift || undecided {
        conditions.set(ConditionKind::Ready, Truth::Unknown, reason, text, generation);
    }
}

fn retrying(conditions: &mut Conditions, generation: i64) {
    let Some(message) = conditions
        .get(ConditionKind::Reconciling)
        .filter(|condition| condition.truth == Truth::True)
        .map(|condition| condition.message.clone())
    else {
        return;
    };
    let reason = Reason::ProgressingWithRetry.as_str();
    conditions.set(ConditionKind::Reconciling, Truth::True, reason, &message, generation);
}
