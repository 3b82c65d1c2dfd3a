//! What a reference stands for at the registry (upstream's table of remote references).

use serde_json::{Value, json};

use super::images::Image;
use super::place::{Place, lines, repository};
use super::registry::Registry;

fn podinfo(registry: &Registry) -> [String; 3] {
    let images = ["6.1.4", "6.1.5", "6.1.6"].map(Image::podinfo);
    registry.push(&images[0], &["6.1.4"]);
    registry.push(&images[1], &["6.1.5"]);
    registry.push(&images[2], &["6.1.6", "latest"]);
    images.map(|image| image.digest())
}

#[actix::test]
async fn every_kind_of_reference_finds_its_revision() {
    let registry = Registry::open();
    let [_, fifth, sixth] = podinfo(&registry);
    let table = [
        ("none", json!({}), format!("latest@{sixth}")),
        ("tag", json!({"tag": "6.1.6"}), format!("6.1.6@{sixth}")),
        ("semver", json!({"semver": ">= 6.1.5"}), format!("6.1.6@{sixth}")),
        ("digest", json!({"digest": sixth}), sixth.clone()),
        ("semver-over-tag", json!({"semver": ">= 6.1.5", "tag": "6.1.5"}), format!("6.1.6@{sixth}")),
        ("digest-over-all", json!({"digest": fifth, "tag": "6.1.6", "semver": ">= 6.1.6"}), fifth.clone()),
    ];
    let manifests = table.clone().map(|(name, reference, _)| of(name, &registry, &reference));
    let place = Place::with(&manifests);

    for (name, _, revision) in table {
        let status = place.settled(name).await;

        let stored = format!("True(Succeeded, stored artifact for digest '{revision}')");
        let expected = ["Ready", "ArtifactInStorage"].map(|kind| format!("{kind}={stored}"));
        assert_eq!(lines(&status), expected, "{name}");
        assert_eq!(status.artifact.unwrap().revision, revision, "{name}");
    }
    place.leave().await;
}

#[actix::test]
async fn a_reference_that_stands_for_nothing_fails_with_what_the_registry_or_the_reader_says() {
    let registry = Registry::open();
    podinfo(&registry);
    let none = format!(
        "failed to determine the artifact tag for '{}': no match found for semver: <= 6.1.0",
        registry.url()
    );
    let table = [
        ("tag", json!({"tag": "6.1.0"}), "OCIArtifactPullFailed", " MANIFEST_UNKNOWN"),
        ("semver", json!({"semver": "<= 6.1.0"}), "ReadOperationFailed", &none),
        (
            "digest",
            json!({"digest": "invalid"}),
            "OCIArtifactPullFailed",
            "failed to determine artifact digest",
        ),
    ];
    let manifests = table.clone().map(|(name, reference, ..)| of(name, &registry, &reference));
    let place = Place::with(&manifests);

    for (name, _, reason, text) in table {
        let status = place.failed(name, reason, text).await;

        assert_eq!(status.artifact, None, "{name}");
    }
    place.leave().await;
}

fn of(name: &str, registry: &Registry, reference: &Value) -> Value {
    repository(name, &registry.url(), &json!({"ref": reference}))
}
