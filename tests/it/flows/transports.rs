//! Client certificates, proxies and addresses (upstream's tests of the controller as a whole).

use std::net::TcpListener;

use serde_json::{Value, json};

use super::authority::Authority;
use super::images::{DOCKER_LAYER, Image};
use super::place::{Place, lines, repository, secret};
use super::registry::Registry;

/// The object is Ready with an image that it names by digest.
async fn stored(place: &Place, name: &str, digest: &str) {
    let status = place.settled(name).await;

    let ready = format!("Ready=True(Succeeded, stored artifact for digest '{digest}')");
    assert!(lines(&status).contains(&ready), "{name}: {:#?}", lines(&status));
}

/// Ready is False with this text.
async fn failed(place: &Place, name: &str, text: &str) {
    let lines = lines(&place.settled(name).await);

    let ready = lines.iter().find(|line| line.starts_with("Ready=False(")).unwrap();
    assert!(ready.contains(text), "{name}: {ready}");
}

fn of(name: &str, url: &str, digest: &str, mut more: Value) -> Value {
    more["ref"] = json!({"digest": digest});
    repository(name, url, &more)
}

#[actix::test]
async fn a_registry_that_wants_a_client_certificate_gets_the_one_of_the_secret() {
    let authority = Authority::new();
    let registry = Registry::secured(authority.server(true));
    let image = Image::podinfo("6.1.6");
    registry.push(&image, &[]);
    let (certificate, key) = authority.client();
    let material = |key: &str| json!({"caFile": authority.pem(), "certFile": certificate, "keyFile": key});
    let named = |name: &str| json!({"certSecretRef": {"name": name}});
    let (url, digest) = (registry.url(), image.digest());
    let place = Place::with(&[
        secret("right", &material(&key)),
        secret("broken", &material("invalid-key")),
        of("right", &url, &digest, named("right")),
        of("none", &url, &digest, json!({})),
        of("broken", &url, &digest, named("broken")),
    ]);

    stored(&place, "right", &digest).await;
    failed(&place, "none", "tls: failed to verify certificate: x509:").await;
    let transport =
        format!("failed to generate transport for '{url}': failed to parse TLS certificate and key");
    failed(&place, "broken", &format!("{transport}: tls: failed to find any PEM data in key input")).await;
    place.leave().await;
}

#[actix::test]
async fn everything_goes_through_the_proxy_of_the_secret_and_nothing_where_that_is_down() {
    let registry = Registry::open();
    let image = Image::podinfo("6.1.6");
    registry.push(&image, &[]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxied = |name: &str| json!({"insecure": true, "proxySecretRef": {"name": name}});
    let digest = image.digest();
    let place = Place::with(&[
        secret("up", &json!({"address": format!("http://{}", registry.host())})),
        secret("down", &json!({"address": format!("http://{closed}")})),
        of("up", "oci://registry.example.com/podinfo", &digest, proxied("up")),
        of("down", &registry.url(), &digest, proxied("down")),
    ]);

    stored(&place, "up", &digest).await;
    failed(&place, "down", "failed to pull artifact").await;
    place.leave().await;
}

#[actix::test]
async fn an_address_with_a_tag_stalls_and_is_observed() {
    let place = Place::with(&[repository("app", "oci://ghcr.io/test/test:v1", &json!({}))]);

    let status = place.settled("app").await;

    let stalled = status.conditions.get(reconcile::ConditionKind::Stalled).unwrap();
    assert_eq!(stalled.reason, "URLInvalid");
    let text = "URL validation failed for 'oci://ghcr.io/test/test:v1': ";
    assert!(stalled.message.starts_with(text), "{}", stalled.message);
    assert_eq!(status.observed_generation, 1);
    let ready = format!("Ready=False(URLInvalid, {})", stalled.message);
    assert!(lines(&status).contains(&ready), "{:#?}", lines(&status));
    place.leave().await;
}

#[actix::test]
async fn a_layer_is_taken_by_its_media_type_or_by_default() {
    let registry = Registry::open();
    let image = Image::podinfo("6.1.6");
    registry.push(&image, &["6.1.6"]);
    let of = |name: &str, media_type: &str| {
        let selector = json!({"mediaType": media_type});
        repository(name, &registry.url(), &json!({"ref": {"tag": "6.1.6"}, "layerSelector": selector}))
    };
    let place = Place::with(&[
        of("any", ""),
        of("known", DOCKER_LAYER),
        of("unknown", "application/invalid.tar.gzip"),
    ]);

    let revision = format!("6.1.6@{}", image.digest());
    stored(&place, "any", &revision).await;
    stored(&place, "known", &revision).await;
    failed(&place, "unknown", "failed to find layer with media type 'application/invalid.tar.gzip'").await;
    place.leave().await;
}
