//! The storage root is empty, as an emptyDir is.

use std::collections::BTreeSet;
use std::io::Read as _;

use hyper::Method;
use serde_json::{Value, json};

use super::fixture::Fixture;
use super::history::History;
use super::stage::{Stage, hex};
use crate::support::api::{artifact, condition, is_ready};
use crate::support::manifest::pull_secret;
use crate::support::scene::Scene;

/// What an attempt shows that takes longer (D27).
const DISAPPEARED: &str = "building artifact: disappeared from storage";

pub(super) async fn without_its_storage_each_extracted_artifact_gets_one_new_digest(scene: Scene) {
    let mut stage = Stage::set(scene).await;
    let fixtures = stage.hand_over(false).await;
    let history = History::begin(stage.client.clone()).await;
    let hold = stage.gate.hold(Method::GET, "/manifests/");

    stage.operator.resume().await;

    let is_under_way = |version: &Value| condition(version, "Ready")["message"] == DISAPPEARED;
    history.until("progress", is_under_way).await;
    for fixture in fixtures.iter().filter(|fixture| fixture.is_ready()) {
        assert_awaited(&stage, fixture).await;
    }
    drop(hold);
    for fixture in fixtures.iter().filter(|fixture| fixture.is_ready() && !fixture.is_suspended()) {
        let object = rebuilt(&stage, fixture).await;
        stage.consume(&object, fixture).await;
    }
    let mark = stage.registry.mark();
    stage.until_polled(&fixtures, mark, 2).await;
    for fixture in &fixtures {
        assert_rebuilt_once(&stage, fixture, &history.of(fixture).await).await;
    }

    let suspended = fixtures.iter().find(|fixture| fixture.is_suspended()).unwrap();
    assert_awaited(&stage, suspended).await;
    stage.namespace.change(suspended.name(), json!({"spec": {"suspend": false}})).await;
    let object = rebuilt(&stage, suspended).await;
    stage.consume(&object, suspended).await;
    let failing = fixtures.iter().find(|fixture| fixture.name() == "failing").unwrap();
    stage.namespace.apply(&pull_secret("pull", &stage.gate.host(), "anybody", "anything")).await;
    let object = rebuilt(&stage, failing).await;
    stage.consume(&object, failing).await;
}

/// Its artifact is on its way (D14).
async fn assert_awaited(stage: &Stage, fixture: &Fixture) {
    let answer = stage.operator.get(fixture.path().unwrap()).await;
    assert_eq!(answer.status(), 503, "{}", fixture.name());
    assert!(answer.headers().contains_key("retry-after"));
}

/// Waits until the file of an object is there again, and looks at its content.
async fn rebuilt(stage: &Stage, fixture: &Fixture) -> Value {
    let name = fixture.name();
    let (_, lost) = fixture.artifact();
    let there = |object: &Value| {
        let renewed = object["status"]["artifact"]["lastUpdateTime"]
            != fixture.object["status"]["artifact"]["lastUpdateTime"];
        is_ready(object) && renewed
    };
    let object = stage.namespace_of(fixture).until(name, "artifact that is stored anew", there).await;
    let (_, digest) = artifact(&object);
    assert_eq!(digest == lost, fixture.copies(), "{name}");
    let file = stage.operator.get(fixture.path().unwrap()).await.bytes().await.unwrap();
    assert_eq!(digest, format!("sha256:{}", hex(&file)));
    if !fixture.copies() {
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&*file).read_to_end(&mut tar).unwrap();
        assert!(
            tar == stage.tar(name),
            "{name}: the archive holds other bytes than that of source-controller"
        );
    }
    object
}

async fn assert_rebuilt_once(stage: &Stage, fixture: &Fixture, versions: &[Value]) {
    let name = fixture.name();
    let stored: Vec<&Value> = versions
        .iter()
        .map(|version| &version["status"]["artifact"])
        .filter(|stored| !stored.is_null())
        .collect();
    let mut digests: Vec<&Value> = stored.iter().map(|stored| &stored["digest"]).collect();
    digests.dedup();
    let revisions: BTreeSet<&str> =
        stored.iter().map(|stored| stored["revision"].as_str().unwrap()).collect();
    let is_rebuilt = fixture.is_ready() && !fixture.is_suspended();
    let expected = match (fixture.path(), is_rebuilt && !fixture.copies()) {
        (None, _) => 0,
        (Some(_), false) => 1,
        (Some(_), true) => 2,
    };
    assert_eq!(digests.len(), expected, "{name}: {digests:?}");
    assert!(revisions.iter().all(|revision| *revision == fixture.revision()), "{name}: {revisions:?}");
    let ready = versions.iter().map(|version| &condition(version, "Ready")["status"]);
    if fixture.is_ready() {
        assert!(ready.clone().all(|ready| *ready != "False"), "{name}: {versions:#?}");
    }
    let events = stage.namespace_of(fixture).events(name).await;
    let announced = events.iter().filter(|(reason, _)| reason == "NewArtifact").count();
    assert_eq!(announced, expected.saturating_sub(1), "{name}: {events:?}");
    if fixture.is_ready() {
        assert_eq!(events.len(), announced, "{name}: {events:?}");
    }
}
