//! What a token is renewed with, and what is shown to whom on the way (spec 4.3).

use std::sync::atomic::{AtomicUsize, Ordering};

use oci::{Client, Credential, Error};

use crate::support::{Registry, Reply, Seen, basic, bearer_challenge, client, manifest};

/// A registry whose tokens do not last: each call needs a new one.
async fn registry(token: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Registry {
    let made = AtomicUsize::new(0);
    Registry::start(move |seen| match seen.target.as_str() {
        target if target.starts_with("/token") => token(seen, made.fetch_add(1, Ordering::SeqCst) + 1),
        _ if seen.header("authorization").starts_with("Bearer token-") => manifest(b"{}"),
        _ => bearer_challenge(seen),
    })
    .await
}

/// A token that has expired when it arrives, and perhaps a refresh token.
fn grant(number: usize, refresh: &str) -> Reply {
    Reply::ok(format!(r#"{{"token":"token-{number}","refresh_token":"{refresh}","expires_in":1e-9}}"#))
}

async fn poll(client: &Client, credential: &Credential) -> Result<(), Error> {
    client.head(credential, "app", "v1").await.map(|_| ())
}

/// How tokens were asked for: by `GET` with this authorization, or by `POST` with this refresh token.
fn asked(registry: &Registry) -> Vec<String> {
    let all = registry.take().into_iter().filter(|seen| seen.target.starts_with("/token"));
    all.map(|seen| match seen.body.rsplit_once("refresh_token=") {
        Some((_, refresh)) => format!("POST {refresh}"),
        None => format!("GET {}", seen.header("authorization")),
    })
    .collect()
}

#[tokio::test]
async fn a_refresh_token_that_came_with_a_token_takes_the_place_of_the_password() {
    let registry = registry(|_, number| grant(number, if number == 1 { "rotated" } else { "" })).await;
    let client = client(&registry);

    for _ in 0..3 {
        poll(&client, &basic("user", "secret")).await.unwrap();
    }

    assert_eq!(asked(&registry), ["GET Basic dXNlcjpzZWNyZXQ=", "POST rotated", "POST rotated"]);
}

#[tokio::test]
async fn a_refresh_token_that_has_lost_its_force_gives_way_to_the_credential() {
    let registry = registry(|seen, number| match seen.method.as_str() {
        "POST" => Reply::error(401, "UNAUTHORIZED", "refresh token is revoked"),
        _ => grant(number, "rotated"),
    })
    .await;
    let client = client(&registry);

    poll(&client, &basic("user", "secret")).await.unwrap();
    poll(&client, &basic("user", "secret")).await.unwrap();

    let password = "GET Basic dXNlcjpzZWNyZXQ=";
    assert_eq!(asked(&registry), [password, "POST rotated", password]);
}

#[tokio::test]
async fn an_identity_token_that_is_refused_is_reported_and_nothing_else_is_shown() {
    let registry = registry(|seen, number| match seen.method.as_str() {
        "POST" => Reply::error(401, "UNAUTHORIZED", "unknown refresh token"),
        _ => grant(number, ""),
    })
    .await;
    let password = Some(("user".to_owned(), "secret".to_owned()));
    let credential = Credential::IdentityToken { token: "refresh".to_owned(), basic: password };

    let error = poll(&client(&registry), &credential).await.unwrap_err();

    assert!(matches!(error, Error::Denied(_)), "{error}");
    let text = format!("POST http://{}/token: UNAUTHORIZED: unknown refresh token", registry.host());
    assert_eq!(error.to_string(), text);
    assert_eq!(asked(&registry), ["POST refresh"]);
}

#[tokio::test]
async fn an_identity_token_alone_gives_way_to_a_token_for_anybody_where_post_is_unknown() {
    for status in [404, 405] {
        let registry = registry(move |seen, number| match seen.method.as_str() {
            "POST" => Reply::status(status),
            _ => grant(number, ""),
        })
        .await;
        let credential = Credential::IdentityToken { token: "refresh".to_owned(), basic: None };

        poll(&client(&registry), &credential).await.unwrap();

        assert_eq!(asked(&registry), ["POST refresh", "GET "], "{status}");
    }
}

#[tokio::test]
async fn a_scheme_that_nobody_knows_reads_as_basic() {
    let registry = Registry::start(|seen| match seen.header("authorization") {
        "Basic dXNlcjpzZWNyZXQ=" => manifest(b"{}"),
        _ => Reply::status(401).header("WWW-Authenticate", "Negotiate abc=="),
    })
    .await;

    poll(&client(&registry), &basic("user", "secret")).await.unwrap();

    assert_eq!(registry.transcript(), ["GET /v2/", "HEAD /v2/app/manifests/v1 Basic dXNlcjpzZWNyZXQ="]);
}

#[tokio::test]
async fn redirects_of_a_token_endpoint_end_after_ten() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        target if target.starts_with("/token") => Reply::redirect("/token/again"),
        _ => bearer_challenge(seen),
    })
    .await;

    let error = poll(&client(&registry), &basic("user", "secret")).await.unwrap_err();

    assert!(error.to_string().ends_with("stopped after 10 redirects"), "{error}");
    assert_eq!(asked(&registry).len(), 11);
}
