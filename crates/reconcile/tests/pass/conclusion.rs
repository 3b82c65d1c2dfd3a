//! What a pass makes of a status, against the recorded behaviour of upstream.

use reconcile::{
    Class, ConditionKind, Desired, Failure, Observation, Reason, Severity, Status, Stock, Truth,
    announcements, conclude, conclude_suspended, unchanged,
};

use crate::support::{artifact, desired, found, fresh, shown, source, stored};

#[test]
fn a_first_success_is_ready_and_in_storage() {
    let status = stored("v1@sha256:aa");

    let text = "stored artifact for digest 'v1@sha256:aa'";
    let expected = ["Ready", "ArtifactInStorage"]
        .map(|kind| (kind.to_owned(), Truth::True, "Succeeded".to_owned(), text.to_owned()));
    assert_eq!(shown(&status), expected);
    assert_eq!(status.observed_generation, 1);
}

#[test]
fn an_unchanged_pass_leaves_the_status_as_it_is() {
    let before = stored("v1@sha256:aa");
    let seen = Observation {
        stock: Some(Stock::Present),
        resolved: found("v1@sha256:aa"),
        ..Observation::default()
    };

    assert!(unchanged(&source(), &before, &seen));
    let conclusion = conclude(&desired(1), &before, &seen, &Ok(()));
    assert_eq!(conclusion.status, before);
    assert!(conclusion.up_to_date);
    assert!(announcements(&desired(1), &before, &seen, &Ok(()), &conclusion, Class::Routine).is_empty());
    let told = announcements(&desired(1), &before, &seen, &Ok(()), &conclusion, Class::Asked);
    assert_eq!(told.iter().map(|event| event.reason).collect::<Vec<_>>(), [Reason::ArtifactUpToDate]);
}

#[test]
fn a_first_failure_says_what_it_was_building() {
    let failure = Failure::fetch(Reason::OCIArtifactPullFailed, "no such tag".into());
    let seen = Observation { stock: Some(Stock::Empty), ..Observation::default() };
    let status = conclude(&desired(1), &fresh(), &seen, &Err(failure)).status;

    assert_eq!(status.observed_generation, -1);
    assert_eq!(
        shown(&status),
        [
            ("Reconciling", Truth::True, "ProgressingWithRetry", "building artifact"),
            ("Ready", Truth::False, "OCIArtifactPullFailed", "no such tag"),
            ("FetchFailed", Truth::True, "OCIArtifactPullFailed", "no such tag"),
        ]
        .map(|(kind, truth, reason, text)| (
            kind.to_owned(),
            truth,
            reason.to_owned(),
            text.to_owned()
        ))
    );
}

#[test]
fn a_refused_signature_of_a_new_revision_outranks_the_new_revision() {
    let text = "failed to verify the signature";
    let failure = Failure::retry(Some(ConditionKind::SourceVerified), Reason::VerificationError, text.into());
    let seen = Observation {
        stock: Some(Stock::Present),
        resolved: found("v1@sha256:bb"),
        ..Observation::default()
    };
    let before = stored("v1@sha256:aa");
    let status = conclude(&desired(1), &before, &seen, &Err(failure)).status;

    let ready = status.conditions.get(ConditionKind::Ready).unwrap();
    assert_eq!((ready.truth, ready.reason.as_str()), (Truth::False, "VerificationError"));
    let outdated = status.conditions.get(ConditionKind::ArtifactOutdated).unwrap();
    assert_eq!(outdated.message, "new revision 'v1@sha256:bb' for 'ghcr.io/example/app:v1'");
    assert_eq!(status.artifact, before.artifact);
}

#[test]
fn a_stall_is_observed_and_not_reconciling() {
    let failure = Failure::stall(Some(ConditionKind::FetchFailed), Reason::URLInvalid, "no address".into());
    let seen = Observation { stock: Some(Stock::Empty), ..Observation::default() };
    let status = conclude(&desired(3), &fresh(), &seen, &Err(failure)).status;

    assert_eq!(status.observed_generation, 3);
    assert!(status.conditions.is(ConditionKind::Stalled, Truth::True));
    assert!(status.conditions.get(ConditionKind::Reconciling).is_none());
}

