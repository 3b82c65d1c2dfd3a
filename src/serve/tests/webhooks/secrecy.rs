//! What is secret is in no answer, no status, no metric, no log line and no debug output.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::issuer::{Issuer, Key};
use super::proofs::{proof, wrong};
use super::senders::{KINDS, Proof, about, token_of};
use super::sending::follow;
use super::stage::{Headers, header, play};

/// Part of every secret and of every body here.
const MARKER: &str = "hunter2-is-secret";

/// Keeps the lines of this program that have something of what is secret; tests beside this one have secrets of their own.
#[derive(Clone)]
struct Leaks {
    secrets: Arc<Mutex<Vec<String>>>,
    lines: Arc<Mutex<Vec<String>>>,
    seen: Arc<Mutex<usize>>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 = format!("{} {}={value:?}", self.0, field.name());
    }
}

impl Subscriber for Leaks {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("sluice")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        *self.seen.lock().unwrap() += 1;
        if self.secrets.lock().unwrap().iter().any(|secret| line.0.contains(secret)) {
            self.lines.lock().unwrap().push(line.0);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn no_secret_and_no_body_is_told_to_anybody() {
    let leaks = Leaks { secrets: Arc::default(), lines: Arc::default(), seen: Arc::default() };
    tracing::subscriber::set_global_default(leaks.clone()).expect("no other test listens to all threads");
    let secrets = Arc::clone(&leaks.secrets);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    play(async |mut stage| {
        let key = Key::new("one");
        let issuer = Issuer::with(&[&key]).await;
        for (number, kind) in KINDS.iter().enumerate() {
            follow(&stage, kind);
            let name = format!("hook-{number}");
            let token = format!("{MARKER}-{number}");
            let path = stage.hook("a", &name, &token, &kind.spec(&name, &issuer)).await;
            let mut body: serde_json::Value = serde_json::from_slice(&kind.body()).unwrap();
            let object = if body.is_array() { &mut body[0] } else { &mut body };
            object["comment"] = format!("{MARKER} in a body").into();
            let body = body.to_string().into_bytes();
            let broken = format!("{{\"{MARKER} in a body").into_bytes();
            {
                let mut secrets = secrets.lock().unwrap();
                secrets.extend([token.clone(), STANDARD.encode(&token), format!("{MARKER} in a body")]);
                if kind.proof == Proof::Path {
                    secrets.push(path.clone());
                }
            }

            let mut deliveries = vec![(proof(kind, &token, &body, &issuer, &key), body.clone())];
            deliveries.push((proof(kind, &token, &broken, &issuer, &key), broken));
            let other = token_of("b", &name);
            deliveries.extend(
                wrong(kind, &token, &other, &body).into_iter().map(|(_, headers)| (headers, body.clone())),
            );
            deliveries.push((
                header("Authorization", format!("Basic {}", STANDARD.encode(format!("u:{token}")))),
                body,
            ));
            for (mut headers, body) in deliveries {
                secrets.lock().unwrap().extend(signatures(&headers));
                headers.extend(about(kind.push));
                let answer = stage.post(&path, &headers, &body).await;
                let mut tell = tell.lock().unwrap();
                tell.push(format!("{answer:?}"));
                tell.push(String::from_utf8(answer.body).unwrap());
            }
            let hook = stage.at(&path);
            tell.lock().unwrap().extend([format!("{hook:?}"), format!("{hook:#?}")]);
        }
        issuer.say(500, MARKER);
        drop(stage.woken().await);
        let statuses = stage.cluster.until(|shown| Some(shown.patches.clone())).await;
        let mut tell = tell.lock().unwrap();
        // Only a status may have the path: it is read by whoever may read the object.
        tell.extend(statuses.into_iter().map(|mut patch| {
            patch["status"].as_object_mut().unwrap().remove("path");
            patch.to_string()
        }));
        tell.push(prometheus::TextEncoder::new().encode_to_string(&stage.gather()).unwrap());
    });

    let secrets = secrets.lock().unwrap().clone();
    let told = told.lock().unwrap();
    assert!(told.len() > 300 && secrets.len() > 100, "{} {}", told.len(), secrets.len());
    for text in told.iter() {
        let debug_of_hook = text.starts_with("Hook ");
        for secret in secrets.iter().filter(|secret| !(debug_of_hook && secret.starts_with("/hook/"))) {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    assert!(*leaks.seen.lock().unwrap() > 10);
    assert_eq!(*leaks.lines.lock().unwrap(), Vec::<String>::new());
}

/// What stands in these headers, but for the words around it.
fn signatures(headers: &Headers) -> Vec<String> {
    let values = headers.iter().map(|(_, value)| value.rsplit([' ', '=']).next().unwrap_or_default());
    values.filter(|value| value.len() >= 20).map(str::to_owned).collect()
}
