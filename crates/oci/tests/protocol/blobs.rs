//! Blobs that arrive, in one piece or several (rulings D1, D6, D15).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oci::{BlobLimits, Client, Credential, Descriptor, Error};

use crate::support::{End, Registry, Reply, Seen, StoppedClock, client, digest};

pub(crate) const LIMITS: BlobLimits = BlobLimits { stall: Duration::from_secs(30), max_bytes: None };

pub(crate) fn content() -> Vec<u8> {
    (0..20_000_u32).flat_map(u32::to_le_bytes).collect()
}

pub(crate) fn descriptor(content: &[u8]) -> Descriptor {
    serde_json::from_value(serde_json::json!({"digest": digest(content).to_string(), "size": content.len()}))
        .unwrap()
}

pub(crate) async fn fetch(client: &Client, limits: BlobLimits) -> Result<Vec<u8>, Error> {
    receive(client, &descriptor(&content()), limits).await
}

pub(crate) async fn receive(
    client: &Client,
    descriptor: &Descriptor,
    limits: BlobLimits,
) -> Result<Vec<u8>, Error> {
    let mut received = Vec::new();
    client.blob(&Credential::Anonymous, "app", descriptor, limits, &mut received).await?;
    Ok(received)
}

/// A registry whose nth answer for a blob is scripted.
pub(crate) async fn registry(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Registry {
    let asked = AtomicUsize::new(0);
    Registry::start(move |seen| match seen.target.as_str() {
        "/v2/" => Reply::ok(""),
        _ => script(seen, asked.fetch_add(1, Ordering::SeqCst)),
    })
    .await
}

/// The rest of `content` that a request asks for.
pub(crate) fn part(seen: &Seen, content: &[u8]) -> Reply {
    let from = seen.header("range").strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
    let Some(from) = from.map(|from| from.parse::<usize>().unwrap()) else {
        return Reply::ok(content);
    };
    let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
    Reply::status(206).header("Content-Range", &range).body(&content[from..])
}

fn ranges(registry: &Registry) -> Vec<String> {
    registry.take().iter().skip(1).map(|seen| seen.header("range").to_owned()).collect()
}

#[tokio::test]
async fn a_blob_arrives_with_and_without_an_announced_length() {
    for chunked in [false, true] {
        let registry = registry(move |seen, _| {
            let reply = part(seen, &content());
            if chunked { reply.chunked() } else { reply }
        })
        .await;

        let client = client(&registry);
        let on_any_thread = tokio::spawn(async move { fetch(&client, LIMITS).await });

        assert_eq!(on_any_thread.await.unwrap().unwrap(), content());
        assert_eq!(ranges(&registry), [""]);
    }
}

#[tokio::test]
async fn a_cut_transfer_goes_on_from_the_last_byte() {
    let registry = registry(|seen, number| {
        let reply = part(seen, &content());
        match number {
            0 => reply.end(End::CutAfter(30_000)),
            1 => reply.end(End::CutAfter(20_000)),
            _ => reply,
        }
    })
    .await;

    assert_eq!(fetch(&client(&registry), LIMITS).await.unwrap(), content());
    assert_eq!(ranges(&registry), ["", "bytes=30000-", "bytes=50000-"]);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_that_is_cut_and_slow_to_resume_goes_on_while_it_is_fast_enough() {
    const MIB: usize = 1 << 20;
    let _clock = StoppedClock::new();
    let content = vec![7; 8 * MIB];
    let descriptor = descriptor(&content);
    let registry =
        registry(move |seen, _| part(seen, &content).end(End::CutAfter(MIB)).after(Duration::from_secs(25)))
            .await;

    let received = receive(&client(&registry), &descriptor, LIMITS).await.unwrap();

    assert_eq!(received.len(), 8 * MIB);
    assert_eq!(registry.take().len(), 1 + 8);
}

#[tokio::test]
async fn a_registry_without_ranges_is_read_from_the_beginning_and_what_is_known_is_skipped() {
    let registry = registry(|_, number| {
        let reply = Reply::ok(content());
        if number == 0 { reply.end(End::CutAfter(30_000)) } else { reply }
    })
    .await;

    assert_eq!(fetch(&client(&registry), LIMITS).await.unwrap(), content());
    assert_eq!(ranges(&registry), ["", "bytes=30000-"]);
}

#[tokio::test]
async fn wrong_content_after_a_resume_is_read_once_more_from_the_beginning() {
    let registry = registry(|seen, number| match number {
        0 => Reply::ok(vec![1; content().len()]).end(End::CutAfter(30_000)),
        _ => part(seen, &content()),
    })
    .await;

    assert_eq!(fetch(&client(&registry), LIMITS).await.unwrap(), content());
    assert_eq!(ranges(&registry), ["", "bytes=30000-", ""]);
}

#[tokio::test]
async fn content_in_the_descriptor_needs_no_request_if_it_is_right() {
    let registry = registry(|_, _| Reply::ok("abc")).await;
    let client = client(&registry);
    for (data, requests) in [("YWJj", 0), ("eHl6", 2), ("YWI=", 1)] {
        let descriptor = serde_json::json!({"digest": digest(b"abc").to_string(), "size": 3, "data": data});
        let descriptor: Descriptor = serde_json::from_value(descriptor).unwrap();

        assert_eq!(receive(&client, &descriptor, LIMITS).await.unwrap(), b"abc");
        assert_eq!(registry.take().len(), requests, "{data}");
    }
}

#[tokio::test]
async fn an_empty_blob_is_a_blob() {
    let registry = registry(|_, _| Reply::ok("")).await;
    let mut received = Vec::new();

    client(&registry)
        .blob(&Credential::Anonymous, "app", &descriptor(b""), LIMITS, &mut received)
        .await
        .unwrap();

    assert_eq!(received, b"");
}

#[tokio::test]
async fn a_repository_has_a_blob_where_the_registry_says_so_with_its_length() {
    for (reply, has) in [
        (Reply::ok(content()), true),
        (Reply::ok("another length"), false),
        (Reply::status(404), false),
        (Reply::status(405), false),
        (Reply::status(500), false),
    ] {
        let registry = registry(move |_, _| reply.clone()).await;

        let client = client(&registry);
        let found = client.has_blob(&Credential::Anonymous, "app", &descriptor(&content())).await;

        assert_eq!(found, has);
        let digest = digest(&content());
        assert_eq!(registry.transcript(), ["GET /v2/".to_owned(), format!("HEAD /v2/app/blobs/{digest}")]);
    }
}
