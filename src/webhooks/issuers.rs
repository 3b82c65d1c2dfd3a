//! The keys of identity providers, fetched where an issuer says and kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hooks::{Keys, Token};
use reqwest::redirect;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

/// For one request; a delivery waits for it only when keys are fetched.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Keys are fetched again after this time, so that one that was withdrawn is not trusted for long.
const FRESH: Duration = Duration::from_hours(1);
/// Keys that cannot be fetched again are used for this time.
const STALE: Duration = Duration::from_hours(24);
/// Between two fetches of one issuer's keys: whoever names keys that do not exist causes no more.
const APART: Duration = Duration::from_secs(10);
/// A set of keys has some KiB.
const LARGEST: usize = 256 << 10;

/// The keys of all issuers that hooks name.
pub struct Issuers {
    http: reqwest::Client,
    by_issuer: Mutex<HashMap<String, Arc<Issuer>>>,
}

/// One issuer. Whoever has a key that is known waits for nobody who fetches.
#[derive(Default)]
struct Issuer {
    keys: Mutex<Option<(Arc<Keys>, Instant)>>,
    /// When they were last asked for; held while they are.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

impl Issuer {
    /// The keys, if they are not older than this.
    fn keys(&self, age: Duration) -> Option<Arc<Keys>> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.as_ref().filter(|(_, since)| since.elapsed() < age).map(|(keys, _)| Arc::clone(keys))
    }
}

/// What an issuer says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    /// Nothing is known yet.
    ///
    /// # Errors
    /// None that can occur: the settings are fixed.
    pub fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(TIME_LIMIT)
            .build()?;
        Ok(Self { http, by_issuer: Mutex::default() })
    }

    /// The keys of this issuer, with the one that the token names, if the issuer has it.
    ///
    /// # Errors
    /// A sentence for the log and the hook's status: they cannot be had.
    pub async fn keys(&self, issuer: &str, token: &Token) -> Result<Arc<Keys>, String> {
        let known = {
            let mut by_issuer = self.by_issuer.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(by_issuer.entry(issuer.to_owned()).or_default())
        };
        let fitting = || known.keys(FRESH).filter(|keys| keys.knows(token.key_id()));
        if let Some(keys) = fitting() {
            return Ok(keys);
        }
        let mut asked = known.asked.lock().await;
        if let Some(keys) = fitting() {
            return Ok(keys);
        }
        if asked.is_none_or(|asked| asked.elapsed() >= APART) {
            *asked = Some(Instant::now());
            match self.fetch(issuer).await {
                Ok(keys) => {
                    let fetched = Some((Arc::new(keys), Instant::now()));
                    *known.keys.lock().unwrap_or_else(PoisonError::into_inner) = fetched;
                }
                Err(error) => {
                    tracing::warn!(issuer, error, "the keys of an issuer of tokens cannot be fetched");
                }
            }
        }
        known.keys(STALE).ok_or_else(|| "the issuer's keys cannot be fetched at present".to_owned())
    }

    async fn fetch(&self, issuer: &str) -> Result<Keys, String> {
        let described = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery = self.read(&described).await?;
        let discovery: Discovery =
            serde_json::from_slice(&discovery).map_err(|_| "its configuration cannot be read".to_owned())?;
        if discovery.issuer != issuer {
            return Err("its configuration names another issuer".to_owned());
        }
        if !is_no_weaker(issuer, &discovery.jwks_uri) {
            return Err("its configuration names keys that are not served with https".to_owned());
        }
        Keys::parse(&self.read(&discovery.jwks_uri).await?).map_err(|error| error.to_string())
    }

    async fn read(&self, url: &str) -> Result<Vec<u8>, String> {
        let told = |error: reqwest::Error| error.without_url().to_string();
        let mut answer = self.http.get(url).send().await.map_err(told)?.error_for_status().map_err(told)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(told)? {
            if body.len() + chunk.len() > LARGEST {
                return Err("its answer is too large".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Keys come as safely as what names them.
fn is_no_weaker(issuer: &str, keys: &str) -> bool {
    let (Ok(issuer), Ok(keys)) = (Url::parse(issuer), Url::parse(keys)) else {
        return false;
    };
    keys.scheme() == "https" || (keys.scheme() == issuer.scheme() && keys.host() == issuer.host())
}
