//! Where redirects lead, and what travels along (spec 3.6).

use std::time::Duration;

use oci::{BlobLimits, Client, Credential, Descriptor, Error};

use crate::support::{Registry, Reply, basic, client, digest};

const CONTENT: &[u8] = b"content of a layer";

fn descriptor() -> Descriptor {
    serde_json::from_value(serde_json::json!({"digest": digest(CONTENT).to_string(), "size": CONTENT.len()}))
        .unwrap()
}

async fn fetch(client: &Client, credential: &Credential) -> Result<Vec<u8>, Error> {
    let limits = BlobLimits { stall: Duration::from_secs(30), max_bytes: None };
    let mut content = Vec::new();
    client.blob(credential, "app", &descriptor(), limits, &mut content).await?;
    Ok(content)
}

/// A registry that sends blobs elsewhere, with a signature in the query.
async fn redirecting(location: String) -> Registry {
    Registry::start(move |seen| match seen.target.as_str() {
        "/v2/" => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        _ => Reply::redirect(&location),
    })
    .await
}

#[tokio::test]
async fn credentials_stay_with_the_host_they_are_for() {
    let cdn = Registry::start(|_| Reply::ok(CONTENT)).await;
    let port = cdn.host().split_once(':').unwrap().1;
    let registry = redirecting(format!("http://localhost:{port}/blob?signature=s")).await;

    assert_eq!(fetch(&client(&registry), &basic("user", "secret")).await.unwrap(), CONTENT);

    assert_eq!(cdn.transcript(), ["GET /blob?signature=s"]);
    let blob = format!("GET /v2/app/blobs/{} Basic dXNlcjpzZWNyZXQ=", digest(CONTENT));
    assert_eq!(registry.transcript(), ["GET /v2/".to_owned(), blob]);
}

#[tokio::test]
async fn credentials_follow_a_redirect_within_their_host() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        "/v2/" => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        "/blob" => Reply::ok(CONTENT),
        _ => Reply::redirect("/blob"),
    })
    .await;

    fetch(&client(&registry), &basic("user", "secret")).await.unwrap();

    assert_eq!(registry.transcript().last().unwrap(), "GET /blob Basic dXNlcjpzZWNyZXQ=");
}

#[tokio::test]
async fn another_internal_literal_is_refused_in_upstreams_words_without_its_signature() {
    let registry = redirecting("http://127.0.0.2:5000/blob?signature=s".to_owned()).await;

    let error = fetch(&client(&registry), &Credential::Anonymous).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "Get \"http://127.0.0.2:5000/blob?signature=REDACTED\": SSRF protection: redirect from \"127.0.0.1\" to \
         private/link-local host \"127.0.0.2\" denied"
    );
}

#[tokio::test]
async fn redirects_in_a_circle_end_after_ten() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        "/v2/" => Reply::ok(""),
        _ => Reply::redirect("/round"),
    })
    .await;

    let error = fetch(&client(&registry), &Credential::Anonymous).await.unwrap_err();

    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(registry.transcript().len(), 1 + 11);
}

#[tokio::test]
async fn a_failure_of_the_target_is_no_failure_of_the_registry() {
    let registry = redirecting("http://localhost:9/blob?signature=s".to_owned()).await;

    let error = fetch(&client(&registry), &Credential::Anonymous).await.unwrap_err();

    assert!(matches!(error, Error::Transport(_)), "{error}");
    assert!(!error.is_host_failure());
    assert!(!format!("{error} {error:?}").contains("signature=s"), "{error:?}");
}

#[tokio::test]
async fn a_target_that_refuses_does_not_make_us_log_in_again() {
    let cdn = Registry::start(|_| Reply::status(401).header("WWW-Authenticate", "Basic realm=x")).await;
    let port = cdn.host().split_once(':').unwrap().1;
    let registry = redirecting(format!("http://localhost:{port}/blob")).await;

    let error = fetch(&client(&registry), &basic("user", "secret")).await.unwrap_err();

    assert!(matches!(error, Error::Denied(_)), "{error}");
    assert_eq!(cdn.transcript(), ["GET /blob"]);
}
