//! The client of the API server. Its connections speak HTTP/1.1, so that requests never queue behind each other.

use std::error::Error;
use std::time::Duration;

use anyhow::anyhow;
use http::Uri;
use http::header::{HeaderValue, USER_AGENT};
use http::uri::Authority;
use hyper_util::client::proxy::matcher::Matcher;
use kube::client::ClientBuilder;
use kube::config::KubeconfigError;
use kube::{Client, Config};

use super::answer::words;
use super::counting::Counting;
use crate::metrics::Requests;

/// Well under the time limit of a write.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Connects to the cluster of `KUBECONFIG`, else to the one that the pod runs in.
///
/// # Errors
/// Neither is configured, or not usably.
pub async fn connect(requests: &Requests) -> anyhow::Result<Client> {
    let config = Config::infer().await;
    let config = config.map_err(|error| anyhow!("no cluster is configured: {}", unconfigured(&error)))?;
    client(config, requests)
}

/// A client that repeats nothing by itself: patience is a matter of whoever asks. Its requests are counted.
///
/// # Errors
/// Certificates or credentials of the configuration cannot be used.
pub fn client(mut config: Config, requests: &Requests) -> anyhow::Result<Client> {
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_LIMIT);
    heed_no_proxy(&mut config);
    let name = HeaderValue::from_static(concat!("sluice/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, name));
    let counting = Counting {
        requests: requests.clone(),
        host: config.cluster_url.authority().map_or("", Authority::as_str).into(),
    };
    let client = ClientBuilder::try_from(config).map(|builder| builder.with_layer(&counting).build());
    client.map_err(|error| anyhow!("the cluster's configuration cannot be used: {}", unusable(&error)))
}

/// Why there is no configuration. What a parser says of a file repeats lines of it, and with them tokens.
fn unconfigured(error: &(dyn Error + 'static)) -> String {
    match error.source().and_then(<dyn Error>::downcast_ref) {
        Some(KubeconfigError::Parse(_)) => {
            "the file that KUBECONFIG names is no kubeconfig in YAML".to_owned()
        }
        Some(_) | None => words(error),
    }
}

/// Why a configuration cannot be used. The address of a proxy may hold a password.
fn unusable(error: &kube::Error) -> String {
    let of_proxy = matches!(
        error,
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. }
    );
    if of_proxy {
        return "its proxy is no http, https or socks5 URL; see proxy-url in kubeconfig, or HTTPS_PROXY"
            .to_owned();
    }
    words(error)
}

/// Goes to the API server directly where `NO_PROXY` names it: kube holds that list against the proxy's own address. A proxy
/// that kubeconfig names stays.
fn heed_no_proxy(config: &mut Config) {
    let environment = Matcher::from_env();
    let elsewhere = environment.intercept(&Uri::from_static("https://proxied.invalid"));
    let from_environment = elsewhere.is_some_and(|proxy| Some(proxy.uri()) == config.proxy_url.as_ref());
    if from_environment && environment.intercept(&config.cluster_url).is_none() {
        config.proxy_url = None;
    }
}
