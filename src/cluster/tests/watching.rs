//! The watch: streamed where the server can, listed where it cannot, and begun anew where it must be.

use actix::{Actor, Context, Handler};
use serde_json::{Value, json};
use sluice_actors::watcher::ObjectChanged;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::api::{Answer, Api, Asked};
use super::connected;
use crate::cluster::{Selection, watch};
use crate::metrics::Lag;

/// Notes what it hears.
struct Listener(mpsc::UnboundedSender<String>);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<ObjectChanged> for Listener {
    type Result = ();

    fn handle(&mut self, change: ObjectChanged, _: &mut Context<Self>) {
        let heard = match change {
            ObjectChanged::RelistStarted => "started".to_owned(),
            ObjectChanged::Applied(object) => format!("{} {}", object.key, object.resource_version),
            ObjectChanged::Deleted { key, uid } => format!("deleted {key} {uid}"),
            ObjectChanged::RelistFinished => "finished".to_owned(),
        };
        self.0.send(heard).unwrap();
    }
}

/// Watches until this much has been heard.
async fn hear(api: &Api, selection: Selection, count: usize) -> Vec<String> {
    let listening = async {
        let (sender, mut heard) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let listener = Listener(sender).start().recipient();
        let task = tokio::spawn(watch(
            connected(api.address()),
            selection,
            Lag::of_watch().unwrap(),
            listener,
            stop.clone(),
        ));
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(heard.recv().await.unwrap());
        }
        stop.cancel();
        task.await.unwrap();
        all
    };
    tokio::task::LocalSet::new().run_until(listening).await
}

fn object(name: &str, version: u32) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {
            "namespace": "apps", "name": name, "uid": format!("u-{name}"), "resourceVersion": version.to_string(),
            "managedFields": [{ "manager": "kubectl" }],
        },
        "spec": { "url": 7, "interval": ["odd"] },
    })
}

fn event(kind: &str, object: &Value) -> Value {
    json!({ "type": kind, "object": object })
}

fn bookmark(version: u32) -> Value {
    let metadata = json!({
        "resourceVersion": version.to_string(),
        "annotations": { "k8s.io/initial-events-end": "true" },
    });
    let kind =
        json!({ "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": metadata });
    event("BOOKMARK", &kind)
}

fn list(objects: &[Value], version: u32) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepositoryList",
        "metadata": { "resourceVersion": version.to_string() }, "items": objects,
    })
}

/// A stream of these events that stays open.
fn endless(events: &[Value]) -> Answer {
    Answer::stream(events, false)
}

/// A stream of these events that ends.
fn ending(events: &[Value]) -> Answer {
    Answer::stream(events, true)
}

fn parameter(asked: &Asked, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(asked.query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn the_first_list_is_streamed_and_changes_follow() {
    let api = Api::start(|_, _| {
        endless(&[
            event("ADDED", &object("a", 1)),
            event("ADDED", &object("b", 2)),
            bookmark(3),
            event("MODIFIED", &object("a", 4)),
            event("DELETED", &object("b", 5)),
        ])
    })
    .await;

    let heard = hear(&api, Selection::default(), 6).await;

    assert_eq!(heard, ["started", "apps/a 1", "apps/b 2", "finished", "apps/a 4", "deleted apps/b u-b"]);
    let asked = api.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/apis/source.toolkit.fluxcd.io/v1/ocirepositories");
    assert_eq!(parameter(&asked[0], "sendInitialEvents").as_deref(), Some("true"));
    assert_eq!(parameter(&asked[0], "timeoutSeconds").as_deref(), Some("200"));
    assert_eq!(parameter(&asked[0], "labelSelector"), None);
}

#[tokio::test]
async fn an_object_that_cannot_be_read_hides_no_other() {
    let mut odd = object("b", 2);
    odd["metadata"]["name"] = json!(7);
    let api = Api::start(move |_, _| {
        endless(&[event("ADDED", &odd), event("ADDED", &object("a", 1)), event("DELETED", &odd), bookmark(3)])
    })
    .await;

    assert_eq!(hear(&api, Selection::default(), 3).await, ["started", "apps/a 1", "finished"]);
}

#[tokio::test]
async fn one_namespace_and_a_label_selector_are_left_to_the_server() {
    let api = Api::start(|_, _| endless(&[bookmark(1)])).await;
    let selection =
        Selection { namespace: Some("apps".to_owned()), labels: Some("!sharding.fluxcd.io/key".to_owned()) };

    hear(&api, selection, 2).await;

    let asked = api.asked().remove(0);
    assert_eq!(asked.path, "/apis/source.toolkit.fluxcd.io/v1/namespaces/apps/ocirepositories");
    assert_eq!(parameter(&asked, "labelSelector").as_deref(), Some("!sharding.fluxcd.io/key"));
}

#[tokio::test]
async fn a_server_that_cannot_stream_lists_is_asked_for_a_list() {
    let api = Api::start(|_, asked| {
        if parameter(asked, "sendInitialEvents").is_some() {
            return Answer::failure(422, "sendInitialEvents is forbidden for watch", "");
        }
        if parameter(asked, "watch").is_none() {
            return Answer::json(200, &list(&[object("a", 1)], 7));
        }
        endless(&[event("MODIFIED", &object("a", 8))])
    })
    .await;

    let heard = hear(&api, Selection::default(), 4).await;

    assert_eq!(heard, ["started", "apps/a 1", "finished", "apps/a 8"]);
    assert_eq!(parameter(&api.asked()[2], "resourceVersion").as_deref(), Some("7"));
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_where_it_was_without_a_list() {
    let api = Api::start(|number, _| match number {
        0 => ending(&[bookmark(3), event("ADDED", &object("a", 4))]),
        1 => Answer::text(503, "no leader"),
        _ => endless(&[event("MODIFIED", &object("a", 5))]),
    })
    .await;

    let heard = hear(&api, Selection::default(), 4).await;

    assert_eq!(heard, ["started", "finished", "apps/a 4", "apps/a 5"]);
    assert_eq!(parameter(&api.asked()[2], "resourceVersion").as_deref(), Some("4"));
}

#[tokio::test]
async fn a_watch_that_is_too_old_begins_with_a_list() {
    let gone = json!({ "kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old" });
    let api = Api::start(move |number, _| match number {
        0 => ending(&[event("ADDED", &object("a", 1)), bookmark(3), event("ERROR", &gone)]),
        1 => ending(&[event("ADDED", &object("a", 8)), bookmark(9)]),
        2 => Answer::json(410, &gone),
        _ => endless(&[bookmark(20)]),
    })
    .await;

    let heard = hear(&api, Selection::default(), 8).await;

    let expected =
        ["started", "apps/a 1", "finished", "started", "apps/a 8", "finished", "started", "finished"];
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn a_kind_that_is_not_there_yet_is_waited_for() {
    let api = Api::start(|number, _| match number {
        0 => Answer::text(404, "404 page not found"),
        _ => endless(&[bookmark(3)]),
    })
    .await;

    assert_eq!(hear(&api, Selection::default(), 2).await, ["started", "finished"]);
}
