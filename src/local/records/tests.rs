//! Lives of objects: what the folder, the operator and a restart make of them.

use std::path::Path;

use serde_json::{Value, json};
use sluice_actors::cluster::WriteError;
use sluice_actors::watcher::ObjectChanged;
use sluice_actors::{FINALIZER, Key};
use tempfile::TempDir;

use super::Records;
use crate::local::contents::{Content, Contents, content};
use crate::local::disk::Disk;

struct Scene {
    folder: TempDir,
    records: Option<Records>,
    key: Key,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let records = Some(opened(folder.path()));
        Self { folder, records, key: Key::new("default", "podinfo") }
    }

    fn records(&self) -> &Records {
        self.records.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.records = None;
        self.records = Some(opened(self.folder.path()));
    }

    fn declare(&self, interval: &str, annotation: &str) {
        let text = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: podinfo\n  \
             annotations: {{a: \"{annotation}\"}}\nspec: {{url: oci://ghcr.io/org/podinfo, interval: {interval}}}\n"
        );
        self.records().declare(&contents(&text)).unwrap();
    }

    fn remove(&self) {
        self.records().declare(&Contents::default()).unwrap();
    }

    fn object(&self) -> Value {
        self.records().get(&self.key).unwrap()
    }

    fn patch(&self, finalizers: &Value) -> Result<Value, WriteError> {
        self.records().patch(&self.key, &json!({ "metadata": { "finalizers": finalizers } }))
    }

    fn is_on_disk(&self) -> bool {
        self.folder.path().join(".status/default/podinfo.yaml").exists()
    }

    fn changes(&self) -> Vec<String> {
        let told = |change| match change {
            ObjectChanged::Applied(object) if object.deleting => format!("deleting {}", object.generation),
            ObjectChanged::Applied(object) => format!("applied {}", object.generation),
            ObjectChanged::Deleted { .. } => "deleted".to_owned(),
            ObjectChanged::RelistStarted | ObjectChanged::RelistFinished => "list".to_owned(),
        };
        self.records().changes().into_iter().map(told).collect()
    }
}

fn opened(folder: &Path) -> Records {
    Records::open(Disk::open(folder).unwrap()).unwrap()
}

fn contents(text: &str) -> Contents {
    let file = content(Ok(text.to_owned()), Content::default());
    Contents::of([("a.yaml", &file)].into_iter())
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

fn version(object: &Value) -> u64 {
    text(object, "resourceVersion").parse().unwrap()
}

#[test]
fn the_generation_grows_with_the_spec_alone() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    let first = scene.object();
    assert_eq!(
        (&first["metadata"]["generation"], scene.changes()),
        (&json!(1), vec!["applied 1".to_owned()])
    );

    scene.declare("5m", "x");
    assert_eq!((scene.object(), scene.changes()), (first.clone(), Vec::new()));

    scene.declare("5m", "y");
    let second = scene.object();
    assert_eq!(second["metadata"]["annotations"]["a"], "y");
    assert_eq!((version(&second) > version(&first), scene.changes()), (true, vec!["applied 1".to_owned()]));

    scene.declare("6m", "y");
    assert_eq!(
        (text(&scene.object(), "uid"), scene.changes()),
        (text(&first, "uid"), vec!["applied 2".to_owned()])
    );
}

#[test]
fn a_restart_finds_everything_as_it_was() {
    let mut scene = Scene::new();
    scene.declare("5m", "x");
    scene.declare("6m", "x");
    scene.patch(&json!([FINALIZER])).unwrap();
    let status = json!({ "status": { "observedGeneration": 2, "artifact": { "revision": "1e3@sha256:00", "size": 7 } } });
    scene.records().patch_status(&scene.key, &status).unwrap();
    let before = scene.object();

    scene.restart();
    scene.declare("6m", "x");

    assert_eq!((scene.object(), scene.changes()), (before.clone(), Vec::new()));
    scene.declare("7m", "x");
    assert_eq!(scene.object()["metadata"]["generation"], 3);
    assert!(version(&scene.object()) > version(&before));
}

#[test]
fn an_object_that_is_held_is_shown_as_deleting_until_it_is_let_go() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    scene.patch(&json!([FINALIZER, "example.com/other"])).unwrap();
    scene.changes();

    scene.remove();
    scene.remove();
    assert_eq!(scene.changes(), ["deleting 2"]);
    assert!(!text(&scene.object(), "deletionTimestamp").is_empty());

    scene.patch(&json!(["example.com/other"])).unwrap();
    assert_eq!(scene.changes(), ["deleting 2"]);
    let last = scene.patch(&Value::Null).unwrap();
    assert_eq!((scene.changes(), scene.is_on_disk()), (vec!["deleted".to_owned()], false));
    assert!(!text(&last, "uid").is_empty());
    assert!(matches!(scene.records().get(&scene.key), Err(WriteError::Gone)));
}

#[test]
fn an_object_that_nothing_holds_is_gone_at_once() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    assert!(scene.is_on_disk());
    scene.changes();

    scene.remove();

    assert_eq!((scene.changes(), scene.is_on_disk()), (vec!["deleted".to_owned()], false));
}

