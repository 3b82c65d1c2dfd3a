//! Manifests: those of `examples/`, with a loopback registry in the place of theirs, and small ones of the tests.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::{Value, json};

/// The registry of `examples/`.
const EXAMPLE_HOST: &str = "ghcr.io";

/// Every object of `examples/`, for a registry at this address.
pub(crate) fn examples(host: &str) -> Vec<Value> {
    documents_below("examples").into_iter().map(|document| replaced(document, EXAMPLE_HOST, host)).collect()
}

/// Every YAML document below a folder of the project, in the order of file names.
pub(crate) fn documents_below(folder: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths.iter().flat_map(|path| documents(&std::fs::read_to_string(path).unwrap())).collect()
}

/// Every document of a YAML text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap()).collect()
}

/// The same document with one text in the place of another, wherever it is part of a value.
pub(crate) fn replaced(document: Value, text: &str, other: &str) -> Value {
    match document {
        Value::String(value) => value.replace(text, other).into(),
        Value::Array(items) => items.into_iter().map(|item| replaced(item, text, other)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, replaced(value, text, other))).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

/// An `OCIRepository` of `HOST/REPOSITORY`, polled every ten minutes, with more fields of its spec.
pub(crate) fn repository(name: &str, url: &str, spec: &Value) -> Value {
    let mut fields = json!({"url": format!("oci://{url}"), "interval": "10m"});
    for (field, value) in spec.as_object().expect("a spec has fields") {
        fields[field] = value.clone();
    }
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": name},
        "spec": fields,
    })
}

/// A Secret with one field.
pub(crate) fn secret(name: &str, field: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {field: value}})
}

/// A pull secret for one host.
pub(crate) fn pull_secret(name: &str, host: &str, user: &str, password: &str) -> Value {
    let config = json!({"auths": {host: {"username": user, "password": password}}});
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config.to_string()},
    })
}
