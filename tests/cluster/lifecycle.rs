//! The life of an object: new pushes, changes while a fetch runs, suspension, deletion.

use std::sync::Arc;

use hyper::Method;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::artifact;
use crate::support::bench::Bench;
use crate::support::files::{artifacts_in, noise};
use crate::support::manifest::repository;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_new_push_is_taken_at_the_interval),
        bench.trial(a_new_push_is_taken_when_asked_for),
        bench.trial(a_spec_change_ends_the_fetch_that_hangs),
        bench.trial(a_deletion_ends_the_fetch_that_hangs),
        bench.trial(a_suspended_object_is_left_alone_until_it_is_resumed),
        bench.trial(a_deleted_object_leaves_neither_files_nor_finalizer),
        bench.trial(an_operator_that_is_asked_to_end_gives_up_a_transfer_that_hangs),
        bench.trial(an_operator_that_is_asked_to_end_while_it_publishes_leaves_nothing_half_done),
    ]
}

const ONE: &[(&str, &[u8])] = &[("a.yaml", b"a: 1\n")];
const TWO: &[(&str, &[u8])] = &[("a.yaml", b"a: 2\n")];

async fn a_new_push_is_taken_at_the_interval(scene: Scene) {
    let registry = scene.registry().await;
    let _operator = scene.operator().await;
    let first = registry.push("app:main", ONE).await;
    let spec = json!({"ref": {"tag": "main"}, "interval": "1s"});
    scene.namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    scene.namespace.until_revision("app", &format!("main@{first}")).await;

    let second = registry.push("app:main", TWO).await;

    let object = scene.namespace.until_revision("app", &format!("main@{second}")).await;
    let (url, digest) = artifact(&object);
    scene.tools.consume(url, digest, &scene.folder("consumed")).await.unwrap();
}

async fn a_new_push_is_taken_when_asked_for(scene: Scene) {
    let registry = scene.registry().await;
    let _operator = scene.operator().await;
    let first = registry.push("app:main", ONE).await;
    let spec = json!({"ref": {"tag": "main"}});
    scene.namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    scene.namespace.until_revision("app", &format!("main@{first}")).await;
    let second = registry.push("app:main", TWO).await;

    let object = scene.namespace.poked("app", "now").await;

    assert_eq!(object["status"]["artifact"]["revision"], format!("main@{second}"));
}

async fn a_spec_change_ends_the_fetch_that_hangs(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("slow:v1", ONE).await;
    let second = registry.push("quick:v2", TWO).await;
    let gate = scene.gate(&registry).await;
    let operator = scene.operator().await;
    let hold = gate.hold_after(20, Method::GET, "/slow/blobs/");
    let spec = json!({"ref": {"tag": "v1"}});
    scene.namespace.apply(&repository("app", &format!("{}/slow", gate.host()), &spec)).await;
    hold.reached(1).await;

    let changed = json!({"spec": {"url": format!("oci://{}/quick", gate.host()), "ref": {"tag": "v2"}}});
    let generation = scene.namespace.change("app", changed).await;

    let object = scene.namespace.until_revision("app", &format!("v2@{second}")).await;
    assert_eq!(object["status"]["observedGeneration"], generation);
    assert_eq!(artifacts_in(&operator.artifacts("app")), [format!("{second}.tar.gz")]);
}

async fn a_deletion_ends_the_fetch_that_hangs(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("app:v1", ONE).await;
    let gate = scene.gate(&registry).await;
    let operator = scene.operator().await;
    let hold = gate.hold_after(20, Method::GET, "/blobs/");
    let spec = json!({"ref": {"tag": "v1"}});
    scene.namespace.apply(&repository("app", &format!("{}/app", gate.host()), &spec)).await;
    hold.reached(1).await;

    scene.namespace.delete("app").await;

    scene.namespace.until("app", "deletion", Value::is_null).await;
    assert!(!operator.artifacts("app").exists());
}

async fn a_suspended_object_is_left_alone_until_it_is_resumed(scene: Scene) {
    let registry = scene.registry().await;
    let _operator = scene.operator().await;
    let first = registry.push("app:main", ONE).await;
    registry.push("other:main", ONE).await;
    let namespace = &scene.namespace;
    let spec = json!({"ref": {"tag": "main"}});
    for name in ["app", "other"] {
        namespace.apply(&repository(name, &format!("{}/{name}", registry.host()), &spec)).await;
        namespace.until_ready(name).await;
    }
    namespace.change("app", json!({"spec": {"suspend": true}})).await;
    let second = registry.push("app:main", TWO).await;
    let mark = registry.mark();

    namespace.poke("app", "in vain").await;
    namespace.poked("other", "after it").await;

    let object = namespace.object("app").await;
    assert_eq!(object["status"]["artifact"]["revision"], format!("main@{first}"));
    let asked: Vec<_> = registry.since(mark).into_iter().filter(|line| line.contains("/app/")).collect();
    assert_eq!(asked, Vec::<String>::new());

    namespace.change("app", json!({"spec": {"suspend": false}})).await;
    namespace.until_revision("app", &format!("main@{second}")).await;
}

async fn a_deleted_object_leaves_neither_files_nor_finalizer(scene: Scene) {
    let registry = scene.registry().await;
    let operator = scene.operator().await;
    let digest = registry.push("app:v1", ONE).await;
    let spec = json!({"ref": {"tag": "v1"}});
    scene.namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    let object = scene.namespace.until_ready("app").await;
    assert_eq!(object["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));
    let path = format!("ocirepository/{}/app/{digest}.tar.gz", scene.namespace.name);
    assert_eq!(operator.get(&path).await.status(), 200);

    scene.namespace.delete("app").await;

    scene.namespace.until("app", "deletion", Value::is_null).await;
    assert!(!operator.artifacts("app").exists());
    let answer = operator.get(&path).await;
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (404, "404 page not found\n")
    );
}

async fn an_operator_that_is_asked_to_end_gives_up_a_transfer_that_hangs(scene: Scene) {
    let registry = scene.registry().await;
    let digest = registry.push("app:v1", ONE).await;
    let gate = scene.gate(&registry).await;
    let mut operator = scene.operator().await;
    let hold = gate.hold_after(20, Method::GET, "/blobs/");
    let spec = json!({"ref": {"tag": "v1"}});
    scene.namespace.apply(&repository("app", &format!("{}/app", gate.host()), &spec)).await;
    hold.reached(1).await;

    assert_eq!(operator.terminate().await, 0);

    drop(hold);
    operator.resume().await;
    scene.namespace.until_revision("app", &format!("v1@{digest}")).await;
}

async fn an_operator_that_is_asked_to_end_while_it_publishes_leaves_nothing_half_done(scene: Scene) {
    let registry = scene.registry().await;
    let digest = registry.push("app:v1", &[("noise", &noise(16 << 20, 3))]).await;
    let mut operator = scene.operator().await;
    let spec = json!({"ref": {"tag": "v1"}});
    scene.namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    while !operator.is_writing_an_artifact() {
        tokio::task::yield_now().await;
    }

    assert_eq!(operator.terminate().await, 0);

    assert!(!operator.is_writing_an_artifact());
    operator.resume().await;
    let object = scene.namespace.until_revision("app", &format!("v1@{digest}")).await;
    assert_eq!(artifacts_in(&operator.artifacts("app")), [format!("{digest}.tar.gz")]);
    let (url, digest) = artifact(&object);
    scene.tools.consume(url, digest, &scene.folder("consumed")).await.unwrap();
}