#[test]
fn an_object_that_comes_back_begins_a_new_life_after_the_old_one() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    scene.patch(&json!([FINALIZER])).unwrap();
    let first = scene.object();
    scene.remove();
    scene.declare("7m", "x");
    assert_eq!(text(&scene.object(), "uid"), text(&first, "uid"));
    assert!(!text(&scene.object(), "deletionTimestamp").is_empty());
    scene.changes();

    scene.patch(&json!([])).unwrap();

    let second = scene.object();
    assert_ne!(text(&second, "uid"), text(&first, "uid"));
    assert_eq!((&second["metadata"]["generation"], &second["spec"]["interval"]), (&json!(1), &json!("7m")));
    assert_eq!(scene.changes(), ["deleted", "applied 1"]);
    let stale = json!({ "metadata": { "uid": text(&first, "uid") }, "status": {} });
    assert!(matches!(scene.records().patch_status(&scene.key, &stale), Err(WriteError::Gone)));
}

#[test]
fn an_object_that_was_removed_during_a_stop_is_deleted_at_the_start() {
    let mut scene = Scene::new();
    scene.declare("5m", "x");
    scene.patch(&json!([FINALIZER])).unwrap();

    scene.restart();
    scene.remove();

    assert_eq!(scene.changes(), ["deleting 2"]);
    scene.restart();
    scene.remove();
    assert!(scene.changes().is_empty());
    scene.patch(&json!([])).unwrap();
    assert_eq!(scene.changes(), ["deleted"]);
}

#[test]
fn an_object_whose_file_does_not_parse_at_the_start_stays_as_it_was() {
    let mut scene = Scene::new();
    scene.declare("5m", "x");
    let before = scene.object();

    scene.restart();
    scene.records().declare(&contents("a: [")).unwrap();

    assert_eq!((scene.object(), scene.changes()), (before, Vec::new()));
}

#[test]
fn a_status_is_merged_and_one_that_changes_nothing_is_no_change() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    let patch =
        |status: Value| scene.records().patch_status(&scene.key, &json!({ "status": status })).unwrap();
    patch(json!({ "url": "u", "conditions": [{ "type": "Ready" }] }));
    scene.changes();

    let first = patch(json!({ "url": null, "observedGeneration": 1 }));
    let expected = json!({ "conditions": [{ "type": "Ready" }], "observedGeneration": 1 });
    assert_eq!((&first["status"], scene.changes()), (&expected, vec!["applied 1".to_owned()]));
    assert_eq!((patch(json!({ "observedGeneration": 1 })), scene.changes()), (first, Vec::new()));
}

#[test]
fn a_patch_for_another_version_is_a_conflict() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    let old = text(&scene.object(), "resourceVersion").to_owned();
    scene.declare("5m", "y");

    let patch =
        json!({ "metadata": { "resourceVersion": old, "finalizers": ["a"] }, "status": { "url": "u" } });

    assert!(matches!(scene.records().patch_status(&scene.key, &patch), Err(WriteError::Conflict)));
    assert!(matches!(scene.records().patch(&scene.key, &patch), Err(WriteError::Conflict)));
    assert_eq!(scene.object()["status"], Value::Null);
}

#[test]
fn what_the_author_wrote_is_not_patched() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    let refused = |patch: Value| match scene.records().patch(&scene.key, &patch) {
        Err(WriteError::Refused(text)) => text,
        other => panic!("{other:?}"),
    };

    assert_eq!(refused(json!({ "spec": {} })), "spec can only be changed in the file a.yaml");
    assert_eq!(
        refused(json!({ "metadata": { "annotations": {} } })),
        "annotations can only be changed in the file a.yaml"
    );
    assert_eq!(refused(json!({ "metadata": { "finalizers": [1] } })), "finalizers must be a list of texts");
}

#[test]
fn nothing_new_can_hold_an_object_that_is_being_deleted() {
    let scene = Scene::new();
    scene.declare("5m", "x");
    scene.patch(&json!(["one"])).unwrap();
    scene.remove();

    assert!(matches!(scene.patch(&json!(["one", "two"])), Err(WriteError::Refused(_))));
}

#[test]
fn several_changes_of_one_object_are_told_as_one() {
    let scene = Scene::new();
    for interval in ["5m", "6m", "7m"] {
        scene.declare(interval, "x");
    }
    scene.remove();
    scene.declare("8m", "x");

    assert_eq!(scene.changes(), ["deleted", "applied 1"]);
}

#[test]
fn a_record_that_cannot_be_written_is_no_change_and_can_be_declared_again() {
    let scene = Scene::new();
    let place = scene.folder.path().join(".status/default");
    fs_err::write(&place, "in the way").unwrap();
    let declared = contents(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: podinfo}\nspec: {}\n",
    );

    assert!(scene.records().declare(&declared).is_err());
    assert!(scene.changes().is_empty());

    fs_err::remove_file(&place).unwrap();
    scene.records().declare(&declared).unwrap();
    assert_eq!(scene.changes(), ["applied 1"]);
}

#[test]
fn a_record_that_is_damaged_or_misplaced_is_left_out() {
    let mut scene = Scene::new();
    scene.declare("5m", "x");
    let path = scene.folder.path().join(".status/default/podinfo.yaml");
    fs_err::copy(&path, path.with_file_name("other.yaml")).unwrap();
    fs_err::write(path.with_file_name("broken.yaml"), "a: [").unwrap();

    scene.restart();

    let names: Vec<_> = scene.records().all().iter().map(|object| object.key.to_string()).collect();
    assert_eq!(names, ["default/podinfo"]);
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let scene = Scene::new();

    let error = Disk::open(scene.folder.path()).unwrap_err().to_string();

    assert!(error.contains("another sluice works on this folder"), "{error}");
}
