//! What a pass tells: news once, a recovery once, otherwise nothing (spec 2.11).

use std::collections::BTreeMap;

use reconcile::{
    Announcement, Artifact, Class, ConditionKind, Failure, Observation, Reason, Severity, Source, Status,
    Stock, Truth, announcements, conclude,
};

use crate::support::{artifact, found, source, stored, wanting, with};

fn announced(recorded: &Status, seen: &Observation, result: &Result<(), Failure>) -> Vec<Announcement> {
    let desired = wanting(Source { url: "oci://newurl.io".into(), ..source() });
    let conclusion = conclude(&desired, recorded, seen, result);
    announcements(&desired, recorded, seen, result, &conclusion, Class::Retry)
}

/// Each as `Normal NewArtifact text`.
fn told(recorded: &Status, seen: &Observation, result: &Result<(), Failure>) -> Vec<String> {
    let line = |event: Announcement| format!("{:?} {} {}", event.severity, event.reason, event.message);
    announced(recorded, seen, result).into_iter().map(line).collect()
}

fn finds(revision: &str) -> Observation {
    Observation { stock: Some(Stock::Present), resolved: found(revision), ..Observation::default() }
}

fn stores(artifact: Artifact) -> Observation {
    let found = finds(&artifact.revision);
    Observation { artifact: Some(artifact), ..found }
}

fn failing(revision: &str) -> Status {
    with(stored(revision), ConditionKind::FetchFailed, Truth::True, "OCIArtifactPullFailed", "down")
}

#[test]
fn a_failure_tells_of_itself_alone() {
    let failure = Failure::fetch(Reason::OCIArtifactPullFailed, "some error".into());

    let told = told(&failing("xxx"), &finds("aaa"), &Err(failure));

    assert_eq!(told, ["Warning OCIArtifactPullFailed some error"]);
}

#[test]
fn a_new_artifact_is_told_with_where_it_comes_from() {
    let metadata = BTreeMap::from(
        [
            ("org.opencontainers.image.source", "https://github.com/stefanprodan/podinfo"),
            ("org.opencontainers.image.revision", "6.1.8/b3b00fe35424a45d373bf4c7214178bc36fd7872"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    let fresh = Status::default();
    let seen = stores(Artifact { metadata, ..artifact("xxx") });

    assert_eq!(
        told(&fresh, &seen, &Ok(())),
        ["Normal NewArtifact stored artifact with revision 'xxx' from 'oci://newurl.io', \
          origin source 'https://github.com/stefanprodan/podinfo', \
          origin revision '6.1.8/b3b00fe35424a45d373bf4c7214178bc36fd7872'"]
    );
    let metadata = &announced(&fresh, &seen, &Ok(()))[0].metadata;
    assert_eq!(metadata["source.toolkit.fluxcd.io/revision"], "xxx");
    assert_eq!(metadata["source.toolkit.fluxcd.io/digest"], "sha256:file-of-xxx");
}

#[test]
fn an_origin_that_is_known_by_half_is_left_out() {
    for (key, value) in [
        ("org.opencontainers.image.source", "https://github.com/stefanprodan/podinfo"),
        ("org.opencontainers.image.revision", "6.1.8"),
    ] {
        let metadata = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let seen = stores(Artifact { metadata, ..artifact("xxx") });

        let told = told(&Status::default(), &seen, &Ok(()));

        assert_eq!(told, ["Normal NewArtifact stored artifact with revision 'xxx' from 'oci://newurl.io'"]);
    }
}

#[test]
fn a_recovery_with_the_digest_of_before_is_told_as_one() {
    let storage = ConditionKind::StorageOperationFailed;
    let ailing = with(stored("xxx"), storage, Truth::True, "ArchiveOperationFailed", "full");
    for recorded in [failing("xxx"), ailing] {
        let told = told(&recorded, &finds("xxx"), &Ok(()));

        assert_eq!(told, ["Normal Succeeded stored artifact with revision 'xxx' from 'oci://newurl.io'"]);
    }
}

#[test]
fn a_recovery_with_another_digest_is_told_as_news() {
    let told = told(&failing("xxx"), &stores(artifact("aaa")), &Ok(()));

    assert_eq!(told, ["Normal NewArtifact stored artifact with revision 'aaa' from 'oci://newurl.io'"]);
}

#[test]
fn a_recovery_from_a_refused_signature_alone_is_not_told() {
    let refused =
        with(stored("xxx"), ConditionKind::SourceVerified, Truth::False, "VerificationError", "no match");

    assert_eq!(told(&refused, &finds("xxx"), &Ok(())), Vec::<String>::new());
}

#[test]
fn nothing_is_told_where_nothing_changed() {
    let recorded = stored("xxx");

    assert_eq!(told(&recorded, &finds("xxx"), &Ok(())), Vec::<String>::new());
}

#[test]
fn nothing_is_told_before_the_pass_that_finds_the_revision() {
    let check = Observation { stock: Some(Stock::Present), ..Observation::default() };

    assert_eq!(told(&failing("xxx"), &check, &Ok(())), Vec::<String>::new());
}

#[test]
fn a_new_revision_with_the_bytes_of_the_old_one_is_no_news() {
    let same = Artifact { digest: artifact("xxx").digest, ..artifact("aaa") };

    let events = announced(&stored("xxx"), &stores(same), &Ok(()));

    assert!(!events.iter().any(|event| event.severity != Severity::Trace), "{events:?}");
}
