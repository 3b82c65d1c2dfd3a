//! What is too long to be asked for: it fails the attempt that asks, and puts no host down for all others.

use oci::{Client, Credential, Error};

use crate::support::{Registry, Reply, basic, client, manifest};

async fn resolve(client: &Client, tag: &str) -> Result<(), Error> {
    client.resolve(&Credential::Anonymous, "app", tag, true).await.map(|_| ())
}

async fn head(client: &Client, credential: &Credential) -> Error {
    client.head(credential, "app", "v1").await.unwrap_err()
}

#[tokio::test]
async fn a_tag_that_no_address_can_hold_is_not_asked_for() {
    let registry = Registry::start(|_| Reply::status(404)).await;
    let client = client(&registry);

    for (tag, address) in [("x".repeat(66_000), 66_000), ("\u{e9}".repeat(1400), 6 * 1400)] {
        let error = resolve(&client, &tag).await.unwrap_err();

        let address = address + format!("http://{}/v2/app/manifests/", registry.host()).len();
        let first: String = tag.chars().take(128).collect();
        assert_eq!(
            error.to_string(),
            format!(
                "app/manifests/{first}…: not asked for: its address has {address} bytes, and no server need read \
                 more than 8000; use a shorter name"
            )
        );
        assert!(matches!(error, Error::Declined { .. }));
        assert!(!error.is_host_failure());
    }
    assert_eq!(registry.transcript(), ["GET /v2/"]);
}

#[tokio::test]
async fn a_tag_that_is_longer_than_the_specification_allows_is_the_registrys_to_refuse() {
    let registry = Registry::start(|_| Reply::error(404, "MANIFEST_UNKNOWN", "manifest unknown")).await;

    let error = resolve(&client(&registry), &"x".repeat(7000)).await.unwrap_err();

    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn a_credential_that_no_server_reads_is_shown_to_none() {
    let registry = Registry::start(|_| Reply::status(401).header("WWW-Authenticate", "Basic realm=x")).await;
    let client = client(&registry);
    let long = "s3cret".repeat(20_000);

    for credential in [
        basic("user", &long),
        basic(&long, ""),
        Credential::RegistryToken(long.clone()),
        Credential::IdentityToken { token: long.clone(), basic: None },
        Credential::IdentityToken { token: String::new(), basic: Some((String::new(), long.clone())) },
    ] {
        let error = head(&client, &credential).await;

        assert!(matches!(error, Error::Declined { .. }), "{error}");
        assert!(!error.is_host_failure());
        let text = format!("{error} {error:?}");
        assert!(
            text.contains(registry.host()) && text.contains("32768") && !text.contains("s3cret"),
            "{text}"
        );
    }
    assert!(registry.take().is_empty());
}

#[tokio::test]
async fn a_host_that_hangs_up_on_a_long_credential_is_not_down() {
    let registry = Registry::start(|seen| match seen.header("authorization") {
        "" => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        _ => Reply::closed(),
    })
    .await;
    let client = client(&registry);

    let error = head(&client, &basic("user", &"x".repeat(20_000))).await;
    assert!(matches!(error, Error::Transport(_)), "{error}");
    assert!(!error.is_host_failure());
    assert!(error.to_string().contains("many servers read no more than 8000"), "{error}");

    let error = head(&client, &basic("user", "password")).await;
    assert!(error.is_host_failure());
    assert!(error.to_string().ends_with(": EOF"), "{error}");
}

#[tokio::test]
async fn an_address_from_the_registry_that_cannot_be_sent_is_no_host_failure() {
    let long = format!("/v2/app/{}", "x".repeat(66_000));
    let link = format!("<{long}>; rel=next");
    let registry = Registry::start(move |seen| match seen.target.as_str() {
        "/v2/app/manifests/v1" => Reply::redirect(&long),
        "/v2/app/tags/list?n=1000" => Reply::ok(r#"{"tags":[]}"#).header("Link", &link),
        _ => manifest(b"{}"),
    })
    .await;
    let client = client(&registry);

    let redirected = resolve(&client, "v1").await.unwrap_err();
    let listed = client.tags(&Credential::Anonymous, "app", &mut |_| {}).await.unwrap_err();

    for error in [redirected, listed] {
        assert!(matches!(error, Error::Declined { .. }), "{error}");
        assert!(!error.is_host_failure());
        let text = error.to_string();
        assert!(text.starts_with("request to 127.0.0.1: not sent: ") && text.len() < 200, "{text}");
    }
}
