//! Blobs that do not arrive (spec 3.6; rulings D1, D6, D15).

use std::io;
use std::time::Duration;

use oci::{BlobLimits, Credential, Error, Sink, TransportKind};

use crate::blobs::{LIMITS, content, descriptor, fetch, part, receive, registry};
use crate::support::{End, Reply, StoppedClock, TRICKLE, client, digest};

fn url(host: &str) -> String {
    format!("http://{host}/v2/app/blobs/{}", digest(&content()))
}

#[tokio::test]
async fn content_that_is_wrong_is_refused_without_another_try() {
    let mut wrong = content();
    wrong[70_000] ^= 1;
    let actual = digest(&wrong);
    let registry = registry(move |_, _| Reply::ok(&wrong)).await;

    let error = fetch(&client(&registry), LIMITS).await.unwrap_err();

    let expected = digest(&content());
    assert_eq!(
        error.to_string(),
        format!(
            "error verifying sha256 checksum after reading 80000 bytes; got \"{actual}\", want \"{expected}\""
        )
    );
    assert_eq!(registry.take().len(), 2);
}

#[tokio::test]
async fn content_that_stays_wrong_after_a_resume_is_read_twice_only() {
    let registry = registry(|seen, _| {
        let wrong = vec![1; content().len()];
        let reply = part(seen, &wrong);
        if seen.header("range").is_empty() { reply.end(End::CutAfter(30_000)) } else { reply }
    })
    .await;

    let error = fetch(&client(&registry), LIMITS).await.unwrap_err();

    assert!(matches!(error, Error::BlobDigest { .. }), "{error}");
    assert_eq!(registry.take().len(), 1 + 4);
}

#[tokio::test]
async fn a_resume_that_brings_nothing_ends_the_transfer() {
    for supports_ranges in [true, false] {
        let registry = registry(move |seen, _| {
            let content = content();
            match seen.header("range") {
                "" => Reply::ok(&content).end(End::CutAfter(30_000)),
                _ if supports_ranges => part(seen, &content).end(End::CutAfter(0)),
                _ => Reply::ok(&content).end(End::CutAfter(30_000)),
            }
        })
        .await;

        let error = fetch(&client(&registry), LIMITS).await.unwrap_err();

        assert_eq!(error.to_string(), "unexpected EOF");
        assert_eq!(registry.take().len(), 1 + 2);
    }
}

#[tokio::test(start_paused = true)]
async fn resumes_that_bring_a_byte_each_end_with_the_minute_that_they_wait() {
    let _clock = StoppedClock::new();
    let registry = registry(|seen, number| {
        let reply = part(seen, &content()).after(Duration::from_secs(29));
        if number < 50 { reply.end(End::CutAfter(1)) } else { reply }
    })
    .await;

    let error = fetch(&client(&registry), LIMITS).await.unwrap_err();

    assert!(error.to_string().ends_with(TRICKLE), "{error}");
    assert_eq!(registry.take().len(), 1 + 4);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_known_are_no_progress() {
    const KNOWN: usize = 1 << 20;
    let _clock = StoppedClock::new();
    let content = vec![7; 2 * KNOWN];
    let descriptor = descriptor(&content);
    let registry = registry(move |_, number| {
        let reply = Reply::ok(&content).after(Duration::from_secs(1));
        if number < 100 { reply.end(End::CutAfter(KNOWN + number)) } else { reply }
    })
    .await;

    let error = receive(&client(&registry), &descriptor, LIMITS).await.unwrap_err();

    assert!(error.to_string().ends_with(TRICKLE), "{error}");
    assert_eq!(registry.take().len(), 1 + 1 + 60);
}

#[tokio::test]
async fn an_answer_that_is_not_the_range_asked_for_is_malformed() {
    for range in ["bytes 29999-79999/80000", "bytes */80000", "nonsense"] {
        let registry = registry(move |seen, _| match seen.header("range") {
            "" => Reply::ok(content()).end(End::CutAfter(30_000)),
            _ => Reply::status(206).header("Content-Range", range).body(&content()[30_000..]),
        })
        .await;

        let error = fetch(&client(&registry), LIMITS).await.unwrap_err();

        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_length_that_is_not_the_descriptors_is_refused_in_upstreams_words() {
    for (reply, announced) in [
        (Reply::ok("short"), "5"),
        (Reply::ok("x").header("Content-Length", "99999999999").end(End::HangAfter(1)), "99999999999"),
    ] {
        let registry = registry(move |_, _| reply.clone()).await;

        let error = fetch(&client(&registry), LIMITS).await.unwrap_err();

        assert_eq!(
            error.to_string(),
            format!(
                "GET {}: Content-Length header {announced} does not match expected size 80000",
                url(registry.host())
            )
        );
    }
}

#[tokio::test]
async fn bytes_beyond_the_size_are_never_written() {
    let registry = registry(|_, _| Reply::ok([content(), content()].concat()).chunked()).await;
    let mut received = Vec::new();

    let outcome = client(&registry)
        .blob(&Credential::Anonymous, "app", &descriptor(&content()), LIMITS, &mut received)
        .await;

    assert!(matches!(outcome, Err(Error::TooLarge { limit: 80_000, .. })));
    assert!(received.len() <= content().len());
}

#[tokio::test]
async fn a_blob_beyond_the_limit_is_not_asked_for() {
    let registry = registry(|_, _| Reply::ok(content())).await;

    let limits = BlobLimits { max_bytes: Some(79_999), ..LIMITS };
    let error = fetch(&client(&registry), limits).await.unwrap_err();

    assert!(matches!(error, Error::TooLarge { limit: 79_999, .. }), "{error}");
    assert!(registry.take().is_empty());
}

#[tokio::test]
async fn a_transfer_that_stops_is_given_up() {
    let registry = registry(|_, _| Reply::ok(content()).end(End::HangAfter(10))).await;

    let limits = BlobLimits { stall: Duration::from_millis(100), ..LIMITS };
    let error = fetch(&client(&registry), limits).await.unwrap_err();

    assert_eq!(error.to_string(), format!("GET {}: no data received for 100ms", url(registry.host())));
    assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Stalled));
    assert!(!error.is_host_failure(), "another object may be more patient");
    assert_eq!(registry.take().len(), 2);
}

#[tokio::test]
async fn a_blob_that_the_registry_lacks_is_reported_in_its_words() {
    let registry = registry(|_, _| Reply::error(404, "BLOB_UNKNOWN", "blob unknown to registry")).await;

    let error = fetch(&client(&registry), LIMITS).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!("GET {}: BLOB_UNKNOWN: blob unknown to registry", url(registry.host()))
    );
}

struct Full;

impl Sink for Full {
    async fn write(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::other("no space left"))
    }

    async fn restart(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_sink_that_fails_ends_the_transfer() {
    let registry = registry(|_, _| Reply::ok(content())).await;

    let outcome = client(&registry)
        .blob(&Credential::Anonymous, "app", &descriptor(&content()), LIMITS, &mut Full)
        .await;

    assert!(matches!(outcome, Err(Error::Sink(error)) if error.to_string() == "no space left"));
}
