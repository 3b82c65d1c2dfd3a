//! What a status says, and what is written of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_crds::LastDelivery;

use super::{Standing, patch, status};
use crate::receiver::hook::Problem;
use crate::receiver::webhook::Webhook;

const NOW: &str = "2026-01-02T03:04:05Z";

fn webhook(status: &Value) -> Webhook {
    let object = json!({
        "metadata": {
            "name": "hook", "namespace": "team", "uid": "one", "resourceVersion": "7", "generation": 2,
        },
        "spec": { "type": "generic-hmac", "secretRef": { "name": "hook" } },
        "status": status,
    });
    Webhook::parse(&object).unwrap()
}

fn listening() -> Standing {
    let path: Result<_, Problem> = Ok("/hook/aa".to_owned());
    path.map(|path| (path, "deliveries are taken".to_owned()))
}

fn nothing() -> BTreeMap<String, i64> {
    BTreeMap::new()
}

#[test]
fn what_is_recorded_is_not_written_again() {
    let first = status(&webhook(&Value::Null), &listening(), &nothing(), None, NOW);
    let recorded = webhook(&json!(first));

    let again = status(&recorded, &listening(), &nothing(), None, "2026-01-02T09:09:09Z");

    assert_eq!(patch(&recorded, &again), None);
    assert!(patch(&webhook(&Value::Null), &first).is_some());
}

#[test]
fn counts_are_added_to_those_of_other_replicas() {
    let recorded = webhook(&json!({ "deliveries": { "accepted": 3, "ignored": 1 } }));
    let counted = BTreeMap::from([("accepted".to_owned(), 2), ("malformed".to_owned(), 1)]);

    let status = status(&recorded, &listening(), &counted, None, NOW);

    let sums: Vec<_> = status.deliveries.iter().map(|(ending, sum)| (ending.as_str(), *sum)).collect();
    assert_eq!(sums, [("accepted", 5), ("ignored", 1), ("malformed", 1)]);
}

#[test]
fn a_hook_that_takes_nothing_says_why_and_keeps_its_path() {
    let before = status(&webhook(&Value::Null), &listening(), &nothing(), None, NOW);
    let problem = Problem::new("SecretNotFound", "the Secret team/hook is not there");

    let after = status(&webhook(&json!(before)), &Err(problem), &nothing(), None, "2026-01-03T00:00:00Z");

    assert_eq!(after.path.as_deref(), Some("/hook/aa"));
    let ready = &after.conditions[0];
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "SecretNotFound"));
    assert_eq!(ready.last_transition_time, "2026-01-03T00:00:00Z");
    assert_eq!(ready.observed_generation, Some(2));
}

#[test]
fn a_record_leaves_nothing_of_the_one_before() {
    let delivery = |pushes: &[&str]| LastDelivery {
        time: NOW.to_owned(),
        result: "accepted".to_owned(),
        message: String::new(),
        pushes: pushes.iter().map(|&push| push.to_owned()).collect(),
        woken: 0,
        objects: Vec::new(),
    };
    let before = status(&webhook(&Value::Null), &listening(), &nothing(), Some(delivery(&["a:1"])), NOW);
    let recorded = webhook(&json!(before));
    let after = status(&recorded, &listening(), &nothing(), Some(delivery(&[])), NOW);

    let patch = patch(&recorded, &after).unwrap();

    assert_eq!(patch.pointer("/status/lastDelivery/pushes"), Some(&Value::Null));
    assert_eq!(patch.pointer("/metadata/resourceVersion"), Some(&json!("7")));
}
