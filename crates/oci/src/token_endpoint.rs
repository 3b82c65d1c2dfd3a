//! One request for a token: `GET` with or without credentials, or the `OAuth2` refresh grant (spec 4.3).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use crate::call::Call;
use crate::credential::{Credential, TOKEN_MAX_BYTES};
use crate::error::Error;
use crate::incoming::{Incoming, server_time};
use crate::room::Gathered;
use crate::token::TokenKey;
use crate::transport::{Outgoing, Transport};

/// Largest answer of a token endpoint, in bytes: the token under both its names, a refresh token, and as much again.
const ANSWER_MAX_BYTES: u64 = 4 * TOKEN_MAX_BYTES as u64;
/// What a token lives where the answer does not say (distribution token specification).
const DEFAULT_LIFETIME: Duration = Duration::from_mins(1);
/// Longer lives are cut: nobody notices, and no clock overflows.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);
/// Our name for token endpoints that want one.
const CLIENT_ID: &str = "sluice";

/// What a token endpoint gave.
pub(crate) struct Grant {
    pub(crate) authorization: HeaderValue,
    pub(crate) lifetime: Duration,
    /// A refresh token that replaces the one that was used.
    pub(crate) refresh: Option<String>,
}

/// Asks for a token; `rotated` is the refresh token of an earlier grant, which may have lost its force.
pub(crate) async fn ask(
    transport: &Transport,
    key: &TokenKey,
    credential: &Credential,
    rotated: Option<&str>,
) -> Result<Grant, Error> {
    if let Some(rotated) = rotated {
        let incoming = transport.send(by_refresh_token(key, rotated)).await?;
        if incoming.status().is_success() {
            return grant(incoming).await;
        }
    }
    if let Credential::IdentityToken { token, .. } = credential {
        let incoming = transport.send(by_refresh_token(key, token)).await?;
        if !matches!(incoming.status().as_u16(), 404 | 405) {
            return grant(incoming.success().await?).await;
        }
    }
    grant(transport.send(by_get(key, credential)).await?.success().await?).await
}

fn by_refresh_token(key: &TokenKey, refresh: &str) -> Outgoing {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token");
    form.append_pair("client_id", CLIENT_ID);
    if let Some(service) = &key.service {
        form.append_pair("service", service);
    }
    form.append_pair("scope", &key.scope);
    form.append_pair("refresh_token", refresh);
    Outgoing { method: Method::POST, form: Some(form.finish()), ..Outgoing::get(key.realm.clone()) }
}

fn by_get(key: &TokenKey, credential: &Credential) -> Outgoing {
    let mut url = key.realm.clone();
    {
        let mut query = url.query_pairs_mut();
        for scope in key.scope.split(' ') {
            query.append_pair("scope", scope);
        }
        if let Some(service) = &key.service {
            query.append_pair("service", service);
        }
    }
    let authorization = credential.basic().and_then(|(username, password)| basic(username, password));
    Outgoing { authorization, ..Outgoing::get(url) }
}

