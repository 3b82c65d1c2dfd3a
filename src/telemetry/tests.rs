//! The shape of log lines, against what `flux logs` reads.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sluice_actors::fields::{ERROR, NAME, NAMESPACE, RECONCILE_ID};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use super::filter;
use super::lines::Lines;
use crate::config::{LogEncoding, LogLevel};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Paper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn written(level: LogLevel, encoding: LogEncoding, said: impl FnOnce()) -> String {
    let paper = Paper::default();
    let lines = Lines::new(encoding, paper.clone(), || "2026-07-22T12:00:00.0429Z".parse().unwrap());
    let subscriber = tracing_subscriber::registry().with(filter(level)).with(lines);
    tracing::subscriber::with_default(subscriber, said);
    String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
}

fn fail_in_an_attempt() {
    let span =
        tracing::error_span!("attempt", { NAMESPACE } = "apps", { NAME } = "app", { RECONCILE_ID } = "1-2");
    let _within = span.enter();
    tracing::error!({ ERROR } = "GET \"x\": refused\nby the host", stalled = false, "Reconciler error");
}

#[test]
fn a_line_of_an_attempt_has_upstreams_keys() {
    let text = written(LogLevel::Info, LogEncoding::Json, fail_in_an_attempt);

    let line: Value = serde_json::from_str(&text).unwrap();

    let expected = json!({
        "level": "error", "ts": "2026-07-22T12:00:00.042Z", "msg": "Reconciler error",
        "controller": "ocirepository", "controllerGroup": "source.toolkit.fluxcd.io", "controllerKind": "OCIRepository",
        "OCIRepository": { "name": "app", "namespace": "apps" }, "namespace": "apps", "name": "app",
        "reconcileID": "1-2", "error": "GET \"x\": refused\nby the host", "stalled": false,
    });
    assert_eq!(line, expected);
    let head = r#"{"level":"error","ts":"2026-07-22T12:00:00.042Z","msg":"Reconciler error","controller":"#;
    assert!(text.starts_with(head), "{text}");
    assert_eq!(text.matches('\n').count(), 1);
}

#[test]
fn an_error_names_its_object_at_every_level() {
    let text = written(LogLevel::Error, LogEncoding::Json, fail_in_an_attempt);

    assert!(text.contains(r#""OCIRepository":{"name":"app","namespace":"apps"}"#), "{text}");
}

#[test]
fn a_line_of_no_object_says_where_it_comes_from() {
    let text = written(LogLevel::Info, LogEncoding::Json, || {
        tracing::info!(port = 9090, "starting manager");
    });

    let line: Value = serde_json::from_str(&text).unwrap();

    let expected = json!({
        "level": "info", "ts": "2026-07-22T12:00:00.042Z", "msg": "starting manager",
        "logger": "sluice::telemetry::tests", "port": 9090,
    });
    assert_eq!(line, expected);
}

#[test]
fn the_console_shows_time_level_and_message_before_the_fields() {
    let text = written(LogLevel::Info, LogEncoding::Console, || {
        tracing::info!(port = 9090, "two\nlines");
    });

    let expected = "2026-07-22T12:00:00.042Z\tINFO\ttwo\\nlines\t{\"logger\":\"sluice::telemetry::tests\",\"port\":9090}\n";
    assert_eq!(text, expected);
}

#[test]
fn levels_are_the_four_that_upstream_knows() {
    let say = || {
        tracing::error!("1");
        tracing::warn!("2");
        tracing::info!("3");
        tracing::debug!("4");
        tracing::trace!("5");
    };
    let shown = |level| {
        let text = written(level, LogEncoding::Json, say);
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let shown: Vec<String> = lines
            .map(|line| line["level"].as_str().unwrap().to_owned() + line["msg"].as_str().unwrap())
            .collect();
        shown.join(" ")
    };

    assert_eq!(shown(LogLevel::Error), "error1");
    assert_eq!(shown(LogLevel::Info), "error1 info2 info3");
    assert_eq!(shown(LogLevel::Debug), "error1 info2 info3 debug4");
    assert_eq!(shown(LogLevel::Trace), "error1 info2 info3 debug4 trace5");
}

#[test]
fn the_chatter_of_the_transport_is_left_out_at_every_level() {
    let say = || {
        tracing::info!(target: "hyper_util::client", "a frame");
        tracing::warn!(target: "kube_client::config", "a warning");
    };

    assert!(!written(LogLevel::Trace, LogEncoding::Json, say).contains("a frame"));
    assert!(written(LogLevel::Info, LogEncoding::Json, say).contains("a warning"));
    assert_eq!(written(LogLevel::Error, LogEncoding::Json, say), "");
}
