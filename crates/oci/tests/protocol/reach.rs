//! How a registry is found, and what it looks like when it cannot be (spec 4.4; rulings D20, D47).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oci::{Client, Credential, Error, Origin};

use crate::support::{End, Registry, Reply, client, closed_port, manifest, settings};

async fn poll(client: &Client) -> Result<(), Error> {
    client.resolve(&Credential::Anonymous, "app", "v1", true).await.map(|_| ())
}

#[tokio::test]
async fn a_host_that_is_down_is_reported_for_both_schemes() {
    let host = closed_port().await;
    let client = Client::new(&Origin::new(&host), &settings()).unwrap();

    let error = poll(&client).await.unwrap_err();

    let refused = format!("dial tcp {host}: connect: connection refused");
    assert_eq!(
        error.to_string(),
        format!("Get \"https://{host}/v2/\": {refused}; Get \"http://{host}/v2/\": {refused}")
    );
    assert!(error.is_host_failure());
}

#[tokio::test]
async fn a_ping_that_fails_decides_nothing_but_the_scheme() {
    for (status, pings) in [(404, 1), (403, 1), (500, 2), (429, 2)] {
        let registry = Registry::start(move |seen| match seen.target.as_str() {
            "/v2/" => Reply::status(status),
            _ => manifest(b"{}"),
        })
        .await;
        let client = client(&registry);

        poll(&client).await.unwrap();
        poll(&client).await.unwrap();

        let transcript = registry.transcript();
        assert_eq!(transcript.iter().filter(|line| *line == "GET /v2/").count(), pings, "{status}");
    }
}

#[tokio::test]
async fn a_tls_port_that_answers_plain_http_is_no_plain_registry() {
    let registry =
        Registry::start(|_| Reply::status(400).body("Client sent an HTTP request to an HTTPS server.")).await;

    let error = poll(&client(&registry)).await.unwrap_err();

    let host = registry.host();
    assert_eq!(
        error.to_string(),
        format!(
            "Get \"https://{host}/v2/\": http: server gave HTTP response to HTTPS client; GET http://{host}/v2/: \
             unexpected status code 400 Bad Request: Client sent an HTTP request to an HTTPS server."
        )
    );
}

#[tokio::test]
async fn a_registry_that_hangs_up_is_a_host_failure_and_its_scheme_is_looked_for_again() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        "/v2/" => Reply::ok(""),
        _ => Reply::closed(),
    })
    .await;
    let client = client(&registry);

    let error = poll(&client).await.unwrap_err();

    assert_eq!(error.to_string(), format!("Get \"http://{}/v2/app/manifests/v1\": EOF", registry.host()));
    assert!(error.is_host_failure());
    registry.take();
    poll(&client).await.unwrap_err();
    assert_eq!(registry.transcript()[0], "GET /v2/");
}

/// A plain registry, and whether it answers with this instead of manifests and pings.
async fn failing_with(reply: fn() -> Reply) -> (Registry, Arc<AtomicBool>) {
    let failing = Arc::<AtomicBool>::default();
    let fails = Arc::clone(&failing);
    let registry =
        Registry::start(move |_| if fails.load(Ordering::Relaxed) { reply() } else { manifest(b"{}") }).await;
    (registry, failing)
}

#[tokio::test]
async fn a_registry_that_was_found_and_is_down_is_looked_for_under_its_own_scheme_and_now_and_then_the_other()
{
    let (registry, down) = failing_with(Reply::closed).await;
    let earlier = client(&registry);
    poll(&earlier).await.unwrap();
    down.store(true, Ordering::Relaxed);
    let client = earlier.renewed(&Origin::new(registry.host()), &settings()).unwrap();
    let before = registry.connections();

    let mut errors = Vec::new();
    for _ in 0..10 {
        errors.push(poll(&client).await.unwrap_err().to_string());
    }

    assert_eq!(registry.connections() - before, 12);
    let eof = format!("Get \"http://{}/v2/\": EOF", registry.host());
    assert_eq!(errors.iter().filter(|error| **error == eof).count(), 8);
    assert!(errors[4].ends_with(&format!("to HTTPS client; {eof}")), "{}", errors[4]);
    down.store(false, Ordering::Relaxed);
    poll(&client).await.unwrap();
}

#[tokio::test]
async fn a_registry_that_says_that_it_has_changed_its_scheme_is_looked_for_under_both_at_once() {
    let (registry, moved) = failing_with(|| Reply::status(400)).await;
    let earlier = client(&registry);
    poll(&earlier).await.unwrap();
    moved.store(true, Ordering::Relaxed);
    let client = earlier.renewed(&Origin::new(registry.host()), &settings()).unwrap();

    let error = poll(&client).await.unwrap_err();

    assert!(matches!(error, Error::NoScheme { .. }), "{error}");
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    let registry =
        Registry::start(|seen| if seen.before > 0 { Reply::closed() } else { manifest(b"{}") }).await;
    let client = client(&registry);

    for _ in 0..3 {
        poll(&client).await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_call_leaves_the_client_usable() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        "/v2/" => Reply::ok(""),
        "/v2/app/manifests/hangs" => Reply::ok("x").end(End::HangAfter(0)),
        _ => manifest(b"{}"),
    })
    .await;
    let client = client(&registry);
    let hanging = tokio::spawn({
        let client = client.clone();
        async move { client.resolve(&Credential::Anonymous, "app", "hangs", true).await.map(|_| ()) }
    });
    while !registry.transcript().iter().any(|line| line.ends_with("hangs")) {
        tokio::task::yield_now().await;
    }

    hanging.abort();

    assert!(hanging.await.unwrap_err().is_cancelled());
    poll(&client).await.unwrap();
}
