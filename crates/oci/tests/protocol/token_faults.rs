//! Registries and token endpoints that refuse, lie or go round in circles (spec 4.3).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oci::{Credential, Error};

use crate::support::{Registry, Reply, StoppedClock, TRICKLE, basic, bearer_challenge, client, manifest};

#[tokio::test]
async fn a_registry_that_refuses_every_token_is_asked_twice_and_no_more() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        token if token.starts_with("/token") => Reply::ok(r#"{"token":"t","expires_in":300}"#),
        _ => bearer_challenge(seen),
    })
    .await;

    let error = client(&registry).resolve(&Credential::Anonymous, "app", "v1", true).await.unwrap_err();

    assert!(matches!(error, Error::Denied(_)), "{error}");
    let token = "GET /token?scope=repository%3Aapp%3Apull&service=example";
    let get = "GET /v2/app/manifests/v1 Bearer t";
    assert_eq!(registry.transcript(), ["GET /v2/", token, get, token, get]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_for_all_who_used_it() {
    let made = AtomicUsize::new(0);
    let registry = Registry::start(move |seen| match seen.target.as_str() {
        token if token.starts_with("/token") => {
            let number = made.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::ok(format!(r#"{{"token":"token-{number}","expires_in":300}}"#))
        }
        _ if seen.header("authorization") == "Bearer token-2" => manifest(b"{}"),
        _ => bearer_challenge(seen),
    })
    .await;
    let client = client(&registry);

    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.head(&Credential::Anonymous, "app", "v1").await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }

    let tokens = registry.transcript().into_iter().filter(|line| line.starts_with("GET /token")).count();
    assert_eq!(tokens, 2);
}

#[tokio::test]
async fn wrong_basic_credentials_are_sent_once() {
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[]}]}"#;
    let registry =
        Registry::start(move |_| Reply::status(401).header("WWW-Authenticate", "Basic realm=x").body(body))
            .await;
    let client = client(&registry);

    let error = client.resolve(&basic("user", "wrong"), "app", "v1", true).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "GET http://{}/v2/app/manifests/v1: UNAUTHORIZED: authentication required; []",
            registry.host()
        )
    );
    assert_eq!(registry.transcript(), ["GET /v2/", "GET /v2/app/manifests/v1 Basic dXNlcjp3cm9uZw=="]);
}

#[tokio::test]
async fn a_refusal_of_the_token_endpoint_is_reported_as_it_is() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        token if token.starts_with("/token") => {
            Reply::error(401, "UNAUTHORIZED", "incorrect username or password")
        }
        _ => bearer_challenge(seen),
    })
    .await;

    let error = client(&registry).head(&basic("user", "wrong"), "app", "v1").await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "GET http://{}/token?scope=repository%3Aapp%3Apull&service=example: UNAUTHORIZED: incorrect username or password",
            registry.host()
        )
    );
    assert!(matches!(error, Error::Denied(_)));
}

#[tokio::test]
async fn an_internal_realm_on_another_host_gets_no_credentials() {
    let inside = Registry::start(|_| Reply::ok(r#"{"token":"t"}"#)).await;
    let realm = format!(r#"Bearer realm="http://{}/token""#, inside.host());
    let registry = Registry::start(move |_| Reply::status(401).header("WWW-Authenticate", &realm)).await;

    let error = client(&registry).head(&basic("user", "secret"), "app", "v1").await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "Get \"http://{}/token\": realm host \"127.0.0.1\" is a private or link-local address",
            inside.host()
        )
    );
    assert!(inside.take().is_empty());
}

#[tokio::test]
async fn a_token_endpoint_must_not_redirect_inside_nor_take_a_secret_along() {
    let outside = Registry::start(|_| Reply::ok(r#"{"token":"t"}"#)).await;
    let port = outside.host().split_once(':').unwrap().1.to_owned();
    for (location, reached) in
        [(format!("http://127.0.0.2:{port}/token"), false), (format!("http://localhost:{port}/token"), true)]
    {
        let registry = Registry::start(move |seen| match seen.target.as_str() {
            token if token.starts_with("/token") => Reply::redirect(&location),
            _ if seen.header("authorization").is_empty() => bearer_challenge(seen),
            _ => manifest(b"{}"),
        })
        .await;

        let outcome = client(&registry).head(&basic("user", "secret"), "app", "v1").await;

        assert_eq!(outcome.is_ok(), reached);
        assert_eq!(outside.transcript(), if reached { vec!["GET /token"] } else { vec![] });

        let identity = Credential::IdentityToken { token: "refresh".to_owned(), basic: None };
        let error = client(&registry).head(&identity, "app", "v1").await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert!(outside.take().is_empty());
    }
}

#[tokio::test]
async fn a_challenge_that_is_too_long_is_not_met() {
    for parameter in ["realm", "service", "scope"] {
        let long = "x".repeat(5000);
        let registry = Registry::start(move |seen| {
            if seen.target.starts_with("/token") {
                return Reply::ok(r#"{"token":"t"}"#);
            }
            let realm = format!("http://{}/token", seen.header("host"));
            let challenge = match parameter {
                "realm" => format!(r#"Bearer realm="{realm}?{long}""#),
                _ => format!(r#"Bearer realm="{realm}",{parameter}="{long}""#),
            };
            Reply::status(401).header("WWW-Authenticate", &challenge)
        })
        .await;

        let error = client(&registry).head(&Credential::Anonymous, "app", "v1").await.unwrap_err();

        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        assert!(
            error.to_string().starts_with(&format!("GET http://{}/v2/app/manifests/v1: ", registry.host()))
        );
        assert!(!registry.transcript().iter().any(|line| line.contains("xxxxx")), "{parameter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_trickles_is_given_up_after_a_minute() {
    let _clock = StoppedClock::new();
    let registry = Registry::start(|seen| match seen.target.as_str() {
        token if token.starts_with("/token") => {
            Reply::ok(r#"{"token":"t"}"#).byte_after(Duration::from_secs(6))
        }
        _ if seen.header("authorization").is_empty() => bearer_challenge(seen),
        _ => manifest(b"{}"),
    })
    .await;

    let error = client(&registry).head(&Credential::Anonymous, "app", "v1").await.unwrap_err();

    assert!(error.to_string().ends_with(TRICKLE), "{error}");
}

#[tokio::test]
async fn a_token_endpoint_that_gives_no_token_is_malformed() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        token if token.starts_with("/token") => Reply::ok("{}"),
        _ => bearer_challenge(seen),
    })
    .await;

    let error = client(&registry).head(&Credential::Anonymous, "app", "v1").await.unwrap_err();

    assert!(matches!(error, Error::Malformed { .. }), "{error}");
}
