//! How a registry is reached: its scheme and its challenge, learned by `GET /v2/` and remembered (spec 4.4, D47).

use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use tokio::time::timeout;
use url::{Host, Url};

use crate::challenge::{Challenge, challenge};
use crate::error::Error;
use crate::flight::Flight;
use crate::incoming::Incoming;
use crate::origin::Origin;
use crate::transport::{Outgoing, Transport};

/// Of so many searches for a registry that was reached before, one looks for it under both schemes.
const BOTH_EVERY: u32 = 5;
/// How long HTTPS is alone before HTTP is tried beside it, where HTTP is allowed at all.
const HTTPS_LEAD: Duration = Duration::from_millis(300);

/// What is known of a registry before it is asked for anything.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// `scheme://host[:port]/`.
    pub(crate) base: Url,
    /// Absent if the registry did not say.
    pub(crate) challenge: Option<Challenge>,
    number: u64,
}

/// The ways to one registry.
pub(crate) struct Reach {
    https: Url,
    /// Only where plain HTTP is allowed.
    http: Option<Url>,
    known: Flight<Reached>,
    made: AtomicU64,
    /// What was made before this number is no longer believed.
    believed_from: AtomicU64,
    /// Where the registry last answered.
    proven: Mutex<Option<Url>>,
    searches: AtomicU32,
}

impl Reach {
    pub(crate) fn new(origin: &Origin) -> Result<Self, Error> {
        let https = base("https", &origin.host)?;
        let plain = origin.plain_http || is_local(&https);
        Ok(Self {
            http: plain.then(|| base("http", &origin.host)).transpose()?,
            https,
            known: Flight::default(),
            made: AtomicU64::new(0),
            believed_from: AtomicU64::new(0),
            proven: Mutex::default(),
            searches: AtomicU32::new(0),
        })
    }

    /// Looks for the registry first where this one found it.
    pub(crate) fn after(self, earlier: &Self) -> Self {
        let proven = earlier.proven.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { proven: Mutex::new(proven), ..self }
    }

    /// Scheme and challenge; a request is sent only while they are unknown.
    pub(crate) async fn get(&self, transport: &Transport) -> Result<Reached, Error> {
        let good = |reached: &Reached| {
            reached.challenge.is_some() && reached.number >= self.believed_from.load(Ordering::Relaxed)
        };
        self.known.get(good, async |_| self.find(transport).await).await
    }

    /// Takes back the choice of a scheme after it failed, where there is another.
    pub(crate) fn doubt(&self, reached: &Reached) {
        if self.http.is_some() {
            self.believed_from.fetch_max(reached.number + 1, Ordering::Relaxed);
        }
    }

    /// A registry that is down under the scheme that served it is down under the other one, but for the rare one that has
    /// changed.
    async fn find(&self, transport: &Transport) -> Result<Reached, Error> {
        let Some(http) = &self.http else {
            return self.ping(transport, &self.https).await;
        };
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let searches = self.searches.fetch_add(1, Ordering::Relaxed) + 1;
        let found = match proven.filter(|_| !searches.is_multiple_of(BOTH_EVERY)) {
            Some(proven) => match self.ping(transport, &proven).await {
                Err(failure) if !failure.is_host_failure() => self.race(transport, http).await,
                found => found,
            },
            None => self.race(transport, http).await,
        }?;
        *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.base.clone());
        Ok(found)
    }

    async fn race(&self, transport: &Transport, http: &Url) -> Result<Reached, Error> {
        let neither = |https, http| Error::NoScheme { https: Box::new(https), http: Box::new(http) };
        let mut https = pin!(self.ping(transport, &self.https));
        let mut http = pin!(self.ping(transport, http));
        match timeout(HTTPS_LEAD, &mut https).await {
            Ok(Ok(reached)) => return Ok(reached),
            Ok(Err(failure)) => return http.await.map_err(|other| neither(failure, other)),
            Err(_) => {}
        }
        tokio::select! {
            biased;
            outcome = &mut https => match outcome {
                Ok(reached) => Ok(reached),
                Err(failure) => http.await.map_err(|other| neither(failure, other)),
            },
            outcome = &mut http => match outcome {
                Ok(reached) => Ok(reached),
                Err(failure) => https.await.map_err(|other| neither(other, failure)),
            },
        }
    }

    async fn ping(&self, transport: &Transport, base: &Url) -> Result<Reached, Error> {
        let url = base.join("v2/").map_err(|_| Error::malformed(&base, "no URL of a registry"))?;
        let incoming = transport.send_once(&Outgoing::get(url), true).await?;
        if base.scheme() == "http" && is_no_plain_registry(&incoming) {
            return Err(incoming.into_error().await);
        }
        let status = incoming.status();
        let unsaid = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let said = challenge(incoming.response.headers()).filter(|_| status == StatusCode::UNAUTHORIZED);
        Ok(Reached {
            base: base.clone(),
            challenge: if unsaid {
                None
            } else {
                Some(said.map_or(Challenge::Basic, Challenge::without_scope))
            },
            number: self.made.fetch_add(1, Ordering::Relaxed),
        })
    }
}

/// Whether an answer over plain HTTP says that the registry is not there: from a TLS port, from a proxy, or on its
/// way to HTTPS.
fn is_no_plain_registry(incoming: &Incoming) -> bool {
    match incoming.status() {
        StatusCode::BAD_REQUEST | StatusCode::PROXY_AUTHENTICATION_REQUIRED => true,
        status if status.is_redirection() => {
            incoming.header(&LOCATION).is_some_and(|location| location.starts_with("https:"))
        }
        _ => false,
    }
}

fn base(scheme: &str, host: &str) -> Result<Url, Error> {
    let url = Url::parse(&format!("{scheme}://{host}/")).ok();
    url.filter(|url| {
        url.path() == "/" && url.username().is_empty() && url.query().is_none() && url.fragment().is_none()
    })
    .ok_or_else(|| Error::malformed(&format!("registry {host:?}"), "not a host with an optional port"))
}

/// Whether plain HTTP is allowed without anybody asking for it (spec 4.4).
fn is_local(https: &Url) -> bool {
    match https.host() {
        Some(Host::Domain(name)) => {
            (name == "localhost" && https.port().is_some()) || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_private() || address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_allowed_for_loopback_and_private_addresses_only() {
        for (host, plain) in [
            ("127.0.0.1:5000", true),
            ("[::1]:5000", true),
            ("10.1.2.3", true),
            ("192.168.0.1:80", true),
            ("localhost:5000", true),
            ("registry.localhost", true),
            ("registry.localhost:5000", true),
            ("localhost", false),
            ("ghcr.io", false),
            ("127.0.0.1.example.com", false),
            ("127.0.0.2:5000", false),
            ("notlocalhost:5000", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(Reach::new(&Origin::new(host)).unwrap().http.is_some(), plain, "{host}");
        }
        assert!(Reach::new(&Origin { plain_http: true, ..Origin::new("ghcr.io") }).unwrap().http.is_some());
    }

    #[test]
    fn a_host_is_nothing_but_a_host() {
        for host in ["", "user@ghcr.io", "ghcr.io/path", "ghcr.io?x", "ghcr.io#x", "ghcr io", "ghcr.io:99999"]
        {
            assert!(Reach::new(&Origin::new(host)).is_err(), "{host}");
        }
    }
}
