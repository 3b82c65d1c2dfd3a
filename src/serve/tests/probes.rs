//! What a kubelet and a Prometheus see.

use std::sync::Arc;

use prometheus::{IntCounter, Registry};
use sluice_actors::Known;

use super::client::ask;
use crate::serve::health::{Pulse, Readiness, health};
use crate::serve::listening::Limits;
use crate::serve::metrics::metrics;

#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_what_is_missing() {
    let known = Arc::new(Known::default());
    let readiness = Arc::new(Readiness::new(Arc::clone(&known)));
    let listening = health("127.0.0.1:0", Limits::default(), &readiness, &Arc::new(Pulse::new())).unwrap();
    let server = listening.address;
    let _running = listening.start();

    let early = ask(server, "GET /readyz", &[]).await;
    assert_eq!(early.status, 503);
    assert!(early.text().contains("first list"), "{}", early.text());
    assert_eq!(ask(server, "GET /healthz", &[]).await.status, 200);

    known.complete();
    for path in ["/readyz", "/readyz/", "/readyz/ping", "/readyz/ping?verbose", "/healthz", "/healthz/ping"] {
        let answer = ask(server, &format!("GET {path}"), &[]).await;
        assert_eq!((answer.status, answer.text()), (200, "ok"), "{path}");
    }
    for path in ["/healthz?verbose", "/readyz?verbose=1"] {
        let verbose = ask(server, &format!("GET {path}"), &[]).await;
        assert_eq!(verbose.text(), "[+]ping ok\nhealthz check passed\n", "{path}");
    }
    let other = ask(server, "GET /nothing", &[]).await;
    assert_eq!((other.status, other.text()), (404, "404 page not found\n"));

    readiness.withdraw("shutting down");
    assert!(ask(server, "GET /readyz", &[]).await.text().contains("shutting down"));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_those_of_the_registry() {
    let registry = Registry::new();
    let listening = metrics("127.0.0.1:0", Limits::default(), registry.clone()).unwrap();
    let server = listening.address;
    let _running = listening.start();
    assert_eq!(ask(server, "GET /metrics", &[]).await.status, 200);

    let counter = IntCounter::new("attempts_total", "Attempts.").unwrap();
    registry.register(Box::new(counter.clone())).unwrap();
    counter.inc_by(3);
    let answer = ask(server, "GET /metrics", &[]).await;
    assert!(answer.text().contains("attempts_total 3"), "{}", answer.text());
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    assert_eq!(ask(server, "GET /", &[]).await.status, 404);
}
