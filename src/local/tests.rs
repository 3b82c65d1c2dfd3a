//! The folder from its files to the messages, with real files and a listening actor.

use std::sync::Arc;

use actix::{Actor, Context, Handler};
use sluice_actors::cluster::{ReadError, StatusChange};
use sluice_actors::watcher::{DependencyChanged, ObjectChanged};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Folder;
use crate::wiring::{Ends, Listeners};

struct Listener(mpsc::UnboundedSender<String>);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<ObjectChanged> for Listener {
    type Result = ();

    fn handle(&mut self, changed: ObjectChanged, _: &mut Context<Self>) {
        let heard = match changed {
            ObjectChanged::RelistStarted => "list".to_owned(),
            ObjectChanged::RelistFinished => "listed".to_owned(),
            ObjectChanged::Applied(object) if object.deleting => format!("deleting {}", object.key),
            ObjectChanged::Applied(object) => {
                let asked =
                    object.annotations.get("reconcile.fluxcd.io/requestedAt").map_or("", String::as_str);
                format!("applied {} {}{asked}", object.key, object.generation)
            }
            ObjectChanged::Deleted { key, .. } => format!("deleted {key}"),
        };
        self.0.send(heard).unwrap();
    }
}

impl Handler<DependencyChanged> for Listener {
    type Result = ();

    fn handle(&mut self, changed: DependencyChanged, _: &mut Context<Self>) {
        let heard = match changed {
            DependencyChanged::RelistStarted(kind) => format!("list of {kind:?}"),
            DependencyChanged::RelistFinished(kind) => format!("listed {kind:?}"),
            DependencyChanged::Applied { dependency, .. } => {
                format!("applied {:?} {}", dependency.kind, dependency.key)
            }
            DependencyChanged::Deleted(dependency) => {
                format!("deleted {:?} {}", dependency.kind, dependency.key)
            }
        };
        self.0.send(heard).unwrap();
    }
}

struct Heard(mpsc::UnboundedReceiver<String>);

impl Heard {
    async fn next(&mut self) -> String {
        self.0.recv().await.unwrap()
    }
}

fn begin(ends: Ends) -> (Heard, CancellationToken, tokio::task::JoinHandle<()>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let listener = Listener(sender).start();
    let listeners = Listeners { objects: listener.clone().recipient(), dependencies: listener.recipient() };
    let task = tokio::spawn((ends.source)(listeners, stop.clone()));
    (Heard(receiver), stop, task)
}

fn manifest(name: &str, more: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: {name}\n{more}\
         spec:\n  url: oci://ghcr.io/org/app\n  interval: 5m\n"
    )
}

#[actix::test]
async fn objects_are_listed_and_then_every_edit_of_a_file_is_told() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs_err::write(path("a.yaml"), manifest("one", "") + "---\n" + &manifest("two", "")).unwrap();
    let (mut heard, stop, task) = begin(Folder::open(folder.path()).unwrap().ends(None));

    for expected in ["list", "applied default/one 1", "applied default/two 1", "listed"] {
        assert_eq!(heard.next().await, expected);
    }
    fs_err::write(path("b.yaml"), manifest("three", "")).unwrap();
    assert_eq!(heard.next().await, "applied default/three 1");
    let asked = manifest("one", "  annotations:\n    reconcile.fluxcd.io/requestedAt: now\n");
    fs_err::write(path("a.yaml"), asked.replace("5m", "6m") + "---\n" + &manifest("two", "")).unwrap();
    assert_eq!(heard.next().await, "applied default/one 2now");
    fs_err::remove_file(path("b.yaml")).unwrap();
    assert_eq!(heard.next().await, "deleted default/three");

    stop.cancel();
    task.await.unwrap();
}

