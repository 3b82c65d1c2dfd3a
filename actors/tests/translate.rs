//! From the API's object to what it asks for.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

use reconcile::{Disposition, Operation, Reason, Truth};
use reference::Selector;
use serde_json::{Value, json};
use sluice_actors::translate::{desired, recorded, unknown_annotations};
use sluice_actors::{Object, Seen, dependencies};
use sluice_crds::SpecError;

fn object(value: Value) -> Object {
    let mut whole = json!({"metadata": {"name": "app", "namespace": "team", "uid": "u", "generation": 2}});
    merge(&mut whole, value);
    Object::parse(&whole).unwrap()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
fn spec(extra: Value) -> Value {
    let mut spec = json!({"spec": {"url": "oci://ghcr.io/example/app", "interval": "5m"}});
    merge(&mut spec, json!({"spec": extra}));
    spec
}

fn stall(value: Value) -> (Reason, String) {
    let failure = desired(&object(value), None).wish.unwrap_err();
    assert_eq!(failure.disposition, Disposition::Stall);
    (failure.reason, failure.message)
}

#[test]
fn a_plain_object_asks_for_latest_with_the_defaults() {
    let desired = desired(&object(spec(json!({}))), None);
    let source = desired.wish.unwrap();
    assert_eq!((source.timeout.as_secs(), desired.interval.as_secs()), (60, 300));
    assert_eq!((&source.selector, source.operation()), (&Selector::Latest, Operation::Extract));
}

#[test]
fn no_time_at_all_is_as_good_as_none_given() {
    let timeout =
        |text: &str| desired(&object(spec(json!({"timeout": text}))), None).wish.unwrap().timeout.as_millis();
    assert_eq!((timeout("0s"), timeout("10ms")), (60_000, 10));
}

#[test]
fn only_a_certificate_reference_may_have_an_empty_name() {
    let empty = json!({"name": ""});
    let names = json!({"certSecretRef": empty, "proxySecretRef": empty, "secretRef": empty});
    let source = desired(&object(spec(names)), None).wish.unwrap();
    assert_eq!((&source.certificates, &source.proxy), (&None, &Some(String::new())));
    assert_eq!(source.secret, Some(String::new()));
}

#[test]
fn an_object_without_spec_says_what_is_missing() {
    let (reason, text) = stall(json!({}));
    assert_eq!(reason, Reason::SpecInvalid);
    assert!(text.contains("spec.url") && text.contains("spec.interval"), "{text}");
}

#[test]
fn a_pause_holds_for_a_spec_that_cannot_be_worked_off() {
    for odd in [json!({"channel": "stable"}), json!({"interval": 5})] {
        let paused = desired(&object(spec(json!({"suspend": true}))), None);
        let mut value = spec(odd);
        value["spec"]["suspend"] = json!(true);
        let odd = desired(&object(value), None);
        assert!(paused.suspended && odd.suspended && odd.wish.is_err());
    }
    assert!(!desired(&object(spec(json!({"suspend": false}))), None).suspended);
    assert!(!desired(&object(json!({})), None).suspended);
}

#[test]
fn a_spec_that_does_not_parse_stalls_alone() {
    let (reason, text) = stall(spec(json!({"interval": 5})));
    assert_eq!(reason, Reason::SpecInvalid);
    assert!(text.contains("expected a string"), "{text}");
    assert_eq!(stall(spec(json!({"interval": "5 minutes"}))).0, Reason::SpecInvalid);
}

#[test]
fn an_unknown_field_is_never_ignored() {
    let (reason, text) = stall(spec(json!({"ref": {"tag": "v1", "channel": "x"}})));
    assert_eq!(reason, Reason::UnsupportedField);
    assert!(text.contains("ref.channel"), "{text}");
}

#[test]
fn another_host_in_artifact_path_stalls() {
    let (reason, text) = stall(spec(json!({"artifact": {"path": "quay.io/example/app"}})));
    assert_eq!(reason, Reason::URLInvalid);
    assert!(text.starts_with("URL validation failed for 'oci://ghcr.io/example/app': "), "{text}");
    let source = desired(&object(spec(json!({"artifact": {"path": "other/app"}}))), None).wish.unwrap();
    assert_eq!(source.repository.to_string(), "ghcr.io/other/app");
}

#[test]
fn our_annotations_count_as_specification_and_unknown_ones_are_named() {
    let annotations = json!({"metadata": {"annotations": {
        "sluice.dev/platform": "linux/arm64", "sluice.dev/plattform": "x", "other": "b",
    }}});
    let mut value = spec(json!({}));
    merge(&mut value, annotations);
    let object = object(value);
    let desired = desired(&object, None);
    assert_eq!(desired.annotations.len(), 2);
    assert_eq!(desired.wish.unwrap().platform.as_deref(), Some("linux/arm64"));
    assert_eq!(unknown_annotations(&object).collect::<Vec<_>>(), ["sluice.dev/plattform"]);
}

#[test]
fn a_platform_that_is_none_stalls() {
    let mut value = spec(json!({}));
    merge(&mut value, json!({"metadata": {"annotations": {"sluice.dev/platform": "arm"}}}));
    assert_eq!(stall(value).0, Reason::UnsupportedField);
}

#[test]
fn a_recorded_status_is_read_as_upstream_wrote_it() {
    let status = recorded(&object(json!({"status": {
        "observedGeneration": 3,
        "url": "http://here/latest.tar.gz",
        "observedLayerSelector": {"operation": "copy"},
        "artifact": {"digest": "sha256:aa", "path": "p", "url": "u", "revision": "v1@sha256:bb",
            "lastUpdateTime": "2026-01-01T00:00:00Z", "size": 0},
        "conditions": [
            {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "m", "observedGeneration": 3,
                "lastTransitionTime": "2026-01-01T00:00:00Z"},
            {"type": "Foreign", "status": "True", "reason": "R", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"},
        ],
    }})));
    assert_eq!(status.observed_generation, 3);
    assert!(status.conditions.is(reconcile::ConditionKind::Ready, Truth::True));
    assert_eq!(status.conditions.ordered().len(), 1);
    assert_eq!(status.artifact.unwrap().size, Some(0));
    assert_eq!(status.observed_layer_selector.unwrap().operation, Some(Operation::Copy));
}

#[test]
fn an_object_without_a_name_is_an_error_not_a_panic() {
    assert!(Object::parse(&json!({"metadata": {}})).is_err());
    assert!(Object::parse(&json!([])).is_err());
}

#[test]
fn what_is_not_of_its_type_counts_as_empty() {
    let odd = json!({
        "metadata": {
            "name": "app", "namespace": "team", "uid": 7, "resourceVersion": null, "generation": "two",
            "deletionTimestamp": null, "finalizers": { "a": 1 }, "annotations": null,
            "labels": { "a": 1, "b": "c" }, "managedFields": [{ "fieldsV1": { "f:spec": {} } }],
        },
        "spec": null,
        "status": [],
    });
    let streamed: Seen = serde_json::from_str(&odd.to_string()).unwrap();
    for object in [Object::parse(&odd).unwrap(), Object::new(streamed).unwrap()] {
        assert_eq!((object.uid.as_ref(), object.resource_version.as_ref(), object.generation), ("", "", 1));
        assert!(!object.deleting && object.finalizers.is_empty() && object.annotations.is_empty());
        assert_eq!(object.labels, [("b".to_owned(), "c".to_owned())].into());
        assert!(matches!(object.spec, Err(SpecError::Absent)));
        assert!(object.artifact().is_none());
    }
}

#[test]
fn every_reference_of_the_specification_is_a_dependency() {
    let all = json!({
        "secretRef": {"name": "pull"}, "certSecretRef": {"name": "certificates"}, "proxySecretRef": {"name": "proxy"},
        "serviceAccountName": "robot",
        "verify": {"provider": "cosign", "secretRef": {"name": "keys"}, "trustedRootSecretRef": {"name": "root"}},
    });
    let named = |spec_value, default_account| {
        let object = object(spec(spec_value));
        let all = dependencies(&object.key.namespace, &desired(&object, default_account)).into_iter();
        all.map(|dependency| format!("{:?} {}", dependency.kind, dependency.key)).collect::<Vec<_>>()
    };
    assert_eq!(
        named(all, Some("tenant")),
        [
            "Secret team/certificates",
            "Secret team/keys",
            "Secret team/proxy",
            "Secret team/pull",
            "Secret team/root",
            "ServiceAccount team/robot",
        ]
    );
    assert!(named(json!({}), None).is_empty());
    assert_eq!(named(json!({"serviceAccountName": ""}), Some("tenant")), ["ServiceAccount team/tenant"]);
}