#[test]
fn a_stall_of_the_specification_is_told_before_what_an_earlier_pass_met() {
    let met = Failure::fetch(Reason::OCIArtifactPullFailed, "no such tag".into());
    let seen = Observation {
        stock: Some(Stock::Present),
        resolved: found("v1@sha256:bb"),
        ..Observation::default()
    };
    let before = conclude(&desired(1), &stored("v1@sha256:aa"), &seen, &Err(met)).status;
    let stall = Failure::stall(None, Reason::UnsupportedField, "no platform".into());
    let seen = Observation { stock: Some(Stock::Present), ..Observation::default() };

    let status = conclude(&desired(1), &before, &seen, &Err(stall)).status;

    let ready = status.conditions.get(ConditionKind::Ready).unwrap();
    assert_eq!(
        (ready.truth, ready.reason.as_str(), ready.message.as_str()),
        (Truth::False, "UnsupportedField", "no platform")
    );
    assert!(status.conditions.get(ConditionKind::FetchFailed).is_none());
    assert!(status.conditions.is(ConditionKind::ArtifactOutdated, Truth::True), "there is a newer revision");
}

#[test]
fn recovery_without_a_new_digest_is_told_as_success_and_a_new_digest_as_news() {
    let before = stored("v1@sha256:aa");
    let failure = Failure::fetch(Reason::OCIArtifactPullFailed, "down".into());
    let seen = Observation { stock: Some(Stock::Present), ..Observation::default() };
    let failing = conclude(&desired(1), &before, &seen, &Err(failure)).status;
    let seen = Observation { resolved: found("v1@sha256:aa"), ..seen };
    let conclusion = conclude(&desired(1), &failing, &seen, &Ok(()));
    let told = announcements(&desired(1), &failing, &seen, &Ok(()), &conclusion, Class::Retry);
    assert_eq!((told[0].severity, told[0].reason), (Severity::Normal, Reason::Succeeded));

    let seen =
        Observation { resolved: found("v1@sha256:bb"), artifact: Some(artifact("v1@sha256:bb")), ..seen };
    let conclusion = conclude(&desired(1), &before, &seen, &Ok(()));
    let told = announcements(&desired(1), &before, &seen, &Ok(()), &conclusion, Class::Routine);
    assert_eq!(told[0].reason, Reason::NewArtifact);
    assert_eq!(told[0].metadata["source.toolkit.fluxcd.io/revision"], "v1@sha256:bb");
}

#[test]
fn a_lost_file_takes_the_artifact_out_of_the_status() {
    let failure = Failure::fetch(Reason::OCIArtifactPullFailed, "down".into());
    let seen = Observation { stock: Some(Stock::Missing), ..Observation::default() };
    let status = conclude(&desired(1), &stored("v1@sha256:aa"), &seen, &Err(failure)).status;

    assert_eq!((status.artifact, status.url), (None, None));
    assert!(status.conditions.get(ConditionKind::ArtifactInStorage).is_none());
    let reconciling = status.conditions.get(ConditionKind::Reconciling).unwrap();
    assert_eq!(reconciling.message, "building artifact: disappeared from storage");
}

#[test]
fn a_suspended_object_without_conditions_only_records_the_request() {
    let paused = Desired { suspended: true, requested_at: Some("now".into()), ..desired(2) };
    let status = conclude_suspended(&paused, &fresh());
    assert_eq!(status, Status { last_handled_reconcile_at: Some("now".into()), ..fresh() });

    let status = conclude_suspended(&paused, &stored("v1@sha256:aa"));
    assert_eq!(status.observed_generation, 2);
    assert!(status.conditions.is(ConditionKind::Ready, Truth::True));
}

#[test]
fn a_message_beyond_the_limit_is_cut_between_characters() {
    let failure = Failure::fetch(Reason::OCIArtifactPullFailed, "ü".repeat(20_000));
    let status = conclude(&desired(1), &fresh(), &Observation::default(), &Err(failure)).status;
    let message = &status.conditions.get(ConditionKind::FetchFailed).unwrap().message;
    assert!(message.len() <= 32_768 && message.ends_with("ü..."));
}
