//! Every warning and every error names its object, where `flux logs` looks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sluice_actors::cluster::WriteError;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::cluster::Kind;
use crate::scene::{key, news, object, play, ready};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of warnings and errors.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Fields>>>);

struct Taken(Fields);

impl Visit for Taken {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.is_event()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut taken = Taken(Fields::new());
        event.record(&mut taken);
        self.0.lock().unwrap().push(taken.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn every_warning_and_error_names_its_object() {
    let log = Log::default();
    let _subscribed = tracing::subscriber::set_default(log.clone());
    play(async |scene| {
        let app = scene.given(object("app")).await;
        let refused = || WriteError::Refused("forbidden".to_owned());
        for (kind, error) in [
            (Kind::Status, WriteError::Failed("connection refused".to_owned())),
            (Kind::Status, refused()),
            (Kind::Event, refused()),
            (Kind::Notification, refused()),
        ] {
            scene.cluster.fail(kind, error);
        }
        scene.write(&app, ready("v1")).await;
        scene.announce(&app, vec![news("stored")]).await;
        scene.flush().await;
        scene.write(&app, ready("v1")).await;
        scene.pass(Duration::from_mins(1)).await;
        for number in 0..2 {
            scene.cluster.change(&key("app"), |object| {
                object["status"]["artifact"]["url"] = json!(format!("http://other/{number}"));
            });
            scene.show("app").await;
            scene.pass(Duration::from_secs(5)).await;
        }
        let other = scene.given(object("other")).await;
        scene.cluster.panic_next();
        scene.write(&other, ready("v1")).await;
        scene.flush().await;
    })
    .await;

    let logged = log.0.lock().unwrap().clone();
    let said: BTreeSet<_> =
        logged.iter().map(|line| line["message"].split([':', ',']).next().unwrap()).collect();
    let all = [
        "a request to the API server panicked",
        "a status could not be written and is tried again",
        "an event could not be recorded",
        "another writer has changed status.artifact",
        "another writer has changed status.artifact again",
        "the status was refused",
        "unable to record event",
    ];
    assert_eq!(said, BTreeSet::from(all));
    for line in logged {
        assert_eq!(line.get("namespace").map(String::as_str), Some("default"), "{line:?}");
        assert!(line.get("name").is_some_and(|name| name == "app" || name == "other"), "{line:?}");
    }
}
