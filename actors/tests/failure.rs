//! What the owner of an object is told of an error at a registry.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

use std::sync::Arc;

use oci::image::ImageError;
use oci::{Client, Credential, Error, Origin};
use reconcile::Reason;
use reference::Repository;
use sluice_actors::failure::{Step, registry};
use sluice_actors::registry::Line;

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
