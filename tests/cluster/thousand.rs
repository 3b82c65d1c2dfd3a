//! A thousand objects at once: each is Ready, nothing is asked or written twice, one push reaches all of them, and a restart
//! finds all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use kube::ResourceExt;
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};
use libtest_mimic::Trial;
use serde_json::json;

use crate::support::api::{is_ready, resource};
use crate::support::audit::AT_WORK;
use crate::support::bench::Bench;
use crate::support::manifest::repository;
use crate::support::operator::Operator;
use crate::support::registry::Registry;
use crate::support::scene::Scene;
use crate::support::waiting::{if_so, until};
use crate::webhooks::{deliver, hooked, woke};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![bench.trial(a_thousand_objects_cost_a_thousand_manifests_and_one_download)]
}

const OBJECTS: usize = 1000;

/// Several times what a debug build takes on two busy cores.
const CONVERGENCE: Duration = Duration::from_mins(3);

/// Requests to the API server at a time.
const CREATORS: usize = 10;

const FILES: &[(&str, &[u8])] = &[("a.yaml", b"a: 1\n")];

/// Waits until all objects of the namespace are Ready with this revision.
async fn until_all_have(scene: &Scene, revision: &str) {
    let client = scene.plane().await.client().await;
    let kind = resource("source.toolkit.fluxcd.io/v1", "OCIRepository");
    let objects = Api::<DynamicObject>::namespaced_with(client, &scene.namespace.name, &kind);
    let mut ready = BTreeSet::new();
    let wait = async {
        let states = watcher(objects, watcher::Config::default()).default_backoff().applied_objects();
        let mut states = std::pin::pin!(states);
        while ready.len() < OBJECTS {
            if let Some(Ok(object)) = states.next().await
                && is_ready(&serde_json::to_value(&object).unwrap())
                && object.data["status"]["artifact"]["revision"] == revision
            {
                ready.insert(object.name_any());
            }
        }
    };
    let in_time = tokio::time::timeout(CONVERGENCE, wait).await.is_ok();
    assert!(in_time, "{} of {OBJECTS} objects have {revision} after {CONVERGENCE:?}", ready.len());
}

/// One delivery wakes all of them: each turn's answer serves those who wait for it, and one download serves everybody.
async fn one_push_reaches_all(scene: &Scene, registry: &Registry, operator: &Operator) -> String {
    let path = hooked(scene, "push", "generic").await;
    let digest = registry.push("app:v1", &[("a.yaml", b"a: 2\n")]).await;
    let mark = registry.mark();

    let pushed = Instant::now();
    let answer = deliver(operator, &path, &format!("oci://{}/app", registry.host()), "v1").await;

    woke(&answer, OBJECTS);
    until_all_have(scene, &format!("v1@{digest}")).await;
    let took = pushed.elapsed();
    let requests = registry.since(mark);
    let manifests = requests.iter().filter(|line| line.starts_with("GET /v2/app/manifests/v1 ")).count();
    let blobs = requests.iter().filter(|line| line.contains("/blobs/")).count();
    eprintln!(
        "one push to {OBJECTS} objects: {manifests} questions for the tag, {blobs} downloads, {took:?}"
    );
    assert_eq!(
        (blobs, requests.len() - manifests - blobs),
        (1, 0),
        "{:?}",
        &requests[..requests.len().min(20)]
    );
    assert!(manifests <= 3, "{manifests} questions for {OBJECTS} objects");
    digest
}

async fn a_thousand_objects_cost_a_thousand_manifests_and_one_download(scene: Scene) {
    let registry = scene.registry().await;
    let digest = registry.push("app:v1", FILES).await;
    // What is replaced would be collected a minute later, which an event tells of.
    let mut operator = scene.operator_of(&json!({ "artifactRetention": { "ttl": "1h" } })).await;
    let mark = registry.mark();
    let url = format!("{}/app", registry.host());
    let manifest = |number: usize| repository(&format!("app-{number}"), &url, &json!({"ref": {"tag": "v1"}}));

    let create = async |number| scene.namespace.apply(&manifest(number)).await;
    let first = format!("v1@{digest}");
    tokio::join!(
        stream::iter(0..OBJECTS).for_each_concurrent(CREATORS, create),
        until_all_have(&scene, &first)
    );

    let requests = registry.since(mark);
    let manifests = requests.iter().filter(|line| *line == "GET /v2/app/manifests/v1 200").count();
    let blobs = requests.iter().filter(|line| line.contains("/blobs/")).count();
    assert!(manifests <= OBJECTS, "{manifests} manifests");
    assert_eq!((blobs, requests.len() - manifests - blobs), (1, 0), "{:?}", &requests[..20]);
    let tally = until_events(&scene, OBJECTS).await;
    assert_eq!(EACH.map(|what| tally[what]), [OBJECTS; 3]);
    assert_eq!(tally.len(), EACH.len(), "{tally:?}");

    let digest = one_push_reaches_all(&scene, &registry, &operator).await;
    let tally = until_events(&scene, 2 * OBJECTS).await;
    assert_eq!(EACH.map(|what| tally[what]), [OBJECTS, 2 * OBJECTS, 2 * OBJECTS]);

    let mark = registry.mark();
    operator.kill();
    operator.resume().await;

    for number in 0..OBJECTS {
        let path = format!("ocirepository/{}/app-{number}/{digest}.tar.gz", scene.namespace.name);
        assert_eq!(operator.get(&path).await.status(), 200, "{path}");
    }
    let requests = registry.since(mark);
    assert!(
        requests.iter().all(|line| line.starts_with("HEAD ")),
        "a restart downloads nothing: {requests:?}"
    );
    assert_eq!(tally_of(&scene).await, tally);
}

const EVENT: &str = "create events";
/// What each object costs.
const EACH: [&str; 3] = ["patch ocirepositories", "update ocirepositories/status", EVENT];

/// How often what has been written, but for what attempts say while they are at work: a slow machine has some of these.
async fn tally_of(scene: &Scene) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for write in scene.writes().await.into_iter().filter(|write| write != AT_WORK) {
        *tally.entry(write).or_default() += 1;
    }
    tally
}

/// How often what has been written once there are so many events, of which each object has one a revision.
async fn until_events(scene: &Scene, count: usize) -> BTreeMap<String, usize> {
    until(&format!("{count} events"), async || {
        let tally = tally_of(scene).await;
        if_so(tally.get(EVENT).is_some_and(|events| *events >= count), tally)
    })
    .await
}
