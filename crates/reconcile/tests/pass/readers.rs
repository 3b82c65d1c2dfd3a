//! How those read a status who wait for an object: kstatus, and the rules of upstream's own checker (spec 2.16).

use reconcile::{
    ConditionKind, Conditions, Desired, Failure, Observation, Reason, Status, Stock, Truth, Verdict,
    conclude, conclude_suspended, in_progress,
};

use crate::support::{artifact, desired, found, fresh, lines, stored};

#[derive(Debug, PartialEq, Eq)]
enum Standing {
    InProgress,
    Failed(String),
    Current,
}

/// What `flux` and `kubectl wait` make of an object.
fn standing(generation: i64, status: &Status) -> Standing {
    if status.observed_generation != generation {
        return Standing::InProgress;
    }
    for condition in status.conditions.ordered() {
        match (condition.kind, condition.truth) {
            (ConditionKind::Stalled, Truth::True) => return Standing::Failed(condition.message.clone()),
            (ConditionKind::Ready, Truth::True) => return Standing::Current,
            (ConditionKind::Reconciling, Truth::True)
            | (ConditionKind::Ready, Truth::False | Truth::Unknown) => return Standing::InProgress,
            _ => {}
        }
    }
    Standing::Current
}

fn refused(reason: Reason) -> Failure {
    Failure::fetch(reason, "no such tag".into())
}

fn stall() -> Failure {
    Failure::stall(Some(ConditionKind::FetchFailed), Reason::URLInvalid, "no address".into())
}

#[test]
fn whoever_waits_for_an_object_sees_it_in_progress_until_it_is_ready_or_stalled() {
    let seen = Observation { stock: Some(Stock::Empty), ..Observation::default() };
    let missing = Err(refused(Reason::OCIArtifactPullFailed));

    assert_eq!(standing(1, &fresh()), Standing::InProgress);
    assert_eq!(standing(1, &in_progress(&desired(1), &fresh(), &seen)), Standing::InProgress);
    let failing = conclude(&desired(1), &fresh(), &seen, &missing).status;
    assert_eq!(standing(1, &failing), Standing::InProgress);
    let stalled = conclude(&desired(1), &failing, &seen, &Err(stall())).status;
    assert_eq!(standing(1, &stalled), Standing::Failed("no address".into()));
    assert_eq!(standing(1, &stored("v1@sha256:aa")), Standing::Current);
}

#[test]
fn an_object_that_was_ready_is_in_progress_while_it_fails_and_for_a_new_generation() {
    let ready = stored("v1@sha256:aa");
    let seen = Observation { stock: Some(Stock::Present), ..Observation::default() };
    let missing = Err(refused(Reason::OCIArtifactPullFailed));

    assert_eq!(standing(1, &conclude(&desired(1), &ready, &seen, &missing).status), Standing::InProgress);
    assert_eq!(standing(2, &ready), Standing::InProgress);
    assert_eq!(standing(2, &conclude(&desired(2), &ready, &seen, &missing).status), Standing::InProgress);
    let paused = Desired { suspended: true, ..desired(2) };
    assert_eq!(standing(2, &conclude_suspended(&paused, &ready)), Standing::Current);
}

