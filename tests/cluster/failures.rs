//! Failures that no registry causes: a disk that is full or broken, rules without measure, a definition that drops a field.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::{artifact, condition, resource};
use crate::support::bench::Bench;
use crate::support::files::{below, noise};
use crate::support::manifest::repository;
use crate::support::operator::Operator;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_disk_that_is_full_keeps_the_artifact_and_is_used_as_soon_as_there_is_room),
        bench.trial(a_storage_that_is_broken_in_one_place_fails_who_needs_it_until_it_is_mended),
        bench.trial(files_that_cannot_be_removed_keep_a_deleted_object_until_they_can),
        bench.trial(ignore_rules_without_measure_and_a_platform_that_is_none_are_told),
        bench.trial(a_definition_that_drops_a_field_of_ours_stalls_who_used_it_and_keeps_the_artifact),
    ]
}

const FILES: &[(&str, &[u8])] = &[("a.yaml", b"a: 1\n")];

/// A file that would become larger is refused with an error, not with the end of the process.
const REFUSING: [&str; 3] = ["/bin/sh", "-c", "trap '' XFSZ && exec \"$0\" \"$@\""];

/// The storage failed, Ready says so in the same words, and another attempt is to come.
fn is_failed(object: &Value, reason: &str, message: &str) {
    let failed = condition(object, "StorageOperationFailed");
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("True"), &json!(reason)), "{object:#}");
    let text = failed["message"].as_str().unwrap();
    assert!(text.starts_with(message), "{text}");
    let ready = condition(object, "Ready");
    assert_eq!((&ready["reason"], &ready["message"]), (&failed["reason"], &failed["message"]));
    assert_eq!(condition(object, "Reconciling")["reason"], "ProgressingWithRetry");
    assert!(condition(object, "Stalled").is_null() && condition(object, "FetchFailed").is_null());
}

async fn a_disk_that_is_full_keeps_the_artifact_and_is_used_as_soon_as_there_is_room(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let second = registry.push("app:v2", &[("noise", &noise(3 << 20, 5))]).await;
    let release = scene.release(&json!({})).await;
    let kubeconfig = release.place(scene.plane().await).await;
    let mut operator = Operator::new(&scene.folder("operator"), &kubeconfig, &release);
    operator.run_by(&REFUSING);
    operator.resume().await;
    let namespace = &scene.namespace;
    let app =
        |tag: &str| repository("app", &format!("{}/app", registry.host()), &json!({"ref": {"tag": tag}}));
    namespace.apply(&app("v1")).await;
    let before = namespace.until_ready("app").await;

    operator.limit_files(Some(2 << 20));
    namespace.apply(&app("v2")).await;
    let message = "unable to archive artifact to storage: ";
    let object = namespace.until_failed("app", message).await;

    is_failed(&object, "ArchiveOperationFailed", message);
    let ready = condition(&object, "Ready")["message"].as_str().unwrap();
    assert!(ready.contains("File too large"), "{ready}");
    assert_eq!(condition(&object, "ArtifactOutdated")["status"], "True");
    assert_eq!(object["status"]["artifact"], before["status"]["artifact"]);
    let (url, digest) = artifact(&object);
    scene.tools.consume(url, digest, &scene.folder("meanwhile")).await.unwrap();
    let event = namespace.until_event("app", "ArchiveOperationFailed").await;
    assert_eq!(
        (&event["type"], &event["message"]),
        (&json!("Warning"), &condition(&object, "Ready")["message"])
    );

    operator.limit_files(None);
    namespace.until_revision("app", &format!("v2@{second}")).await;
    assert_eq!(below(&operator.data().join(".sluice/spool")), Vec::<std::path::PathBuf>::new());
}

async fn a_storage_that_is_broken_in_one_place_fails_who_needs_it_until_it_is_mended(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let operator = scene.operator().await;
    let namespace = &scene.namespace;
    let app =
        |name: &str| repository(name, &format!("{}/app", registry.host()), &json!({"ref": {"tag": "v1"}}));
    for name in ["healthy", "looped"] {
        namespace.apply(&app(name)).await;
    }
    let healthy = namespace.until_ready("healthy").await;
    let looped = namespace.until_ready("looped").await;
    let blocked = operator.artifacts("blocked");
    std::fs::write(&blocked, b"a file where a folder has to be").unwrap();
    let found = lost(&operator.artifacts("looped"));

    namespace.apply(&app("blocked")).await;
    namespace.poke("looped", "while it cannot be reached").await;

    let object = namespace.until_failed("blocked", "failed to create artifact directory: ").await;
    is_failed(&object, "DirectoryCreationFailed", "failed to create artifact directory: ");
    let object = namespace.until_failed("looped", "failed to stat 'ocirepository/").await;
    is_failed(&object, "StatOperationFailed", "failed to stat 'ocirepository/");
    assert_eq!(object["status"]["artifact"], looped["status"]["artifact"]);
    assert_eq!(namespace.object("healthy").await, healthy);

    std::fs::remove_file(&blocked).unwrap();
    found();
    for name in ["blocked", "looped"] {
        namespace.until_ready(name).await;
    }
}

