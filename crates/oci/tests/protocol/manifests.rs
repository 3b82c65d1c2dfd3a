//! Tags and digests, and what they lead to (spec 3.5-3.7; rulings D21 and D47).

use std::time::Duration;

use oci::{Client, Credential, Error, Origin, Resolved, Room, Settings};

use crate::support::{End, Registry, Reply, StoppedClock, TRICKLE, client, digest, manifest, settings};

const BYTES: &[u8] = br#"{"schemaVersion":2,"layers":[]}"#;

/// A registry that answers `HEAD` of a manifest with one thing and `GET` with another.
async fn registry(head: Reply, get: Reply) -> Registry {
    Registry::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("GET", "/v2/") => Reply::ok(""),
        ("HEAD", _) => head.clone(),
        _ => get.clone(),
    })
    .await
}

async fn resolve(client: &Client, expect_new: bool) -> Result<Resolved, Error> {
    client.resolve(&Credential::Anonymous, "app", "v1", expect_new).await
}

#[tokio::test]
async fn polling_a_tag_is_one_head_once_the_registry_is_known() {
    let registry = registry(manifest(BYTES), manifest(BYTES)).await;
    let client = client(&registry);

    resolve(&client, false).await.unwrap();
    assert_eq!(registry.transcript(), ["GET /v2/", "HEAD /v2/app/manifests/v1"]);

    let resolved = resolve(&client, false).await.unwrap();
    assert_eq!(registry.transcript(), ["HEAD /v2/app/manifests/v1"]);
    assert_eq!(resolved, Resolved { digest: digest(BYTES), manifest: None });
}

#[tokio::test]
async fn a_new_manifest_is_read_at_once_and_named_by_its_bytes() {
    let registry = registry(Reply::status(500), manifest(BYTES)).await;

    let resolved = resolve(&client(&registry), true).await.unwrap();

    assert_eq!(registry.transcript(), ["GET /v2/", "GET /v2/app/manifests/v1"]);
    let manifest = resolved.manifest.unwrap();
    assert_eq!((resolved.digest, &manifest.bytes[..]), (digest(BYTES), BYTES));
    assert_eq!(manifest.media_type, "application/vnd.oci.image.manifest.v1+json");
}

#[tokio::test]
async fn a_body_that_is_not_what_its_header_says_is_refused() {
    let lying = manifest(BYTES).body("something else");
    let registry = registry(lying.clone(), lying).await;

    let error = resolve(&client(&registry), true).await.unwrap_err();

    let (actual, expected) = (digest(b"something else"), digest(BYTES));
    assert!(
        matches!(error, Error::ManifestDigest { actual: a, expected: e, .. } if (a, e) == (actual, expected))
    );
}

#[tokio::test]
async fn head_gives_way_to_get_only_where_it_cannot_tell() {
    for head in [
        Reply::status(404),
        Reply::status(405),
        Reply::status(501),
        manifest(BYTES).without("Docker-Content-Digest"),
    ] {
        let registry = registry(head, manifest(BYTES).without("Docker-Content-Digest")).await;

        let resolved = resolve(&client(&registry), false).await.unwrap();

        assert_eq!(registry.transcript()[1..], ["HEAD /v2/app/manifests/v1", "GET /v2/app/manifests/v1"]);
        assert_eq!(resolved.digest, digest(BYTES));
    }
}

#[tokio::test]
async fn head_that_is_refused_is_never_followed_by_get() {
    for (status, tail) in [
        (401, "401 UNAUTHORIZED"),
        (403, "403 DENIED"),
        (429, "429 TOOMANYREQUESTS"),
        (500, "unexpected status code 500 Internal Server Error"),
    ] {
        let registry = registry(Reply::status(status), manifest(BYTES)).await;

        let error = resolve(&client(&registry), false).await.unwrap_err();

        assert_eq!(error.to_string(), format!("HEAD http://{}/v2/app/manifests/v1: {tail}", registry.host()));
        assert_eq!(registry.transcript()[1..], ["HEAD /v2/app/manifests/v1"]);
        assert_eq!(matches!(error, Error::Denied(_)), matches!(status, 401 | 403));
        assert_eq!(error.is_server_failure(), status == 500);
        assert!(!error.is_host_failure());
    }
}

