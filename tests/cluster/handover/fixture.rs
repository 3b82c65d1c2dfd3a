//! The objects of `tests/fixtures/handover`, with their words filled in.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::published::{Published, content};
use crate::support::api::{Namespace, artifact, condition, is_ready};
use crate::support::manifest::{documents, replaced};

/// What the words of every object stand for.
pub(super) struct Places {
    pub(super) registry: String,
    pub(super) operator: String,
    pub(super) namespace: String,
    pub(super) elsewhere: String,
}

/// One object as source-controller leaves it.
pub(super) struct Fixture {
    /// With `metadata.generation`, finalizers and status.
    pub(super) object: Value,
}

/// Names of the objects, in order.
pub(super) fn names() -> Vec<String> {
    let mut paths: Vec<_> =
        folder("objects").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// A folder of the fixtures.
pub(super) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/handover").join(name)
}

impl Fixture {
    /// The object of this name, whose stored file has this digest and size.
    pub(super) fn of(name: &str, places: &Places, published: &Published, stored: (&str, usize)) -> Self {
        let text = std::fs::read_to_string(folder("objects").join(format!("{name}.yaml"))).unwrap();
        let (digest, size) = stored;
        let words = [
            ("${registry}", &*places.registry),
            ("${operator}", &places.operator),
            ("${namespace}", &places.namespace),
            ("${elsewhere}", &places.elsewhere),
            ("${manifest}", &published.manifest),
            ("${created}", &published.created),
            ("${digest}", digest),
        ];
        let template = documents(&text).remove(0);
        let mut object =
            words.iter().fold(template, |object, (word, meaning)| replaced(object, word, meaning));
        if let Some(bytes) = object.pointer_mut("/status/artifact/size") {
            *bytes = size.into();
        }
        Self { object }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// The name of its namespace.
    pub(super) fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// The path of its file below the storage root, if it has one.
    pub(super) fn path(&self) -> Option<&str> {
        self.object.pointer("/status/artifact/path")?.as_str()
    }

    /// The revision of its artifact.
    pub(super) fn revision(&self) -> &str {
        self.text("/status/artifact/revision")
    }

    /// URL and digest of its artifact.
    pub(super) fn artifact(&self) -> (&str, &str) {
        artifact(&self.object)
    }

    /// The repository that it reads.
    pub(super) fn repository(&self) -> &str {
        self.text("/spec/url").splitn(4, '/').last().unwrap_or_default()
    }

    /// Whether it is Ready.
    pub(super) fn is_ready(&self) -> bool {
        is_ready(&self.object)
    }

    /// Whether its owner paused it.
    pub(super) fn is_suspended(&self) -> bool {
        self.object["spec"]["suspend"] == true
    }

    /// Whether its artifact is the very layer.
    pub(super) fn copies(&self) -> bool {
        self.object["spec"]["layerSelector"]["operation"] == "copy"
    }

    /// Whether it asks the registry at every interval.
    pub(super) fn polls(&self) -> bool {
        self.is_ready() && !self.is_suspended() && self.object["spec"]["ref"]["digest"].is_null()
    }

    /// The files of `content/` that are in its artifact: all, or those that its rule `*.txt` leaves.
    pub(super) fn content(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = content();
        if self.object["spec"]["ignore"].is_string() {
            files.retain(|(path, _)| Path::new(path).extension().is_none_or(|extension| extension != "txt"));
        }
        files
    }

    /// What a user applied first: not paused, and not asked for.
    pub(super) fn first_manifest(&self) -> Value {
        let mut manifest = self.manifest();
        manifest["spec"].as_object_mut().unwrap().remove("suspend");
        manifest["metadata"].as_object_mut().unwrap().remove("annotations");
        manifest
    }

    /// What the user's part of it is.
    pub(super) fn manifest(&self) -> Value {
        let mut manifest = self.object.clone();
        manifest.as_object_mut().unwrap().remove("status");
        for field in ["generation", "finalizers"] {
            manifest["metadata"].as_object_mut().unwrap().remove(field);
        }
        manifest
    }

    /// The text of its failure.
    pub(super) fn failure(&self) -> &str {
        condition(&self.object, "Ready")["message"].as_str().unwrap()
    }

    /// Applies it as its owner did.
    pub(super) async fn apply(&self, namespace: &Namespace) {
        namespace.apply(&self.first_manifest()).await;
        namespace.apply(&self.manifest()).await;
    }

    fn text(&self, pointer: &str) -> &str {
        self.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}
