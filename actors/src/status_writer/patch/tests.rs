//! Patches against objects as they were recorded.

use std::sync::Arc;

use reconcile::{ConditionKind, LayerSelector, Operation, Status, Truth};
use serde_json::{Value, json};

use super::{finalizer_patch, status_difference};
use crate::Object;
use crate::cluster::StatusChange;

const BEFORE: &str = "2026-01-01T00:00:00Z";
const NOW: &str = "2026-01-02T00:00:00Z";

fn object(status: &Value) -> Object {
    let metadata = json!({ "namespace": "default", "name": "app", "uid": "u", "resourceVersion": "7" });
    Object::parse(&json!({ "metadata": metadata, "spec": {}, "status": status })).unwrap()
}

fn condition(kind: &str, truth: &str, message: &str, generation: i64) -> Value {
    json!({
        "type": kind, "status": truth, "reason": "Succeeded", "message": message,
        "lastTransitionTime": BEFORE, "observedGeneration": generation,
    })
}

fn status(truth: Truth, message: &str, generation: i64) -> Status {
    let mut status = Status { observed_generation: generation, ..Status::default() };
    status.conditions.set(ConditionKind::Ready, truth, "Succeeded", message, generation);
    status
}

#[test]
fn a_condition_that_only_speaks_of_a_newer_generation_keeps_its_time() {
    let recorded =
        object(&json!({ "observedGeneration": 1, "conditions": [condition("Ready", "True", "m", 1)] }));

    let difference = status_difference(&recorded, &status(Truth::True, "m", 2), NOW).unwrap();

    let expected = json!({ "observedGeneration": 2, "conditions": [condition("Ready", "True", "m", 2)] });
    assert_eq!(difference, expected);
}

#[test]
fn a_condition_with_another_status_or_message_gets_a_new_time() {
    let recorded =
        object(&json!({ "observedGeneration": 1, "conditions": [condition("Ready", "True", "m", 1)] }));

    for status in [status(Truth::False, "m", 1), status(Truth::True, "n", 1)] {
        let difference = status_difference(&recorded, &status, NOW).unwrap();

        assert_eq!(difference["conditions"][0]["lastTransitionTime"], NOW);
        assert_eq!(difference.as_object().unwrap().len(), 1);
    }
}

#[test]
fn conditions_in_another_order_are_no_change() {
    let recorded = object(&json!({
        "observedGeneration": 1,
        "conditions": [condition("Foreign", "True", "f", 1), condition("Ready", "True", "m", 1)],
    }));

    assert_eq!(status_difference(&recorded, &status(Truth::True, "m", 1), NOW), None);
}

#[test]
fn foreign_conditions_stand_among_ours_as_upstream_sorts_them() {
    let recorded = object(&json!({
        "conditions": [condition("Zebra", "True", "z", 2), condition("Ant", "True", "a", 1), condition("Bee", "True", "b", 2)],
    }));
    let mut status = status(Truth::False, "m", 2);
    status.conditions.set(ConditionKind::Reconciling, Truth::True, "Progressing", "p", 2);
    status.conditions.set(ConditionKind::FetchFailed, Truth::True, "Failed", "f", 2);
    status.conditions.set(ConditionKind::ArtifactInStorage, Truth::True, "Succeeded", "a", 1);

    let difference = status_difference(&recorded, &status, NOW).unwrap();

    let kinds: Vec<_> =
        difference["conditions"].as_array().unwrap().iter().map(|one| one["type"].clone()).collect();
    assert_eq!(kinds, ["Reconciling", "Ready", "Bee", "FetchFailed", "Zebra", "Ant", "ArtifactInStorage"]);
}

#[test]
fn our_conditions_that_vanish_leave_and_foreign_ones_stay() {
    let foreign = condition("Foreign", "True", "f", 1);
    let recorded = object(&json!({
        "observedGeneration": 1,
        "conditions": [condition("FetchFailed", "True", "x", 1), condition("Ready", "True", "m", 1), foreign],
    }));

    let difference = status_difference(&recorded, &status(Truth::True, "m", 1), NOW).unwrap();

    let expected =
        json!({ "conditions": [condition("Ready", "True", "m", 1), condition("Foreign", "True", "f", 1)] });
    assert_eq!(difference, expected);
}

