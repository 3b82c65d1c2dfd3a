//! The watch of what objects name: metadata alone, and none where it is not allowed.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Context, Handler};
use serde_json::{Value, json};
use sluice_actors::watcher::DependencyChanged;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::api::{Answer, Api};
use super::connected;
use crate::cluster::dependencies::Watched;
use crate::metrics::Lag;

/// Notes what it hears.
struct Listener(mpsc::UnboundedSender<String>);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<DependencyChanged> for Listener {
    type Result = ();

    fn handle(&mut self, changed: DependencyChanged, _: &mut Context<Self>) {
        let heard = match changed {
            DependencyChanged::RelistStarted(kind) => format!("{kind:?} started"),
            DependencyChanged::Applied { dependency, version } => {
                format!("{:?} {} {version}", dependency.kind, dependency.key)
            }
            DependencyChanged::Deleted(dependency) => {
                format!("{:?} {} gone", dependency.kind, dependency.key)
            }
            DependencyChanged::RelistFinished(kind) => format!("{kind:?} finished"),
        };
        self.0.send(heard).unwrap();
    }
}

/// Watches until this much of one kind has been heard.
async fn hear(api: &Api, namespace: Option<&str>, kind: &str, count: usize) -> Vec<String> {
    let listening = async {
        let (sender, mut heard) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let listener = Listener(sender).start().recipient();
        let watched = Watched {
            client: connected(api.address()),
            namespace: namespace.map(str::to_owned),
            after_refusal: Duration::from_millis(1),
            lag: Lag::of_watch().unwrap(),
        };
        let stopped = stop.clone();
        let task = tokio::task::spawn_local(async move { watched.follow(listener, stopped).await });
        let mut all = Vec::new();
        while all.len() < count {
            let next: String = heard.recv().await.unwrap();
            if let Some(next) = next.strip_prefix(kind) {
                all.push(next.trim_start().to_owned());
            }
        }
        stop.cancel();
        task.await.unwrap();
        all
    };
    tokio::task::LocalSet::new().run_until(listening).await
}

fn event(kind: &str, name: &str, version: u32) -> Value {
    let metadata = json!({
        "namespace": "apps", "name": name, "resourceVersion": version.to_string(),
        "annotations": { "example.com/note": "x" }, "labels": { "a": "b" },
    });
    let object =
        json!({ "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": metadata });
    json!({ "type": kind, "object": object })
}

fn bookmark(version: u32) -> Value {
    let metadata = json!({
        "resourceVersion": version.to_string(), "annotations": { "k8s.io/initial-events-end": "true" },
    });
    let object =
        json!({ "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": metadata });
    json!({ "type": "BOOKMARK", "object": object })
}

fn endless(events: &[Value]) -> Answer {
    Answer::stream(events, false)
}

fn refusal() -> Answer {
    Answer::failure(403, "secrets is forbidden: no list here", "")
}

#[tokio::test]
async fn names_and_versions_of_both_kinds_are_told_and_payloads_never_asked_for() {
    let api = Api::start(|_, asked| {
        let name = if asked.path.ends_with("/secrets") { "pull" } else { "robot" };
        endless(&[
            event("ADDED", name, 1),
            bookmark(3),
            event("MODIFIED", name, 4),
            event("DELETED", name, 5),
        ])
    })
    .await;

    let secrets = hear(&api, None, "Secret", 5).await;
    let accounts = hear(&api, None, "ServiceAccount", 5).await;

    assert_eq!(secrets, ["started", "apps/pull 1", "finished", "apps/pull 4", "apps/pull gone"]);
    assert_eq!(accounts, ["started", "apps/robot 1", "finished", "apps/robot 4", "apps/robot gone"]);
    for asked in api.asked() {
        let accepted = asked.headers["accept"].to_str().unwrap().to_owned();
        assert!(accepted.contains("as=PartialObjectMetadata"), "{} {accepted}", asked.path);
        assert!(matches!(asked.path.as_str(), "/api/v1/secrets" | "/api/v1/serviceaccounts"));
    }
}

#[tokio::test]
async fn one_namespace_is_watched_where_only_one_is() {
    let api = Api::start(|_, _| endless(&[bookmark(1)])).await;

    hear(&api, Some("apps"), "Secret", 2).await;

    for asked in api.asked() {
        assert!(asked.path.starts_with("/api/v1/namespaces/apps/"), "{}", asked.path);
    }
}

#[tokio::test]
async fn what_may_not_be_watched_is_said_once_and_asked_for_until_it_may() {
    let refused = Mutex::new(0);
    let api = Api::start(move |_, asked| {
        if !asked.path.ends_with("/secrets") {
            return endless(&[bookmark(1)]);
        }
        let mut refused = refused.lock().unwrap();
        *refused += 1;
        if *refused < 4 { refusal() } else { endless(&[bookmark(3), event("ADDED", "pull", 4)]) }
    })
    .await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let heard = hear(&api, None, "Secret", 3).await;
    drop(guard);

    assert_eq!(heard, ["started", "finished", "apps/pull 4"]);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("may not be watched").count(), 1, "{log}");
    assert_eq!(log.matches("the watch is back").count(), 1, "{log}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
