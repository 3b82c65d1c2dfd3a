//! HTTP for one origin: its TLS material and proxy, pooled connections, and redirects followed by our own rules.

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Identity, Method, Proxy, Response, redirect};
use url::Url;

use crate::call::Call;
use crate::error::Error;
use crate::failure;
use crate::incoming::Incoming;
use crate::origin::{ClientCertificate, Origin, ProxySettings};
use crate::redirect::{LIMIT, refusal, same_host};
use crate::roots::roots;
use crate::secrecy::Shown;
use crate::settings::Settings;

/// One request, before redirects.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// Sent to the URL's own host only.
    pub(crate) authorization: Option<HeaderValue>,
    /// A form that holds a secret: sent to the URL's own host only.
    pub(crate) form: Option<String>,
    /// Whether the content is checked against a digest.
    pub(crate) verified: bool,
}

impl Outgoing {
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            authorization: None,
            form: None,
            verified: false,
        }
    }

    /// What a server has to read before it knows what is asked, in bytes, but for what is the same in all requests.
    pub(crate) fn length(&self) -> usize {
        self.url.as_str().len() + self.authorization.as_ref().map_or(0, HeaderValue::len)
    }
}

/// HTTP for one origin.
pub(crate) struct Transport {
    http: reqwest::Client,
    /// A pooled connection may have died unnoticed only where there has been an answer before.
    answered: AtomicBool,
    /// Who is dialled in the place of every host.
    proxy: Option<Url>,
    /// What the proxy is shown.
    proxy_secrets: Vec<String>,
}

impl Transport {
    pub(crate) fn new(origin: &Origin, settings: &Settings) -> Result<Self, Error> {
        let unusable = |error: reqwest::Error| {
            Error::Material(format!("unusable transport settings: {}", error.without_url()))
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(settings.user_agent.as_str())
            .redirect(redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(settings.idle_timeout)
            .http2_keep_alive_interval(settings.connect_timeout)
            .http2_keep_alive_timeout(settings.connect_timeout)
            .referer(false);
        let tls = origin.tls.clone().unwrap_or_default();
        if let Some(client) = &tls.client {
            builder = builder.identity(identity(client)?);
        }
        builder = if origin.plain_http && origin.tls.is_none() {
            builder.tls_danger_accept_invalid_certs(true)
        } else {
            let named = tls.ca_pem.as_deref().map(certificates).transpose()?.unwrap_or_default();
            builder.tls_certs_only(roots().into_iter().chain(named))
        };
        match &origin.proxy {
            Some(settings) => {
                // Names are resolved by the proxy, as upstream's `socks5` does.
                let url = settings.url.replacen("socks5://", "socks5h://", 1);
                let mut proxy = Proxy::all(url).map_err(unusable)?;
                if let Some(username) = &settings.username {
                    proxy = proxy.basic_auth(username, settings.password.as_deref().unwrap_or_default());
                }
                builder = builder.no_proxy().proxy(proxy);
            }
            None if !settings.environment_proxies => builder = builder.no_proxy(),
            None => {}
        }
        let http = builder.build().map_err(|error| match failure::find::<rustls::Error>(&error) {
            Some(rustls::Error::InconsistentKeys(_)) => {
                unusable_identity("tls: private key does not match public key")
            }
            Some(error) if tls.client.is_some() => unusable_identity(&format!("tls: {error}")),
            Some(_) if tls.ca_pem.is_some() => Error::Material(BAD_CA.to_owned()),
            Some(_) | None => unusable(error),
        })?;
        Ok(Self {
            http,
            answered: AtomicBool::new(false),
            proxy: origin.proxy.as_ref().and_then(|proxy| Url::parse(&proxy.url).ok()),
            proxy_secrets: origin.proxy.as_ref().map(ProxySettings::secrets).unwrap_or_default(),
        })
    }

    /// Sends a request and follows its redirects.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Result<Incoming, Error> {
        let first = outgoing.url.clone();
        let mut outgoing = outgoing;
        for _ in 0..=LIMIT {
            let incoming = self.send_once(&outgoing, same_host(&first, &outgoing.url)).await?;
            let Some(target) = target(&outgoing.url, &incoming.response) else {
                return Ok(incoming);
            };
            let call = Call::new(&outgoing.method, &target);
            if let Some(reason) = refusal(&outgoing.url, &target, outgoing.verified) {
                return Err(Error::Refused { call, reason });
            }
            if !same_host(&outgoing.url, &target) {
                outgoing.authorization = None;
                if outgoing.form.is_some() {
                    return Err(Error::Refused {
                        call,
                        reason: "redirect of a form to another host".to_owned(),
                    });
                }
            }
            outgoing.url = target;
        }
        let call = Call::new(&outgoing.method, &outgoing.url);
        Err(Error::Refused { call, reason: format!("stopped after {LIMIT} redirects") })
    }

    /// Sends a request and takes its answer, redirect or not.
    pub(crate) async fn send_once(&self, outgoing: &Outgoing, of_origin: bool) -> Result<Incoming, Error> {
        let repeatable = outgoing.form.is_none() && self.answered.load(Ordering::Relaxed);
        let mut outcome = self.request(outgoing).send().await;
        let ended =
            |error: &reqwest::Error| !error.is_connect() && !error.is_timeout() && !error.is_builder();
        if repeatable && outcome.as_ref().is_err_and(ended) {
            tracing::debug!(method = %outgoing.method, "connection ended before an answer, trying another");
            outcome = self.request(outgoing).send().await;
        }
        let call = Call::new(&outgoing.method, &outgoing.url);
        let response =
            outcome.map_err(|error| failure::unanswered(outgoing, self.proxy.as_ref(), of_origin, error))?;
        self.answered.store(true, Ordering::Relaxed);
        tracing::debug!(%call, status = response.status().as_u16(), "registry answered");
        let shown = Shown::of(outgoing, &self.proxy_secrets);
        Ok(Incoming { call, of_origin, shown, response })
    }

    fn request(&self, outgoing: &Outgoing) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(outgoing.method.clone(), outgoing.url.clone())
            .headers(outgoing.headers.clone());
        let request = match &outgoing.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        };
        match &outgoing.form {
            Some(form) => {
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.clone())
            }
            None => request,
        }
    }
}

fn target(url: &Url, response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    url.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()
}

const BAD_CA: &str = "failed to parse CA certificate";

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(Error::Material(BAD_CA.to_owned())),
    }
}

fn identity(client: &ClientCertificate) -> Result<Identity, Error> {
    if certificates(&client.certificate_pem).is_err() {
        return Err(unusable_identity("tls: failed to find any PEM data in certificate input"));
    }
    if !client.key_pem.windows(11).any(|window| window == b"-----BEGIN ") {
        return Err(unusable_identity("tls: failed to find any PEM data in key input"));
    }
    let pem = [&client.certificate_pem[..], b"\n", &client.key_pem].concat();
    Identity::from_pem(&pem).map_err(|_| unusable_identity("tls: failed to parse private key"))
}

fn unusable_identity(reason: &str) -> Error {
    Error::Material(format!("failed to parse TLS certificate and key: {reason}"))
}