#[tokio::test]
async fn an_unknown_tag_is_reported_by_get_in_the_registrys_words() {
    let body =
        r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"v1"}}]}"#;
    let registry = registry(Reply::status(404), Reply::status(404).body(body)).await;

    let error = resolve(&client(&registry), false).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "GET http://{}/v2/app/manifests/v1: MANIFEST_UNKNOWN: manifest unknown; map[Tag:v1]",
            registry.host()
        )
    );
    assert!(error.is_not_found());
}

#[tokio::test]
async fn a_registry_that_wants_fewer_requests_says_for_how_long() {
    for (status, retry_after, limited) in
        [(429, Some("8"), true), (503, Some("8"), true), (429, None, true), (503, None, false)]
    {
        let mut reply = Reply::error(status, "TOOMANYREQUESTS", "slow down");
        if let Some(seconds) = retry_after {
            reply = reply.header("Retry-After", seconds);
        }
        let registry = registry(reply.clone(), reply).await;

        let error = resolve(&client(&registry), true).await.unwrap_err();

        assert_eq!(error.retry_after(), retry_after.map(|_| Duration::from_secs(8)));
        assert_eq!(error.is_rate_limit(), limited, "{error}");
    }
}

#[tokio::test]
async fn a_manifest_by_digest_must_have_that_digest() {
    let wanted = digest(BYTES);
    let registry = registry(
        Reply::status(500),
        Reply::ok("padded").header("Docker-Content-Digest", &wanted.to_string()),
    )
    .await;

    let error = client(&registry).manifest(&Credential::Anonymous, "app", &wanted).await.unwrap_err();

    let (actual, name) = (digest(b"padded"), format!("{}/app@{wanted}", registry.host()));
    assert_eq!(
        error.to_string(),
        format!("manifest digest: \"{actual}\" does not match requested digest: \"{wanted}\" for \"{name}\"")
    );
}

#[tokio::test]
async fn a_manifest_beyond_the_limit_is_not_read() {
    let limited = Settings { manifest_max_bytes: 10, ..settings() };
    for reply in [
        Reply::ok("eleven byte"),
        Reply::ok("eleven byte").chunked(),
        Reply::ok("x").header("Content-Length", "99999999999").end(End::HangAfter(0)),
    ] {
        let registry = registry(Reply::status(404), reply).await;
        let client = Client::new(&Origin::new(registry.host()), &limited).unwrap();

        let error = resolve(&client, true).await.unwrap_err();

        assert!(matches!(error, Error::TooLarge { limit: 10, .. }), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_trickles_is_given_up_after_a_minute() {
    let _clock = StoppedClock::new();
    let slow = manifest(BYTES).byte_after(Duration::from_secs(5));
    let registry = registry(Reply::status(404), slow).await;

    let error = resolve(&client(&registry), true).await.unwrap_err();

    assert!(error.to_string().ends_with(TRICKLE), "{error}");
}

#[tokio::test]
async fn large_manifests_of_all_registries_share_room_for_as_long_as_they_are_held() {
    let settings = Settings { manifest_room: Room::of(1 << 20), ..settings() };
    let large = vec![b' '; 600 << 10];
    let (one, other) = (
        registry(Reply::status(404), manifest(&large)).await,
        registry(Reply::status(404), manifest(&large)).await,
    );
    let [one, other] =
        [&one, &other].map(|registry| Client::new(&Origin::new(registry.host()), &settings).unwrap());

    let held = resolve(&one, true).await.unwrap();
    let error = resolve(&other, true).await.unwrap_err();

    assert!(matches!(error, Error::Declined { .. }), "{error}");
    assert!(!error.is_host_failure());
    drop(held);
    resolve(&other, true).await.unwrap();
}

#[tokio::test]
async fn a_manifest_that_is_cut_is_a_host_failure() {
    let registry = registry(Reply::status(404), manifest(BYTES).end(End::CutAfter(5))).await;

    let error = resolve(&client(&registry), true).await.unwrap_err();

    assert_eq!(error.to_string(), "unexpected EOF");
    assert!(error.is_host_failure());
}
