//! Credentials and the tokens that they are exchanged for (spec 4.3).

use std::sync::atomic::{AtomicUsize, Ordering};

use oci::{Client, Credential, Error};

use crate::support::{Registry, Reply, Seen, basic, bearer_challenge, client, manifest};

/// A registry that wants a token of its own, and hands out `token-1`, `token-2` and so on to whom `token` lets.
async fn registry(token: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Registry {
    let made = AtomicUsize::new(0);
    Registry::start(move |seen| {
        if seen.target.starts_with("/token") {
            return token(seen, made.fetch_add(1, Ordering::SeqCst) + 1);
        }
        if seen.header("authorization").starts_with("Bearer token-") {
            manifest(b"{}")
        } else {
            bearer_challenge(seen)
        }
    })
    .await
}

fn grant(number: usize) -> Reply {
    Reply::ok(format!(r#"{{"token":"token-{number}","expires_in":300}}"#))
}

async fn poll(client: &Client, credential: &Credential) -> Result<(), Error> {
    client.resolve(credential, "app", "v1", false).await.map(|_| ())
}

const TOKEN: &str = "GET /token?scope=repository%3Aapp%3Apull&service=example";
const HEAD: &str = "HEAD /v2/app/manifests/v1";

#[tokio::test]
async fn credentials_go_to_the_token_endpoint_and_the_token_is_used_again() {
    let registry = registry(|_, number| grant(number)).await;
    let client = client(&registry);
    let credential = basic("user", "secret");

    poll(&client, &credential).await.unwrap();
    let expected =
        ["GET /v2/", &format!("{TOKEN} Basic dXNlcjpzZWNyZXQ="), &format!("{HEAD} Bearer token-1")];
    assert_eq!(registry.transcript(), expected);

    poll(&client, &credential).await.unwrap();
    assert_eq!(registry.transcript(), [format!("{HEAD} Bearer token-1")]);
}

#[tokio::test]
async fn fifty_concurrent_calls_ask_for_one_token() {
    let registry = registry(|_, number| grant(number)).await;
    let client = client(&registry);

    let calls: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { poll(&client, &Credential::Anonymous).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }

    let transcript = registry.transcript();
    let count = |line: &str| transcript.iter().filter(|seen| *seen == line).count();
    assert_eq!((count("GET /v2/"), count(TOKEN), count(&format!("{HEAD} Bearer token-1"))), (1, 1, 50));
}

#[tokio::test]
async fn a_token_belongs_to_one_identity() {
    let registry = registry(|_, number| grant(number)).await;
    let client = client(&registry);
    for credential in [basic("user", "secret"), basic("user", "other"), Credential::Anonymous] {
        poll(&client, &credential).await.unwrap();
    }
    registry.take();

    for (credential, number) in
        [(basic("user", "secret"), 1), (basic("user", "other"), 2), (Credential::Anonymous, 3)]
    {
        poll(&client, &credential).await.unwrap();
        assert_eq!(registry.transcript(), [format!("{HEAD} Bearer token-{number}")]);
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_not_sent() {
    let registry =
        registry(|_, number| Reply::ok(format!(r#"{{"access_token":"token-{number}","expires_in":1e-9}}"#)))
            .await;
    let client = client(&registry);
    poll(&client, &Credential::Anonymous).await.unwrap();
    registry.take();

    poll(&client, &Credential::Anonymous).await.unwrap();

    assert_eq!(registry.transcript(), [TOKEN.to_owned(), format!("{HEAD} Bearer token-2")]);
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post_and_may_be_replaced() {
    let registry = registry(|_, number| {
        Reply::ok(format!(
            r#"{{"access_token":"token-{number}","refresh_token":"refresh-{number}","expires_in":1e-9}}"#
        ))
    })
    .await;
    let client = client(&registry);
    let credential = Credential::IdentityToken { token: "first".to_owned(), basic: None };

    poll(&client, &credential).await.unwrap();
    poll(&client, &credential).await.unwrap();

    let forms: Vec<_> = registry.take().into_iter().filter(|seen| seen.method == "POST").collect();
    let form = |token| {
        format!(
            "grant_type=refresh_token&client_id=sluice&service=example&scope=repository%3Aapp%3Apull&refresh_token={token}"
        )
    };
    assert_eq!(
        forms.iter().map(|seen| seen.body.as_str()).collect::<Vec<_>>(),
        [form("first"), form("refresh-1")]
    );
    assert!(forms.iter().all(|seen| seen.target == "/token" && seen.header("authorization").is_empty()));
}

#[tokio::test]
async fn an_identity_token_falls_back_to_get_where_post_is_unknown() {
    let registry =
        registry(|seen, number| if seen.method == "POST" { Reply::status(404) } else { grant(number) }).await;
    let credential = Credential::IdentityToken {
        token: "refresh".to_owned(),
        basic: Some(("user".to_owned(), "secret".to_owned())),
    };

    poll(&client(&registry), &credential).await.unwrap();

    let expected = [
        "GET /v2/",
        "POST /token",
        &format!("{TOKEN} Basic dXNlcjpzZWNyZXQ="),
        &format!("{HEAD} Bearer token-2"),
    ];
    assert_eq!(registry.transcript(), expected);
}

#[tokio::test]
async fn a_registry_token_is_sent_as_it_is() {
    let registry = registry(|_, number| grant(number)).await;

    poll(&client(&registry), &Credential::RegistryToken("token-own".to_owned())).await.unwrap();

    assert_eq!(registry.transcript(), ["GET /v2/".to_owned(), format!("{HEAD} Bearer token-own")]);
}

#[tokio::test]
async fn what_a_challenge_wants_to_see_allowed_is_asked_for_and_remembered() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        "/v2/" => bearer_challenge(seen),
        token if token.starts_with("/token") && token.contains("catalog") => grant(2),
        token if token.starts_with("/token") => grant(1),
        _ if seen.header("authorization") == "Bearer token-2" => manifest(b"{}"),
        _ => {
            let realm =
                format!(r#"Bearer realm="http://{}/token",scope="registry:catalog:*""#, seen.header("host"));
            Reply::status(401).header("WWW-Authenticate", &realm)
        }
    })
    .await;
    let client = client(&registry);

    poll(&client, &Credential::Anonymous).await.unwrap();
    let wider = "GET /token?scope=repository%3Aapp%3Apull&scope=registry%3Acatalog%3A*";
    let expected =
        ["GET /v2/", TOKEN, &format!("{HEAD} Bearer token-1"), wider, &format!("{HEAD} Bearer token-2")];
    assert_eq!(registry.transcript(), expected);

    poll(&client, &Credential::Anonymous).await.unwrap();
    assert_eq!(registry.transcript(), [format!("{HEAD} Bearer token-2")]);
}

#[tokio::test]
async fn basic_credentials_go_to_a_registry_without_tokens() {
    for challenge in [Some(r#"Basic realm="registry""#), None] {
        let registry = Registry::start(move |seen| match (seen.header("authorization"), challenge) {
            ("Basic dXNlcjpzZWNyZXQ=", _) => manifest(b"{}"),
            (_, Some(challenge)) => Reply::status(401).header("WWW-Authenticate", challenge),
            (_, None) if seen.target == "/v2/" => Reply::ok("{}"),
            (_, None) => Reply::status(404),
        })
        .await;

        poll(&client(&registry), &basic("user", "secret")).await.unwrap();

        assert_eq!(registry.transcript(), ["GET /v2/".to_owned(), format!("{HEAD} Basic dXNlcjpzZWNyZXQ=")]);
    }
}
