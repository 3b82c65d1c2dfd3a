//! What things cost: the ordered requests to registries, and the writes to the API server.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use hyper::Method;
use libtest_mimic::Trial;
use serde_json::json;

use crate::support::api::artifact;
use crate::support::bench::Bench;
use crate::support::files::below;
use crate::support::manifest::repository;
use crate::support::registry::Registry;
use crate::support::scene::Scene;
use crate::support::waiting::{if_so, until};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(an_unchanged_pass_is_one_head_and_no_write),
        bench.trial(a_new_object_costs_a_manifest_a_blob_and_three_writes),
        bench.trial(fifty_objects_of_one_digest_are_one_download_and_one_build),
        bench.trial(a_layer_that_another_repository_has_led_to_is_asked_for_and_not_transferred),
        bench.trial(a_registry_that_hangs_holds_up_nobody_elsewhere),
    ]
}

/// Turns at one registry, by default.
const TURNS: usize = 16;

const FILES: &[(&str, &[u8])] = &[("a.yaml", b"a: 1\n")];

async fn until_requests(registry: &Registry, mark: usize, count: usize) -> Vec<String> {
    let asked = until("requests as the interval passes", async || {
        let requests = registry.since(mark);
        if_so(requests.len() >= count, requests)
    });
    tokio::time::timeout(Duration::from_secs(30), asked).await.expect("the interval passes again and again")
}

async fn an_unchanged_pass_is_one_head_and_no_write(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("app:v1", FILES).await;
    let _operator = scene.operator().await;
    let spec = json!({"ref": {"tag": "v1"}, "interval": "1s"});
    scene.namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    scene.namespace.until_ready("app").await;
    let (written, mark) = (scene.until_writes(3).await, registry.mark());

    let requests = until_requests(&registry, mark, 3).await;

    assert_eq!(requests, vec!["HEAD /v2/app/manifests/v1 200"; requests.len()]);
    assert_eq!(scene.writes().await, written);
}

async fn a_new_object_costs_a_manifest_a_blob_and_three_writes(scene: Scene) {
    let registry = scene.registry().await;
    registry.push("known:v1", FILES).await;
    registry.push("app:v1", &[("b.yaml", b"b: 1\n")]).await;
    let _operator = scene.operator().await;
    let spec = json!({"ref": {"tag": "v1"}});
    scene.namespace.apply(&repository("known", &format!("{}/known", registry.host()), &spec)).await;
    scene.namespace.until_ready("known").await;
    let before = scene.until_writes(3).await.len();
    let mark = registry.mark();

    scene.namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    scene.namespace.until_ready("app").await;

    let requests = registry.requests().split_off(mark);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert_eq!(requests[0], "GET /v2/app/manifests/v1 200");
    assert!(requests[1].starts_with("GET /v2/app/blobs/sha256:"), "{requests:?}");
    let written = scene.until_writes(before + 3).await.split_off(before);
    let expected = ["create events", "patch ocirepositories", "update ocirepositories/status"];
    let mut kinds = written;
    kinds.sort();
    assert_eq!(kinds, expected);
}

async fn fifty_objects_of_one_digest_are_one_download_and_one_build(scene: Scene) {
    let registry = scene.registry().await;
    let digest = registry.push("app:v1", FILES).await;
    let operator = scene.operator().await;
    let mark = registry.mark();
    let names: Vec<String> = (0..50).map(|number| format!("app-{number}")).collect();
    let manifests: Vec<_> = names
        .iter()
        .map(|name| repository(name, &format!("{}/app", registry.host()), &json!({"ref": {"tag": "v1"}})))
        .collect();

    join_all(manifests.iter().map(|manifest| scene.namespace.apply(manifest))).await;
    join_all(names.iter().map(|name| scene.namespace.until_ready(name))).await;

    let blobs: Vec<_> = registry.since(mark).into_iter().filter(|line| line.contains("/blobs/")).collect();
    assert_eq!(blobs.len(), 1, "{blobs:?}");
    let inode = |name: &String| {
        let path = operator.artifacts(name).join(format!("{digest}.tar.gz"));
        std::fs::metadata(path).unwrap().ino()
    };
    let first = inode(&names[0]);
    assert!(names.iter().all(|name| inode(name) == first), "not every artifact is a link of the first");
}

async fn a_layer_that_another_repository_has_led_to_is_asked_for_and_not_transferred(scene: Scene) {
    let registry = scene.registry().await;
    let manifest = registry.push("one:v1", FILES).await;
    registry.push("two:v1", FILES).await;
    let layer = registry.layer_of(&manifest);
    let operator = scene.operator().await;
    let spec = json!({"ref": {"tag": "v1"}});
    scene.namespace.apply(&repository("one", &format!("{}/one", registry.host()), &spec)).await;
    let one = scene.namespace.until_ready("one").await;
    let mark = registry.mark();

    scene.namespace.apply(&repository("two", &format!("{}/two", registry.host()), &spec)).await;
    let two = scene.namespace.until_ready("two").await;

    let expected = ["GET /v2/two/manifests/v1 200".to_owned(), format!("HEAD /v2/two/blobs/{layer} 200")];
    assert_eq!(registry.since(mark), expected);
    assert_eq!(artifact(&one).1, artifact(&two).1);
    let inode = |name: &str| {
        let files = below(&operator.artifacts(name));
        let archive = files.iter().find(|path| path.extension().is_some_and(|end| end == "gz")).unwrap();
        std::fs::metadata(archive).unwrap().ino()
    };
    assert_eq!(inode("one"), inode("two"));
}

async fn a_registry_that_hangs_holds_up_nobody_elsewhere(scene: Scene) {
    let (hanging, healthy) = (scene.registry().await, scene.registry().await);
    healthy.push("app:main", FILES).await;
    let gate = scene.gate(&hanging).await;
    let _operator = scene.operator().await;
    let namespace = &scene.namespace;
    let spec = json!({"ref": {"tag": "main"}});
    namespace.apply(&repository("healthy", &format!("{}/app", healthy.host()), &spec)).await;
    namespace.until_ready("healthy").await;
    let hold = gate.hold(Method::GET, "/manifests/");
    let spec = json!({"ref": {"tag": "v1"}, "timeout": "10m"});
    let due: Vec<_> = (0..100)
        .map(|number| repository(&format!("hangs-{number}"), &format!("{}/app-{number}", gate.host()), &spec))
        .collect();
    join_all(due.iter().map(|manifest| namespace.apply(manifest))).await;
    hold.reached(TURNS).await;

    let digest = healthy.push("app:main", &[("a.yaml", b"a: 2\n")]).await;
    let object = namespace.poked("healthy", "now").await;

    assert_eq!(object["status"]["artifact"]["revision"], format!("main@{digest}"));
    let (url, digest) = artifact(&object);
    scene.tools.consume(url, digest, &scene.folder("consumed")).await.unwrap();
    assert_eq!((hold.count(), hold.abandoned()), (TURNS, 0));
}