#[test]
fn only_changed_fields_are_sent_and_vanished_ones_are_null() {
    let recorded = object(&json!({
        "observedGeneration": 1,
        "url": "http://localhost/latest.tar.gz",
        "observedIgnore": "*.md",
        "lastHandledReconcileAt": "t1",
        "artifact": {
            "digest": "sha256:ab", "path": "p", "url": "u", "revision": "v1@sha256:cd", "lastUpdateTime": BEFORE,
            "size": 7, "metadata": { "a": "1", "b": "2" },
        },
    }));
    let artifact = reconcile::Artifact {
        digest: "sha256:ab".to_owned(),
        path: "p".to_owned(),
        url: "u".to_owned(),
        revision: "v2@sha256:ef".to_owned(),
        size: Some(7),
        last_update_time: BEFORE.to_owned(),
        metadata: [("b".to_owned(), "3".to_owned())].into(),
    };
    let status = Status {
        observed_generation: 1,
        url: Some("http://localhost/latest.tar.gz".to_owned()),
        artifact: Some(artifact),
        last_handled_reconcile_at: Some("t2".to_owned()),
        observed_layer_selector: Some(LayerSelector { media_type: None, operation: Some(Operation::Copy) }),
        ..Status::default()
    };

    let difference = status_difference(&recorded, &status, NOW).unwrap();

    let expected = json!({
        "artifact": { "revision": "v2@sha256:ef", "metadata": { "a": null, "b": "3" } },
        "lastHandledReconcileAt": "t2",
        "observedIgnore": null,
        "observedLayerSelector": { "operation": "copy" },
    });
    assert_eq!(difference, expected);
}

#[test]
fn an_empty_ignore_is_not_an_absent_one() {
    let recorded = object(&json!({ "observedGeneration": 1 }));
    let empty = Status { observed_generation: 1, observed_ignore: Some(String::new()), ..Status::default() };

    let difference = status_difference(&recorded, &empty, NOW).unwrap();

    assert_eq!(difference, json!({ "observedIgnore": "" }));
}

#[test]
fn a_lost_artifact_is_taken_out_as_a_whole() {
    let artifact =
        json!({ "digest": "sha256:ab", "path": "p", "url": "u", "revision": "r", "lastUpdateTime": BEFORE });
    let recorded = object(&json!({ "observedGeneration": 1, "artifact": artifact }));

    let difference =
        status_difference(&recorded, &Status { observed_generation: 1, ..Status::default() }, NOW);

    assert_eq!(difference, Some(json!({ "artifact": null })));
}

#[test]
fn a_patch_names_the_life_and_the_version_that_it_changes() {
    let recorded = object(&json!({}));

    let change = StatusChange { of: Arc::new(recorded.clone()), difference: json!({ "url": "u" }) };

    assert_eq!(
        change.patch(),
        json!({ "metadata": { "uid": "u", "resourceVersion": "7" }, "status": { "url": "u" } })
    );
    let finalizers = finalizer_patch(&recorded, true).unwrap();
    let expected = json!({ "uid": "u", "resourceVersion": "7", "finalizers": ["finalizers.fluxcd.io"] });
    assert_eq!(finalizers["metadata"], expected);
    assert_eq!(finalizer_patch(&recorded, false), None);
}

#[test]
fn the_whole_status_keeps_what_others_wrote_into_it() {
    let recorded = object(&json!({
        "url": "old", "observedGeneration": 1, "ofTheFuture": { "a": [1] },
        "conditions": [{ "type": "Ready" }, { "type": "Foreign" }],
    }));
    let difference = json!({ "url": null, "observedGeneration": 2 });

    let whole = StatusChange { of: Arc::new(recorded), difference }.status();

    assert_eq!(
        whole,
        json!({
            "observedGeneration": 2, "ofTheFuture": { "a": [1] },
            "conditions": [{ "type": "Ready" }, { "type": "Foreign" }],
        })
    );
}

#[test]
fn the_first_status_is_the_change() {
    let change = StatusChange { of: Arc::new(object(&json!(null))), difference: json!({ "url": "u" }) };

    assert_eq!(change.status(), json!({ "url": "u" }));
}
