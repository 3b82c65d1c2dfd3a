//! What objects read as, from those that the API server admits to those that it should not have.

use serde_json::{Value, json};
use sluice_crds::{
    LayerOperation, OciRepositorySpec, OciRepositoryStatus, Provider, SpecError, VerificationProvider,
    read_spec,
};

fn spec(value: Value) -> OciRepositorySpec {
    serde_json::from_value(value).expect("the spec parses")
}

fn least() -> Value {
    json!({ "url": "oci://ghcr.io/example/app", "interval": "5m" })
}

fn full() -> Value {
    json!({
        "url": "oci://ghcr.io/example/app",
        "interval": "5m",
        "timeout": "90s",
        "ref": { "digest": "sha256:00", "semver": ">=1.0.0", "semverFilter": "^v", "tag": "v1", "branch": "main" },
        "artifact": { "path": "example/other" },
        "layerSelector": { "mediaType": "application/x", "operation": "copy" },
        "provider": "aws",
        "secretRef": { "name": "a" },
        "certSecretRef": { "name": "b" },
        "proxySecretRef": { "name": "c" },
        "serviceAccountName": "d",
        "verify": {
            "provider": "notation",
            "secretRef": { "name": "e" },
            "trustedRootSecretRef": { "name": "f" },
            "matchOIDCIdentity": [{ "issuer": "i", "subject": "s" }],
        },
        "ignore": "",
        "insecure": true,
        "suspend": true,
    })
}

#[test]
fn every_field_survives_reading_and_writing() {
    let read = spec(full());

    assert_eq!(serde_json::to_value(&read).unwrap(), full());
}

#[test]
fn the_least_spec_is_an_address_and_an_interval_and_stays_that() {
    let read = spec(least());

    assert!(!read.suspend && !read.insecure);
    assert_eq!(read.provider.unwrap_or_default(), Provider::Generic);
    assert_eq!(serde_json::to_value(&read).unwrap(), least());
}

#[test]
fn no_ignore_rules_and_empty_ignore_rules_differ() {
    let mut value = least();
    assert_eq!(spec(value.clone()).ignore, None);

    value["ignore"] = json!("");
    assert_eq!(spec(value).ignore.as_deref(), Some(""));
}

#[test]
fn a_verification_without_a_provider_is_cosigns_where_no_server_fills_it_in() {
    let mut value = least();
    value["verify"] = json!({ "secretRef": { "name": "keys" } });

    let verification = spec(value).verify.unwrap();

    assert_eq!(verification.provider, VerificationProvider::Cosign);
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let cases = [
        (json!({ "interval": "5m" }), "missing field `url`"),
        (json!({ "url": "oci://ghcr.io/example/app" }), "missing field `interval`"),
        (json!({ "url": "oci://x/y", "interval": "5m", "provider": "other" }), "unknown variant `other`"),
        (
            json!({ "url": "oci://x/y", "interval": "5m", "layerSelector": { "operation": "unpack" } }),
            "unknown variant `unpack`",
        ),
        (json!({ "url": "oci://x/y", "interval": 5 }), "invalid type: integer `5`"),
        (json!(null), "invalid type: null"),
    ];
    for (value, words) in cases {
        let error = serde_json::from_value::<OciRepositorySpec>(value).unwrap_err().to_string();
        assert!(error.contains(words), "{error} does not say: {words}");
    }
}

#[test]
fn a_field_that_is_not_known_is_named_by_its_path() {
    let cases = [
        ("/mirrors", "mirrors"),
        ("/ref/channel", "ref.channel"),
        ("/verify/secretRef/namespace", "verify.secretRef.namespace"),
        ("/verify/matchOIDCIdentity/0/audience", "verify.matchOIDCIdentity[0].audience"),
        ("/layerSelector/index", "layerSelector.index"),
        ("/artifact/host", "artifact.host"),
    ];
    for (pointer, path) in cases {
        let mut value = full();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[name] = json!({ "a": 1 });

        assert_eq!(read_spec(Some(&value)).unwrap_err(), SpecError::Unknown(path.to_owned()));
    }
}

#[test]
fn known_fields_are_not_named_even_where_they_do_not_parse() {
    let odd = [
        full(),
        least(),
        json!({}),
        json!(null),
        json!([1]),
        json!("text"),
        json!({ "url": 1, "interval": {} }),
    ];
    for value in odd {
        assert!(!matches!(read_spec(Some(&value)), Err(SpecError::Unknown(_))), "{value}");
    }
}

#[test]
fn a_recorded_status_survives_reading_and_writing() {
    let recorded = json!({
        "observedGeneration": 2,
        "conditions": [{
            "lastTransitionTime": "2026-11-01T10:00:00Z",
            "message": "stored artifact for digest 'v1@sha256:00'",
            "observedGeneration": 2,
            "reason": "Succeeded",
            "status": "True",
            "type": "Ready",
        }],
        "url": "http://example.com/latest.tar.gz",
        "artifact": {
            "digest": "sha256:11",
            "lastUpdateTime": "2026-11-01T10:00:00Z",
            "metadata": { "org.opencontainers.image.source": "https://example.com" },
            "path": "ocirepository/team/app/sha256:11.tar.gz",
            "revision": "v1@sha256:00",
            "size": 0,
            "url": "http://example.com/sha256:11.tar.gz",
        },
        "observedIgnore": "",
        "observedLayerSelector": { "operation": "extract" },
        "lastHandledReconcileAt": "token",
        "sourceVerificationFingerprint": "sha256:22",
    });

    let status: OciRepositoryStatus = serde_json::from_value(recorded.clone()).unwrap();

    let selector = status.observed_layer_selector.as_ref().unwrap();
    assert_eq!(selector.operation, Some(LayerOperation::Extract));
    assert_eq!(serde_json::to_value(&status).unwrap(), recorded);
}
