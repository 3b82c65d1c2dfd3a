//! The definition against upstream's of 1.9, against the file in `yaml/`, and against Kubernetes' own type.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

const UPSTREAM: &str = include_str!("../fixtures/upstream_1_9.json");
const WRITTEN: &str = include_str!("../../yaml/ocirepositories.yaml");
const WEBHOOKS: &str = include_str!("../../yaml/registrywebhooks.yaml");

/// Every scalar with its path; descriptions are left out, as the fixture has none.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, path: String, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if !(name == "description" && field.is_string()) {
                    collect(field, format!("{path}/{name}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{path}/{index}"), found);
            }
        }
        Value::Number(number) => {
            found.insert(path, json!(number.as_f64()));
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            found.insert(path, value.clone());
        }
    }
}

fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
    let (theirs, ours) = (leaves(theirs), leaves(ours));
    let gone = theirs
        .iter()
        .filter(|(path, value)| ours.get(*path) != Some(*value))
        .map(|(p, v)| format!("- {p}: {v}"));
    let new = ours
        .iter()
        .filter(|(path, value)| theirs.get(*path) != Some(*value))
        .map(|(p, v)| format!("+ {p}: {v}"));
    gone.chain(new).collect()
}

fn versions(definition: &Value) -> &Vec<Value> {
    definition["spec"]["versions"].as_array().expect("a definition has versions")
}

#[test]
fn v1_differs_from_upstream_exactly_where_a_decision_says_so() {
    let upstream: Value = serde_json::from_str(UPSTREAM).unwrap();

    let ours = sluice_crds::definition();
    let found = differences(&versions(&upstream)[0], &versions(&ours)[0]);

    let schema = "/schema/openAPIV3Schema/properties";
    let expected = [
        format!("- {schema}/spec/properties/provider/default: \"generic\""),
        format!("- {schema}/spec/properties/timeout/default: \"60s\""),
        format!("+ {schema}/spec/properties/artifact/properties/path/type: \"string\""),
        format!("+ {schema}/spec/properties/artifact/type: \"object\""),
        format!("+ {schema}/spec/properties/ref/properties/branch/type: \"string\""),
        format!("+ {schema}/status/properties/sourceVerificationFingerprint/type: \"string\""),
    ];
    assert_eq!(found, expected);
}

#[test]
fn everything_but_the_versions_is_upstreams_without_the_mark_of_its_generator() {
    let mut upstream: Value = serde_json::from_str(UPSTREAM).unwrap();
    let mut ours = sluice_crds::definition();
    upstream["spec"]["versions"] = Value::Null;
    ours["spec"]["versions"] = Value::Null;

    let found = differences(&upstream, &ours);

    assert_eq!(found, ["- /metadata/annotations/controller-gen.kubebuilder.io/version: \"v0.21.0\""]);
}

#[test]
fn v1beta2_is_v1_but_deprecated_and_never_stored() {
    let ours = sluice_crds::definition();
    let [newer, older] = versions(&ours).as_slice() else { panic!("there are two versions") };

    let found = differences(newer, older);

    let expected = [
        "- /name: \"v1\"",
        "- /storage: true",
        "+ /deprecated: true",
        "+ /deprecationWarning: \"v1beta2 OCIRepository is deprecated, upgrade to v1\"",
        "+ /name: \"v1beta2\"",
        "+ /storage: false",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_files_in_yaml_are_what_crdgen_writes() {
    assert!(
        [WRITTEN, WEBHOOKS] == sluice_crds::manifests().each_ref().map(|(_, text)| text.as_str()),
        "crds/yaml is stale; run: cargo run -p sluice-crds --bin crdgen"
    );
}

#[test]
fn kubernetes_own_type_keeps_every_word_of_a_definition() {
    for text in [WRITTEN, WEBHOOKS] {
        let file: Value = serde_yaml::from_str(text).unwrap();

        let typed: CustomResourceDefinition = serde_json::from_value(file.clone()).unwrap();

        let kept = serde_json::to_value(typed).unwrap();
        assert_eq!(differences(&file, &kept), [""; 0]);
    }
}

#[test]
fn kubectl_explain_has_words_for_every_field() {
    for ours in [sluice_crds::definition(), sluice_crds::webhook_definition()] {
        let schema = &versions(&ours)[0]["schema"]["openAPIV3Schema"];

        let mut silent = Vec::new();
        find_silent(schema, "", &mut silent);

        assert_eq!(silent, ["/metadata"], "the API server describes metadata itself");
    }
}

fn find_silent(schema: &Value, path: &str, silent: &mut Vec<String>) {
    if schema.get("description").is_none() {
        silent.push(path.to_owned());
    }
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        find_silent(field, &format!("{path}/{name}"), silent);
    }
    if let Some(items) = schema.get("items").filter(|items| items.get("properties").is_some()) {
        find_silent(items, &format!("{path}[]"), silent);
    }
}

#[test]
fn an_object_reads_as_in_progress_before_its_first_pass() {
    let ours = sluice_crds::definition();
    for version in versions(&ours) {
        let status = &version["schema"]["openAPIV3Schema"]["properties"]["status"];
        assert_eq!(status["default"], json!({ "observedGeneration": -1 }));
    }
}
