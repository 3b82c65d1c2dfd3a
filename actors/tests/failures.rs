//! What the owner of an object is told of each failure, in upstream's words (spec 2.5, 2.6).

use std::io;
use std::path::PathBuf;

use artifact::store::Error;
use reconcile::{ConditionKind, Disposition, Failure, Operation, Reason};
use sluice_actors::failure::{Step, content, purge, store, verification};

fn disk() -> io::Error {
    io::Error::other("input/output error")
}

fn told(failure: &Failure) -> (Option<ConditionKind>, Reason, &str) {
    assert_eq!(failure.disposition, Disposition::Retry { not_before: None });
    (failure.condition, failure.reason, &failure.message)
}

#[test]
fn each_step_at_a_registry_has_its_reason_and_its_words() {
    let url = "oci://ghcr.io/example/app";
    for (step, reason, message) in [
        (
            Step::Tags,
            Reason::ReadOperationFailed,
            "failed to determine the artifact tag for 'oci://ghcr.io/example/app': why",
        ),
        (Step::Digest, Reason::OCIArtifactPullFailed, "failed to determine artifact digest: why"),
        (
            Step::Manifest,
            Reason::OCIArtifactPullFailed,
            "failed to pull artifact from 'oci://ghcr.io/example/app': why",
        ),
        (Step::Parse, Reason::OCIArtifactLayerOperationFailed, "failed to parse artifact manifest: why"),
        (Step::Layer, Reason::OCIArtifactLayerOperationFailed, "why"),
        (
            Step::Open,
            Reason::OCIArtifactLayerOperationFailed,
            "failed to extract the first layer from artifact: why",
        ),
        (
            Step::Content(Operation::Extract),
            Reason::OCIArtifactLayerOperationFailed,
            "failed to extract layer contents from artifact: why",
        ),
        (
            Step::Content(Operation::Copy),
            Reason::OCIArtifactLayerOperationFailed,
            "failed to copy layer from artifact: why",
        ),
    ] {
        let failure = step.failure(url, "why");

        assert_eq!(told(&failure), (Some(ConditionKind::FetchFailed), reason, message));
    }
}

#[test]
fn each_failure_of_the_store_is_one_of_storage() {
    let stat = || Error::Stat { path: "ocirepository/team/app/x".into(), source: disk() };
    let table = [
        (
            stat(),
            Reason::StatOperationFailed,
            "failed to stat 'ocirepository/team/app/x': input/output error",
        ),
        (Error::InvalidName("..".into()), Reason::InvalidPath, "'..' is no name for a stored file"),
        (Error::InvalidRoot(PathBuf::from("/data")), Reason::InvalidPath, "invalid dir path: /data"),
        (
            Error::DirectoryCreation(disk()),
            Reason::DirectoryCreationFailed,
            "failed to create artifact directory: input/output error",
        ),
        (
            Error::Io { action: "write", path: "x".into(), source: disk() },
            Reason::ArchiveOperationFailed,
            "unable to archive artifact to storage: failed to write 'x': input/output error",
        ),
        (
            Error::NoSpace { needed: 2, available: 1 },
            Reason::ArchiveOperationFailed,
            "unable to archive artifact to storage: not enough disk space: 2 bytes are needed, \
             1 are available beyond the reserve",
        ),
    ];
    for (error, reason, message) in table {
        let failure = store(Operation::Extract, &error);

        assert_eq!(told(&failure), (Some(ConditionKind::StorageOperationFailed), reason, message));
    }
    let copied = store(Operation::Copy, &Error::Io { action: "write", path: "x".into(), source: disk() });
    assert!(copied.message.starts_with("unable to copy artifact to storage: "), "{}", copied.message);
}

#[test]
fn what_shows_on_no_condition_is_told_by_an_event_alone() {
    let rules = artifact::Error::Ignore { limit: 11, unit: "bytes" };
    let text = "failed to load source ignore patterns from repository: \
                ignore rules are too large: more than 11 bytes";
    let ignored = content(Operation::Extract, "oci://ghcr.io/example/app", &rules);
    assert_eq!(told(&ignored), (None, Reason::SourceIgnoreError, text));

    let removal = store(Operation::Extract, &Error::RemoveDamaged(disk()));
    let text = "failed to remove artifact after digest mismatch: input/output error";
    assert_eq!(told(&removal), (None, Reason::ArchiveOperationFailed, text));

    let gone = Error::Io { action: "remove directory", path: "x".into(), source: disk() };
    let text = "garbage collection for deleted resource failed: \
                failed to remove directory 'x': input/output error";
    assert_eq!(told(&purge(&gone)), (None, Reason::GarbageCollectionFailed, text));

    assert!(store(Operation::Extract, &Error::Superseded).is_cancelled());
}

#[test]
fn a_refused_signature_shows_on_its_own_condition() {
    let failure = verification("cosign keyless", "no signatures found");

    let text = "failed to verify the signature using provider 'cosign keyless': no signatures found";
    assert_eq!(told(&failure), (Some(ConditionKind::SourceVerified), Reason::VerificationError, text));
}