async fn files_that_cannot_be_removed_keep_a_deleted_object_until_they_can(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let operator = scene.operator().await;
    let namespace = &scene.namespace;
    let app = repository("app", &format!("{}/app", registry.host()), &json!({"ref": {"tag": "v1"}}));
    namespace.apply(&app).await;
    namespace.until_ready("app").await;
    let folder = operator.artifacts("app");
    let found = lost(folder.parent().unwrap());

    namespace.delete("app").await;
    let event = namespace.until_event("app", "GarbageCollectionFailed").await;

    let message = event["message"].as_str().unwrap();
    let head = "garbage collection for deleted resource failed: failed to remove directory 'ocirepository/";
    assert!(message.starts_with(head), "{message}");
    assert_eq!(event["type"], "Warning");
    let object = namespace.object("app").await;
    assert_eq!(object["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));

    found();
    namespace.until("app", "end", Value::is_null).await;
    assert!(!folder.exists());
}

async fn ignore_rules_without_measure_and_a_platform_that_is_none_are_told(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let patterns = "!/never-there\n".repeat(80_000);
    let sourceignore = (".sourceignore", patterns.as_bytes());
    registry.push("app:ruled", &[sourceignore, FILES[0]]).await;
    let _operator = scene.operator().await;
    let namespace = &scene.namespace;
    let url = format!("{}/app", registry.host());
    for name in ["ruled", "odd"] {
        namespace.apply(&repository(name, &url, &json!({"ref": {"tag": "v1"}}))).await;
    }
    let ruled = namespace.until_ready("ruled").await;
    let odd = namespace.until_ready("odd").await;

    namespace.change("ruled", json!({"spec": {"ref": {"tag": "ruled"}}})).await;
    let platform = json!({"metadata": {"annotations": {"sluice.dev/platform": "arm"}}});
    namespace.change("odd", platform).await;

    let event = namespace.until_event("ruled", "SourceIgnoreError").await;
    let message = "failed to load source ignore patterns from repository: ignore rules are too large: more than 1048576 \
                   bytes";
    assert_eq!((&event["type"], event["message"].as_str().unwrap()), (&json!("Warning"), message));
    let object = namespace.until("ruled", "another attempt to come", |object| {
        condition(object, "Reconciling")["reason"] == "ProgressingWithRetry"
    });
    let object = object.await;
    assert_eq!(condition(&object, "Ready")["status"], "False");
    assert!(condition(&object, "FetchFailed").is_null() && condition(&object, "Stalled").is_null());
    assert_eq!(object["status"]["artifact"], ruled["status"]["artifact"]);

    let message = "the annotation sluice.dev/platform is 'arm', which is no os/architecture[/variant]";
    let object = namespace.until_failed("odd", message).await;
    for kind in ["Stalled", "Ready"] {
        let told = condition(&object, kind);
        assert_eq!((&told["reason"], &told["message"]), (&json!("UnsupportedField"), &json!(message)));
    }
    assert_eq!(object["status"]["artifact"], odd["status"]["artifact"]);
}

async fn a_definition_that_drops_a_field_of_ours_stalls_who_used_it_and_keeps_the_artifact(scene: Scene) {
    let registry = scene.registry().await;
    let first = registry.push("app:main", FILES).await;
    registry.push("app:latest", &[("a.yaml", b"a: 2\n")]).await;
    let (plane, namespace) = scene.another_plane().await;
    let release = scene.release(&json!({})).await;
    let kubeconfig = release.place(&plane).await;
    let _operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    let app = repository("app", &format!("{}/app", registry.host()), &json!({"ref": {"branch": "main"}}));
    namespace.apply(&app).await;
    namespace.until_revision("app", &format!("main@{first}")).await;
    let generation = namespace.change("app", json!({"spec": {"interval": "59m"}})).await;
    let observed = |object: &Value| object["status"]["observedGeneration"] == generation;
    let before = namespace.until("app", "pass without a new artifact", observed).await;

    let theirs: Value = serde_json::from_str(UPSTREAM).unwrap();
    let kind = resource("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let definitions = Api::<DynamicObject>::all_with(plane.client().await, &kind);
    let name = theirs["metadata"]["name"].as_str().unwrap();
    let parameters = PatchParams::apply("flux").force();
    definitions.patch(name, &parameters, &Patch::Apply(&theirs)).await.unwrap();
    namespace.until("app", "loss of the branch", |object| object["spec"]["ref"]["branch"].is_null()).await;
    namespace.poke("app", "after the loss").await;

    let message = "spec.ref.branch has vanished without a new generation";
    let object = namespace.until_failed("app", message).await;
    for kind in ["Stalled", "Ready"] {
        assert_eq!(condition(&object, kind)["reason"], "FieldPruned", "{object:#}");
    }
    assert_eq!(object["status"]["artifact"], before["status"]["artifact"]);
    let (url, digest) = artifact(&object);
    scene.tools.consume(url, digest, &scene.folder("meanwhile")).await.unwrap();
}

const UPSTREAM: &str = include_str!("../../crds/tests/fixtures/upstream_1_9.json");

/// Puts a link that leads to itself in the place of a folder: nothing below it can be reached until the returned function
/// is called.
fn lost(folder: &Path) -> impl FnOnce() + use<> {
    let (folder, aside) = (folder.to_owned(), folder.with_extension("aside"));
    std::fs::rename(&folder, &aside).unwrap();
    symlink(folder.file_name().unwrap(), &folder).unwrap();
    move || {
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&aside, &folder).unwrap();
    }
}
