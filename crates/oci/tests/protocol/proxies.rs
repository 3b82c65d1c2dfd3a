//! Traffic through a proxy (spec 4.5).

use oci::{Client, Credential, Error, Origin, ProxySettings};

use crate::support::{Registry, Reply, closed_port, manifest, settings};

/// A proxy that answers plain requests itself and opens no tunnels.
async fn proxy(password: &'static str) -> Registry {
    Registry::start(move |seen| {
        if seen.header("proxy-authorization") != password {
            return Reply::status(407);
        }
        match (seen.method.as_str(), seen.target.as_str()) {
            ("CONNECT", _) => Reply::status(502),
            (_, "http://registry.example.test:5000/v2/") => Reply::ok(""),
            _ => manifest(b"{}"),
        }
    })
    .await
}

fn origin(proxy: &str, username: Option<&str>) -> Origin {
    Origin {
        plain_http: true,
        proxy: Some(ProxySettings {
            url: format!("http://{proxy}"),
            username: username.map(str::to_owned),
            password: Some("secret".to_owned()),
        }),
        ..Origin::new("registry.example.test:5000")
    }
}

async fn poll(origin: &Origin) -> Result<(), Error> {
    let client = Client::new(origin, &settings()).unwrap();
    client.head(&Credential::Anonymous, "app", "v1").await.map(|_| ())
}

#[tokio::test]
async fn all_requests_go_through_the_proxy_with_its_credentials() {
    let proxy = proxy("Basic dXNlcjpzZWNyZXQ=").await;

    poll(&origin(proxy.host(), Some("user"))).await.unwrap();

    let expected = [
        "CONNECT registry.example.test:5000",
        "GET http://registry.example.test:5000/v2/",
        "HEAD http://registry.example.test:5000/v2/app/manifests/v1",
    ];
    assert_eq!(proxy.transcript(), expected);
}

#[tokio::test]
async fn a_password_without_a_user_name_is_not_sent() {
    let proxy = proxy("").await;

    poll(&origin(proxy.host(), None)).await.unwrap();
}

#[tokio::test]
async fn a_proxy_that_refuses_us_is_named_and_taken_for_no_registry() {
    let proxy = proxy("Basic of somebody else").await;

    let error = poll(&origin(proxy.host(), Some("user"))).await.unwrap_err();

    assert!(error.to_string().ends_with(
        "; GET http://registry.example.test:5000/v2/: unexpected status code 407 Proxy Authentication Required"
    ));
    assert!(error.is_host_failure());
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn what_a_proxy_repeats_of_its_password_is_masked() {
    let proxy = Registry::start(|seen| {
        if seen.method == "CONNECT" {
            return Reply::status(502);
        }
        let shown = seen.header("proxy-authorization");
        Reply::error(502, "DENIED", &format!("{shown} means user:a-long-password"))
    })
    .await;
    let own = ProxySettings {
        url: format!("http://{}", proxy.host()),
        username: Some("user".to_owned()),
        password: Some("a-long-password".to_owned()),
    };
    let within = ProxySettings {
        url: format!("http://user:a-long-password@{}", proxy.host()),
        username: None,
        password: None,
    };
    for proxied in [own, within] {
        let origin = Origin { proxy: Some(proxied), ..origin(proxy.host(), None) };

        let client = Client::new(&origin, &settings()).unwrap();
        let error = client.resolve(&Credential::Anonymous, "app", "v1", true).await.unwrap_err().to_string();

        assert!(error.ends_with("DENIED: Basic ****= means ****"), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_down_is_named() {
    let host = closed_port().await;
    let origin = origin(&host, None);

    let error = poll(&origin).await.unwrap_err();

    let refused = format!("proxyconnect tcp: dial tcp {host}: connect: connection refused");
    let url = "registry.example.test:5000/v2/";
    assert_eq!(
        error.to_string(),
        format!("Get \"https://{url}\": {refused}; Get \"http://{url}\": {refused}")
    );
}

#[tokio::test]
async fn without_leave_for_plain_http_nothing_goes_out_in_plain() {
    let proxy = proxy("").await;
    let origin = Origin { plain_http: false, ..origin(proxy.host(), None) };

    let error = poll(&origin).await.unwrap_err();

    assert!(error.to_string().starts_with("Get \"https://registry.example.test:5000/v2/\": "), "{error}");
    assert_eq!(proxy.transcript(), ["CONNECT registry.example.test:5000"]);
}
