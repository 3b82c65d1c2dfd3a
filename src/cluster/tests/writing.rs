//! Statuses, finalizers and events.

use std::sync::Arc;
use std::time::Duration;

use reconcile::Severity;
use serde_json::{Value, json};
use sluice_actors::cluster::{ClusterWriter, StatusChange, WriteError};
use sluice_actors::{Key, Object};

use super::api::{Answer, Api, Nobody};
use super::{connected, notice};
use crate::cluster::{Leadership, Sole, Writer};

fn object(version: usize) -> Value {
    json!({ "metadata": { "namespace": "apps", "name": "app", "resourceVersion": version.to_string() } })
}

fn change(difference: Value) -> StatusChange {
    let mut of = object(7);
    of["metadata"]["uid"] = json!("one");
    StatusChange { of: Arc::new(Object::parse(&of).unwrap()), difference }
}

fn writer(api: &Api) -> Writer {
    Writer::new(connected(api.address()), Arc::new(Sole), None)
}

#[tokio::test]
async fn objects_are_written_under_the_name_of_upstream() {
    let api = Api::start(|number, _| Answer::json(200, &object(number))).await;
    let (writer, key) = (writer(&api), Key::new("apps", "app"));

    let change = change(json!({ "url": "u" }));
    let status = writer.change_status(&change).await.unwrap();
    let object = writer.patch(&key, json!({ "metadata": {} })).await.unwrap();
    let read = writer.get(&key).await.unwrap();

    assert_eq!([status, object, read].map(|object| object.resource_version), ["0", "1", "2"].map(Arc::from));
    let asked = api.asked();
    let path = "/apis/source.toolkit.fluxcd.io/v1/namespaces/apps/ocirepositories/app";
    let paths: Vec<_> = asked.iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    assert_eq!(paths, [format!("PUT {path}/status"), format!("PATCH {path}"), format!("GET {path}")]);
    let metadata = json!({ "namespace": "apps", "name": "app", "uid": "one", "resourceVersion": "7" });
    let expected = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
        "metadata": metadata, "status": { "url": "u" },
    });
    assert_eq!(asked[0].body, expected);
    assert_eq!(asked[1].body, json!({ "metadata": {} }));
    let types = asked[..2].iter().map(|asked| asked.headers["content-type"].to_str().unwrap());
    assert!(types.eq(["application/json", "application/merge-patch+json"]));
    for write in &asked[..2] {
        assert_eq!(write.query.trim_start_matches('&'), "fieldManager=source-controller");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_object_fails_the_write() {
    for text in ["", "[]", "{}", "{\"metadata\": {\"name\": \"app\"}}", "<html>"] {
        let api = Api::start(move |_, _| Answer::text(200, text)).await;

        let error = writer(&api).get(&Key::new("apps", "app")).await.unwrap_err();

        assert!(matches!(&error, WriteError::Failed(_)), "{text}: {error:?}");
    }
}

#[tokio::test]
async fn an_event_is_recorded_as_upstream_records_it() {
    let api = Api::start(|_, _| Answer::json(201, &json!({}))).await;

    writer(&api).record_event(&notice(Severity::Trace), "app.1", 1).await.unwrap();

    let asked = api.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/api/v1/namespaces/apps/events"));
    let expected = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": "app.1",
            "namespace": "apps",
            "annotations": {
                "event.toolkit.fluxcd.io/team": "payments",
                "source.toolkit.fluxcd.io/revision": "v1",
            },
        },
        "involvedObject": {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "namespace": "apps",
            "name": "app",
            "uid": "u-1",
            "resourceVersion": "7",
        },
        "type": "Normal",
        "reason": "NewArtifact",
        "message": "stored artifact",
        "source": { "component": "source-controller" },
        "reportingComponent": "source-controller",
        "reportingInstance": "",
        "firstTimestamp": "2026-01-02T03:04:05Z",
        "lastTimestamp": "2026-01-02T03:04:05Z",
        "count": 1,
    });
    assert_eq!(asked.body, expected);
}