/// The `Authorization` header for a user name and a password.
pub(crate) fn basic(username: &str, password: &str) -> Option<HeaderValue> {
    secret(&format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
}

/// The `Authorization` header for a bearer token; none for a token that no header can hold.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    secret(&format!("Bearer {token}"))
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[derive(Deserialize)]
struct Body {
    access_token: Option<String>,
    token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<f64>,
    issued_at: Option<String>,
}

async fn grant(mut incoming: Incoming) -> Result<Grant, Error> {
    let now = server_time(incoming.response.headers());
    let call = incoming.call.clone();
    let bytes = incoming.read(&call.to_string(), ANSWER_MAX_BYTES, Gathered::default()).await?;
    read(&call, &bytes, now)
}

fn read(call: &Call, bytes: &[u8], now: Timestamp) -> Result<Grant, Error> {
    // What the parser says may repeat a token, so it is not shown.
    let body: Body =
        serde_json::from_slice(bytes).map_err(|_| Error::malformed(call, "malformed token response"))?;
    let token = [body.access_token, body.token].into_iter().flatten().find(|token| !token.is_empty());
    let token = token.ok_or_else(|| Error::malformed(call, "no token in the token response"))?;
    let refresh = body.refresh_token.filter(|refresh| !refresh.is_empty());
    if [Some(&token), refresh.as_ref()].into_iter().flatten().any(|token| token.len() > TOKEN_MAX_BYTES) {
        return Err(Error::TooLarge { what: format!("token of {call}"), limit: TOKEN_MAX_BYTES as u64 });
    }
    let authorization =
        bearer(&token).ok_or_else(|| Error::malformed(call, "unusable token in the token response"))?;
    Ok(Grant { authorization, lifetime: lifetime(body.expires_in, body.issued_at.as_deref(), now), refresh })
}

/// What is left of a token's life by the clock of its maker. One that seems to have expired already is taken as
/// fresh: the clocks disagree, and a token that is refused is renewed anyway.
fn lifetime(expires_in: Option<f64>, issued_at: Option<&str>, now: Timestamp) -> Duration {
    let whole = expires_in
        .map(|seconds| seconds.clamp(0.0, LONGEST_LIFETIME.as_secs_f64()))
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|whole| !whole.is_zero())
        .unwrap_or(DEFAULT_LIFETIME);
    let issued = issued_at.and_then(|text| text.parse::<Timestamp>().ok());
    let age =
        issued.and_then(|issued| Duration::try_from(now.duration_since(issued)).ok()).unwrap_or_default();
    whole.checked_sub(age).filter(|left| !left.is_zero()).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn lives(expires_in: Option<f64>, issued_at: Option<&str>) -> u64 {
        lifetime(expires_in, issued_at, "2026-01-01T00:01:00Z".parse().unwrap()).as_secs()
    }

    #[test]
    fn a_life_counts_from_when_the_token_was_issued() {
        assert_eq!(lives(Some(300.0), Some("2026-01-01T00:00:00Z")), 240);
        assert_eq!(lives(Some(300.0), None), 300);
        assert_eq!(lives(None, None), 60);
        assert_eq!(lives(Some(0.0), Some("yesterday")), 60);
        assert_eq!(lives(Some(-5.0), None), 60);
        assert_eq!(lives(Some(30.0), Some("2026-01-01T00:00:00Z")), 30);
        assert_eq!(lives(Some(300.0), Some("2026-01-01T00:05:00Z")), 300);
        assert_eq!(lives(Some(1e300), None), 86400);
    }

    fn token(body: &str) -> Result<HeaderValue, Error> {
        let call = Call::new(&Method::GET, &Url::parse("https://auth.example.com/token").unwrap());
        read(&call, body.as_bytes(), Timestamp::UNIX_EPOCH).map(|grant| grant.authorization)
    }

    #[test]
    fn an_access_token_wins_over_a_token() {
        assert_eq!(token(r#"{"token":"a","access_token":"b"}"#).unwrap(), "Bearer b");
        assert_eq!(token(r#"{"token":"a","access_token":""}"#).unwrap(), "Bearer a");
        assert_eq!(token(r#"{"token":"a","access_token":null,"expires_in":null}"#).unwrap(), "Bearer a");
    }

    #[test]
    fn a_token_that_is_too_long_is_the_endpoints_error_and_never_repeated() {
        let (longest, longer) = ("s3cret".repeat(5461), "s3cret".repeat(5462));

        assert!(token(&format!(r#"{{"token":"{longest}","refresh_token":"{longest}"}}"#)).is_ok());
        for body in
            [format!(r#"{{"token":"{longer}"}}"#), format!(r#"{{"token":"t","refresh_token":"{longer}"}}"#)]
        {
            let error = token(&body).unwrap_err();
            assert_eq!(
                error.to_string(),
                "token of GET https://auth.example.com/token is larger than the limit of 32768 bytes"
            );
            assert!(!format!("{error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn a_response_without_a_usable_token_is_malformed_and_never_repeated() {
        for body in
            ["{}", r#"{"token":""}"#, r#"{"token":{"s3cret":1}}"#, r#"{"token":"s3cret\n"}"#, "s3cret"]
        {
            let error = token(body).unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{body}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{body}");
        }
    }
}
