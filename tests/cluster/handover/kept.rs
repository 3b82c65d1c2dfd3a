//! The storage root is handed over too.

use serde_json::{Value, json};

use super::archive;
use super::definition::Definition;
use super::fixture::Fixture;
use super::history::History;
use super::stage::{Stage, hex};
use super::storage::{self, FORMER, Shelf};
use crate::support::api::artifact;
use crate::support::manifest::pull_secret;
use crate::support::scene::Scene;
use crate::support::waiting::{if_so, until};

const FINGERPRINT: &str = "sourceVerificationFingerprint";

pub(super) async fn with_its_storage_a_cluster_changes_hands_and_nobody_notices(scene: Scene) {
    let mut stage = Stage::set(scene).await;
    Definition::Upstreams.install(&stage.client, &stage.namespace).await;
    let fixtures = stage.hand_over(true).await;
    let root = stage.operator.data();
    let former = archive::gzip(&stage.tar("semver"));
    storage::supersede(&root, fixture(&fixtures, "tag").path().unwrap(), &former);
    let others = storage::store_others(&root);
    let files = storage::entries(&root);
    let shelf = Shelf::open(&stage.operator.address(), root.clone()).await;
    consume_all(&stage, &fixtures).await;
    shelf.close().await;
    Definition::Ours.install(&stage.client, &stage.namespace).await;
    let history = History::begin(stage.client.clone()).await;
    let mark = stage.registry.mark();

    stage.operator.resume().await;

    stage.until_polled(&fixtures, mark, 2).await;
    let verified = fixture(&fixtures, "verified");
    let is_verified = |object: &Value| object["status"][FINGERPRINT].is_string();
    stage.namespace.until("verified", "verification", is_verified).await;
    until_retried(&stage, fixture(&fixtures, "failing")).await;
    consume_all(&stage, &fixtures).await;
    for (path, content) in &others {
        let answer = stage.operator.get(path).await;
        assert_eq!((answer.status().as_u16(), &*answer.bytes().await.unwrap()), (200, &**content), "{path}");
    }
    assert_eq!(storage::entries(&root), files);
    let mark_of_second = stage.registry.mark();
    stage.until_polled(&fixtures, mark_of_second, 2).await;

    for fixture in &fixtures {
        assert_unnoticed(&stage, fixture, &history.of(fixture).await).await;
    }
    assert_eq!(changes(&stage, &stage.namespace.name), ["update ocirepositories/status"]);
    assert_eq!(changes(&stage, &stage.elsewhere.name), Vec::<String>::new());
    let asked = stage.registry.since(mark);
    let (of_verified, of_others): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|line| line.contains("/v2/verified/"));
    let cheap = |line: &String| {
        line.starts_with("HEAD ") && line.contains("/manifests/")
            || line.starts_with("GET /v2/semver/tags/list")
    };
    assert!(of_others.iter().all(cheap), "{of_others:?}");
    let layer = format!("/blobs/{}", stage.published["verified"].layer_digest);
    assert!(!of_verified.iter().any(|line| line.contains(&layer)), "{of_verified:?}");
    let signatures = of_verified.iter().filter(|line| line.starts_with("GET ") && line.contains(".sig "));
    assert_eq!(signatures.count(), 1, "{of_verified:?}");

    recovers(&stage, fixture(&fixtures, "failing")).await;
    resumes(&stage, fixture(&fixtures, "suspended")).await;
    stage.consume(&stage.object(verified).await, verified).await;
}

fn fixture<'a>(fixtures: &'a [Fixture], name: &str) -> &'a Fixture {
    fixtures.iter().find(|fixture| fixture.name() == name).unwrap()
}

/// Every artifact as its consumers know it, whether the object is Ready or not.
async fn consume_all(stage: &Stage, fixtures: &[Fixture]) {
    for fixture in fixtures.iter().filter(|fixture| fixture.path().is_some()) {
        stage.consume(&fixture.object, fixture).await;
    }
}

/// Waits until an attempt has failed anew.
async fn until_retried(stage: &Stage, failing: &Fixture) {
    until("event of a failing object at its interval", async || {
        let events = stage.namespace.events(failing.name()).await;
        if_so(!events.is_empty(), events)
    })
    .await;
}

/// No version of the object is another one than source-controller has left, but for what 1.9 does not write (D38).
async fn assert_unnoticed(stage: &Stage, fixture: &Fixture, versions: &[Value]) {
    let name = fixture.name();
    let mut statuses: Vec<Value> = versions.iter().map(|version| version["status"].clone()).collect();
    assert_eq!(statuses.remove(0), fixture.object["status"], "{name}");
    if name == "verified" {
        let material = format!("provider:cosign\0pub:{}\0", stage.keys.public);
        let mut expected = fixture.object["status"].clone();
        expected[FINGERPRINT] = format!("sha256:{}", hex(material.as_bytes())).into();
        assert_eq!(statuses, [expected]);
    } else {
        assert_eq!(statuses, Vec::<Value>::new(), "{name}");
    }
    for version in versions {
        assert_eq!(version["metadata"]["generation"], fixture.object["metadata"]["generation"], "{name}");
        assert_eq!(version["metadata"]["finalizers"], fixture.object["metadata"]["finalizers"], "{name}");
    }
    let mut events = stage.namespace_of(fixture).events(name).await;
    if !fixture.is_ready() {
        let again = |message: &str| message == fixture.failure() || message == "auth secret 'pull' not found";
        events.retain(|(_, message)| !again(message));
    }
    assert_eq!(events, [], "{name}");
}

/// What the operator has written in a namespace, but for its election and events.
fn changes(stage: &Stage, namespace: &str) -> Vec<String> {
    let writes = stage.plane.writes(namespace).into_iter().filter(|write| !write.is_of_the_election());
    writes.map(|write| write.what).filter(|what| !what.ends_with(" events")).collect()
}

async fn recovers(stage: &Stage, failing: &Fixture) {
    let mark = stage.registry.mark();
    stage.namespace.apply(&pull_secret("pull", &stage.gate.host(), "anybody", "anything")).await;
    let object = stage.namespace.until_ready(failing.name()).await;
    assert_eq!(object["status"]["artifact"], failing.object["status"]["artifact"]);
    assert_eq!(stage.asked(mark, "/failing/blobs/"), Vec::<String>::new());
    let expected = format!("stored artifact with revision '{}' from", failing.revision());
    let events = until("event of the recovery", async || {
        let events = stage.namespace.events(failing.name()).await;
        let told = events.iter().any(|(reason, text)| reason == "Succeeded" && text.starts_with(&expected));
        if_so(told, events)
    })
    .await;
    assert!(events.iter().all(|(reason, _)| reason != "NewArtifact"), "{events:?}");
}

async fn resumes(stage: &Stage, suspended: &Fixture) {
    let mark = stage.registry.mark();
    let generation = stage.namespace.change(suspended.name(), json!({"spec": {"suspend": false}})).await;
    let seen = |object: &Value| object["status"]["observedGeneration"] == generation;
    let object = stage.namespace.until(suspended.name(), "resumption", seen).await;
    assert_eq!(artifact(&object), suspended.artifact());
    assert_eq!(stage.asked(mark, "/suspended/blobs/"), Vec::<String>::new());
    assert!(storage::entries(&stage.operator.data()).iter().any(|entry| entry.contains(FORMER)));
}
