//! What the owner of an object is told of an error at a registry.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

use std::sync::Arc;

use oci::image::ImageError;
use oci::{Client, Credential, Error, Origin};
use reconcile::{Disposition, Failure, Reason};
use reference::{Repository, Selector};
use sluice_actors::failure::{Step, registry};
use sluice_actors::registry::{Conduct, Line, Turn, TurnReturned};
use sluice_actors::testing::Probe;

const URL: &str = "oci://ghcr.io/example/app";

fn told(step: Step, reason: ImageError) -> (Reason, String) {
    let origin = Origin::new("ghcr.io");
    let client = Client::new(&origin, &oci::Settings::default()).unwrap();
    let line = Line::new(client, origin.key(), Arc::new(Credential::Anonymous));
    let error = Error::Manifest { name: "ghcr.io/example/app:v1".to_owned(), reason };
    let failure = registry(&line, &Repository::parse_url(URL).unwrap(), step, URL, &error);
    (failure.reason, failure.message)
}

#[test]
fn a_kind_of_manifest_without_layers_cannot_be_pulled_and_no_manifest_not_be_parsed() {
    let (reason, text) = told(Step::Manifest, ImageError::MediaType("x/schema1".to_owned()));
    assert_eq!(reason, Reason::OCIArtifactPullFailed);
    assert_eq!(
        text,
        "failed to pull artifact from 'oci://ghcr.io/example/app': ghcr.io/example/app:v1: unsupported MediaType: \
         \"x/schema1\""
    );

    let (reason, text) = told(Step::Manifest, ImageError::Shape("not a JSON object".to_owned()));
    assert_eq!(reason, Reason::OCIArtifactLayerOperationFailed);
    assert_eq!(text, "failed to parse artifact manifest: not a JSON object");
}

#[test]
fn who_waits_for_a_host_is_told_in_the_words_of_its_own_first_step() {
    let semver = Selector::Semver { constraint: "1.x".to_owned(), filter: None };
    let parked = Disposition::Park { not_before: None };
    for (selector, reason, text) in [
        (
            semver,
            Reason::ReadOperationFailed,
            "failed to determine the artifact tag for 'oci://ghcr.io/example/app': refused",
        ),
        (
            Selector::Tag("v1".to_owned()),
            Reason::OCIArtifactPullFailed,
            "failed to determine artifact digest: refused",
        ),
        (Selector::Latest, Reason::OCIArtifactPullFailed, "failed to determine artifact digest: refused"),
        (
            Selector::Digest("sha256:00".to_owned()),
            Reason::OCIArtifactPullFailed,
            "failed to pull artifact from 'oci://ghcr.io/example/app': refused",
        ),
    ] {
        let host = Failure::fetch(Reason::VerificationError, "refused".to_owned()).with(parked);
        let told = Step::first(&selector).parked(URL, host);
        assert_eq!((told.reason, told.message.as_str(), told.disposition), (reason, text, parked));
    }
    let overtaken = Step::Tags.parked(URL, Failure::cancelled());
    assert_eq!(overtaken, Failure::cancelled());
}

#[actix::test]
async fn a_turn_brings_back_what_the_host_said_and_not_what_was_wanted_of_it() {
    let (returned, mut heard) = Probe::start_with(|_: &TurnReturned| async {});
    let origin = Origin::new("127.0.0.1:1");
    let client = Client::new(&origin, &oci::Settings::default()).unwrap();
    let line = Line::new(client, origin.key(), Arc::new(Credential::Anonymous));
    let turn = Turn::new(line, 1, returned);
    let error = turn.line.client.head(&Credential::Anonymous, "app", "v1").await.unwrap_err();

    let failure = registry(&turn.line, &Repository::parse_url(URL).unwrap(), Step::Tags, URL, &error);
    drop(turn);

    let returned = heard.recv().await.unwrap();
    let Some(Conduct::Unreachable { failure: said }) = returned.witness.conduct else {
        panic!("{returned:?}")
    };
    assert_eq!(said.message, error.to_string());
    assert_eq!(failure, Step::Tags.failure(URL, &said.message));
}