#[tokio::test]
async fn an_event_that_is_told_again_gets_a_higher_count() {
    let api = Api::start(|_, _| Answer::json(200, &json!({}))).await;

    writer(&api).record_event(&notice(Severity::Warning), "app.1", 3).await.unwrap();

    let asked = api.asked().remove(0);
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("PATCH", "/api/v1/namespaces/apps/events/app.1")
    );
    assert_eq!(asked.body, json!({ "count": 3, "lastTimestamp": "2026-01-02T03:04:05Z" }));
}

#[tokio::test]
async fn each_refusal_means_what_can_be_done_about_it() {
    let answers: [fn() -> Answer; 10] = [
        || Answer::failure(409, "the object has been modified", "app"),
        || Answer::failure(404, "ocirepositories \"app\" not found", "app"),
        || Answer::failure(404, "the server could not find the requested resource", ""),
        || Answer::text(404, "404 page not found"),
        || Answer::failure(422, "status.url: Invalid value", "app"),
        || Answer::failure(403, "forbidden", "app"),
        || Answer::failure(500, "etcdserver: leader changed", "app"),
        || Answer::text(503, "upstream connect error"),
        || Answer::failure(401, "Unauthorized", ""),
        || Answer::text(200, "{"),
    ];
    let api = Api::start(move |number, _| answers[number]()).await;
    let writer = writer(&api);

    let mut meanings = Vec::new();
    for _ in answers {
        meanings.push(match writer.change_status(&change(json!({}))).await.unwrap_err() {
            WriteError::Conflict => "conflict",
            WriteError::Gone => "gone",
            WriteError::NotLeader => "not leader",
            WriteError::Busy { .. } => "busy",
            WriteError::Refused(_) => "refused",
            WriteError::Failed(_) => "failed",
        });
    }

    let expected = [
        "conflict", "gone", "failed", "failed", "refused", "refused", "failed", "failed", "failed", "failed",
    ];
    assert_eq!(meanings, expected);
}

#[tokio::test]
async fn a_busy_server_says_for_how_long() {
    let api = Api::start(|number, _| {
        let status: Value = json!({
            "kind": "Status", "status": "Failure", "code": if number == 0 { 429 } else { 503 },
            "message": "please wait", "details": { "retryAfterSeconds": 7 },
        });
        Answer::json(if number == 0 { 429 } else { 503 }, &status)
    })
    .await;
    let (writer, key) = (writer(&api), Key::new("apps", "app"));

    for _ in 0..2 {
        let error = writer.patch(&key, json!({})).await.unwrap_err();

        let WriteError::Busy { message, retry_after } = error else { panic!("{error:?}") };
        assert_eq!((message.as_str(), retry_after), ("please wait", Some(Duration::from_secs(7))));
    }
    assert_eq!(api.asked().len(), 2);
}

struct Follower;

impl Leadership for Follower {
    fn holds_for(&self, time: Duration) -> bool {
        time < Duration::from_secs(10)
    }
}

#[tokio::test]
async fn a_replica_whose_lease_ends_within_the_time_limit_writes_nothing() {
    let api = Api::start(|_, _| Answer::json(200, &object(1))).await;
    let (writer, key) =
        (Writer::new(connected(api.address()), Arc::new(Follower), None), Key::new("apps", "app"));

    let answers = [
        writer.change_status(&change(json!({}))).await.map(drop),
        writer.patch(&key, json!({})).await.map(drop),
        writer.record_event(&notice(Severity::Normal), "app.1", 1).await,
    ];

    assert!(answers.iter().all(|answer| matches!(answer, Err(WriteError::NotLeader))), "{answers:?}");
    assert!(api.asked().is_empty());
    writer.get(&key).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_failure_with_its_cause() {
    let nobody = Nobody::new();
    let writer = Writer::new(connected(&nobody.address()), Arc::new(Sole), None);

    let error = writer.get(&Key::new("apps", "app")).await.unwrap_err();

    assert!(matches!(&error, WriteError::Failed(text) if text.contains("refused")), "{error:?}");
}