#[actix::test]
async fn what_the_operator_writes_is_told_as_a_watch_would() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.yaml");
    fs_err::write(&path, manifest("one", "")).unwrap();
    let opened = Folder::open(folder.path()).unwrap();
    let ends = opened.ends(None);
    let writer = Arc::clone(&ends.writer);
    let key = opened.objects()[0].key.clone();
    let (mut heard, stop, task) = begin(ends);
    for expected in ["list", "applied default/one 1", "listed"] {
        assert_eq!(heard.next().await, expected);
    }

    let patch = serde_json::json!({ "metadata": { "finalizers": [sluice_actors::FINALIZER] } });
    writer.patch(&key, patch).await.unwrap();
    assert_eq!(heard.next().await, "applied default/one 1");
    let of = Arc::new(writer.get(&key).await.unwrap());
    let difference = serde_json::json!({ "observedGeneration": 1 });
    writer.change_status(&StatusChange { of, difference }).await.unwrap();
    assert_eq!(heard.next().await, "applied default/one 1");
    fs_err::remove_file(&path).unwrap();
    assert_eq!(heard.next().await, "deleting default/one");
    writer.patch(&key, serde_json::json!({ "metadata": { "finalizers": [] } })).await.unwrap();
    assert_eq!(heard.next().await, "deleted default/one");

    stop.cancel();
    task.await.unwrap();
}

#[actix::test]
async fn secrets_and_accounts_are_read_from_the_files() {
    let folder = TempDir::new().unwrap();
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: apps}\nstringData: {a: b}\n---\n\
                apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller}\nimagePullSecrets: [{name: pull}]\n";
    fs_err::write(folder.path().join("a.yml"), text).unwrap();
    let reader = Folder::open(folder.path()).unwrap().ends(None).reader;

    assert_eq!(reader.secret("apps", "pull").await.unwrap().data["a"], b"b");
    assert_eq!(reader.service_account("default", "puller").await.unwrap().image_pull_secrets, ["pull"]);
    let missing = [
        (reader.secret("default", "pull").await.map(drop), "secrets \"pull\" not found"),
        (reader.service_account("apps", "puller").await.map(drop), "serviceaccounts \"puller\" not found"),
    ];
    for (answer, text) in missing {
        assert!(matches!(answer, Err(ReadError::NotFound(said)) if said == text));
    }
}

#[actix::test]
async fn changed_secrets_and_accounts_are_told_and_those_of_the_start_are_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.yaml");
    let text = |password: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: pull}}\nstringData: {{password: {password}}}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: puller}}\n"
        )
    };
    fs_err::write(&path, text("one")).unwrap();
    let (mut heard, stop, task) = begin(Folder::open(folder.path()).unwrap().ends(None));
    for expected in ["list", "listed"] {
        assert_eq!(heard.next().await, expected);
    }

    fs_err::write(&path, text("two")).unwrap();
    assert_eq!(heard.next().await, "applied Secret default/pull");
    fs_err::remove_file(&path).unwrap();
    assert_eq!(heard.next().await, "deleted Secret default/pull");
    assert_eq!(heard.next().await, "deleted ServiceAccount default/puller");

    stop.cancel();
    task.await.unwrap();
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_with_a_sentence() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs_err::write(&file, "").unwrap();
    let refusal =
        |path: &std::path::Path| Folder::open(path).err().map(|error| format!("{error:#}")).unwrap();

    assert!(refusal(&folder.path().join("nowhere")).contains("nowhere cannot be used"));
    assert!(refusal(&file).contains("file is no folder"));
}

#[actix::test]
async fn a_problem_of_a_file_is_told_with_its_place_until_it_is_mended() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.yaml");
    fs_err::write(&path, manifest("one", "") + "---\nkind: [\n").unwrap();
    let opened = Folder::open(folder.path()).unwrap();
    let mut version = opened.version();
    let (_heard, stop, task) = begin(opened.ends(None));

    let problems = opened.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with(&format!("{}:9: ", path.display())), "{problems:?}");
    fs_err::write(&path, manifest("one", "")).unwrap();
    while !opened.problems().is_empty() {
        version.changed().await.unwrap();
    }

    stop.cancel();
    task.await.unwrap();
}