/// The passes that an object may live through, with the revision `aa` or `bb` at the registry.
fn passes(recorded: &Status) -> Vec<(Observation, Result<(), Failure>)> {
    let kept = if recorded.artifact.is_some() { Stock::Present } else { Stock::Empty };
    let mut stocks = vec![kept];
    if recorded.artifact.is_some() {
        stocks.extend([Stock::Missing, Stock::Damaged("artifact has no digest".into())]);
    }
    let storage = Some(ConditionKind::StorageOperationFailed);
    let mut passes = Vec::new();
    for stock in stocks {
        let at_first = Observation { stock: Some(stock), ..Observation::default() };
        passes.push((at_first.clone(), Err(refused(Reason::AuthenticationFailed))));
        passes.push((at_first.clone(), Err(stall())));
        passes.push((at_first.clone(), Err(Failure::stall(None, Reason::SpecInvalid, "no url".into()))));
        for revision in ["v1@sha256:aa", "v1@sha256:bb"] {
            let found = Observation { resolved: found(revision), ..at_first.clone() };
            let verdict = Some(Verdict::Verified { fingerprint: "sha256:f".into() });
            let verified = Observation { verdict, ..found.clone() };
            let text = "no matching signatures";
            let unsigned =
                Failure::retry(Some(ConditionKind::SourceVerified), Reason::VerificationError, text.into());
            passes.push((found.clone(), Err(unsigned)));
            passes.push((verified.clone(), Err(refused(Reason::OCIArtifactLayerOperationFailed))));
            let full = Failure::retry(storage, Reason::ArchiveOperationFailed, "disk full".into());
            passes.push((verified.clone(), Err(full)));
            passes.push((found, Err(Failure::retry(None, Reason::SourceIgnoreError, "bad rules".into()))));
            passes.push((Observation { artifact: Some(artifact(revision)), ..verified }, Ok(())));
        }
    }
    passes
}

fn negative(conditions: &Conditions) -> impl Iterator<Item = ConditionKind> + '_ {
    let positive = [ConditionKind::Ready, ConditionKind::ArtifactInStorage, ConditionKind::SourceVerified];
    let is_set = |kind: &ConditionKind| conditions.is(*kind, Truth::True);
    ConditionKind::ALL.into_iter().filter(move |kind| !positive.contains(kind)).filter(is_set)
}

/// The rules FAIL0001 to FAIL0009 and WARN0001 to WARN0005 for a status at the end of a pass.
fn check(generation: i64, status: &Status) {
    let conditions = &status.conditions;
    let is = |kind, truth| conditions.is(kind, truth);
    let all =
        || format!("generation {generation}, observed {}: {:#?}", status.observed_generation, lines(status));
    let ready = conditions.get(ConditionKind::Ready).unwrap_or_else(|| panic!("no Ready: {}", all()));
    assert_ne!(ready.truth, Truth::Unknown, "{}", all());
    if ready.truth == Truth::True {
        assert_eq!(negative(conditions).next(), None, "{}", all());
        assert_eq!(status.observed_generation, generation, "{}", all());
        let of_this = conditions.ordered().into_iter().all(|it| it.observed_generation == generation);
        assert!(of_this, "{}", all());
    }
    assert!(!(is(ConditionKind::Reconciling, Truth::True) && ready.truth != Truth::False), "{}", all());
    assert!(!(is(ConditionKind::Stalled, Truth::True) && ready.truth != Truth::False), "{}", all());
    assert!(
        !(conditions.get(ConditionKind::Stalled).is_some()
            && conditions.get(ConditionKind::Reconciling).is_some()),
        "{}",
        all()
    );
    assert!(status.observed_generation <= generation, "{}", all());
    for condition in conditions.ordered() {
        assert!((1..=generation).contains(&condition.observed_generation), "{}", all());
        let only_true =
            [ConditionKind::ArtifactInStorage, ConditionKind::SourceVerified, ConditionKind::Ready];
        assert!(only_true.contains(&condition.kind) || condition.truth == Truth::True, "{}", all());
    }
}

#[test]
fn no_three_passes_leave_a_status_that_upstreams_checker_refuses() {
    let mut reached = vec![fresh()];
    let mut checked = 0;
    for generation in 1..=3 {
        let mut next: Vec<Status> = Vec::new();
        for recorded in &reached {
            for (seen, result) in passes(recorded) {
                let under_way = in_progress(&desired(generation), recorded, &seen);
                if under_way.conditions.is(ConditionKind::Ready, Truth::Unknown) {
                    assert!(under_way.conditions.is(ConditionKind::Reconciling, Truth::True));
                }
                let status = conclude(&desired(generation), recorded, &seen, &result).status;
                check(generation, &status);
                checked += 1;
                if !next.contains(&status) {
                    next.push(status);
                }
            }
        }
        reached = next;
    }
    assert!(checked > 1000, "only {checked} passes");
}
