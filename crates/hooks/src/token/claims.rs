//! What a token says, held against what a hook trusts.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{TokenError, Trust};
use crate::Sender;

/// In seconds: how far clocks may be apart.
const LEEWAY: u64 = 60;
/// The application that Event Grid is in every tenant of Entra.
const EVENT_GRID: &str = "4962773b-9cdb-44cf-a8bf-237846a00ab7";
/// Google's two spellings of itself.
const GOOGLE: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// The claims that matter here, of whatever type they are. One that is there twice makes the token none.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    iss: Value,
    aud: Value,
    sub: Value,
    exp: Value,
    nbf: Value,
    email: Value,
    email_verified: Value,
    /// The application that asked for the token: Entra's first version, and its second.
    appid: Value,
    azp: Value,
}

impl Claims {
    /// Whether all of them are right at this time, in seconds since 1970.
    pub(super) fn check(&self, trust: &Trust, sender: Sender, now: u64) -> Result<(), TokenError> {
        let issuer = text(&self.iss, "issuer")?;
        let is_google = |name: &str| sender == Sender::Gcr && GOOGLE.contains(&name);
        if issuer != trust.issuer && !(is_google(issuer) && is_google(&trust.issuer)) {
            return Err(TokenError::Other("issuer"));
        }
        self.check_audience(&trust.audience)?;
        self.check_time(now)?;
        if let Some(subject) = &trust.subject {
            expect(&self.sub, "subject", subject)?;
        }
        if let Some(email) = &trust.email {
            expect(&self.email, "email", email)?;
            if self.email_verified != Value::Bool(true) {
                return Err(TokenError::Unverified);
            }
        }
        self.check_sender(trust, sender)
    }

    /// RFC 7519, section 4.1.3: one text, or a list of them.
    fn check_audience(&self, audience: &str) -> Result<(), TokenError> {
        let named = match &self.aud {
            Value::String(only) => only == audience,
            Value::Array(all) => all.iter().any(|one| one.as_str() == Some(audience)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                return Err(TokenError::Unusable("audience"));
            }
        };
        if named { Ok(()) } else { Err(TokenError::Other("audience")) }
    }

    fn check_time(&self, now: u64) -> Result<(), TokenError> {
        if seconds(&self.exp, "expiry")?.saturating_add(LEEWAY) <= now {
            return Err(TokenError::Expired);
        }
        if self.nbf != Value::Null && seconds(&self.nbf, "nbf")? > now.saturating_add(LEEWAY) {
            return Err(TokenError::Early);
        }
        Ok(())
    }

    /// Everybody gets tokens of a public provider, for any audience: something else must say that it is the hook's sender.
    fn check_sender(&self, trust: &Trust, sender: Sender) -> Result<(), TokenError> {
        if sender == Sender::Acr {
            return if self.is_event_grid() { Ok(()) } else { Err(TokenError::NotEventGrid) };
        }
        if sender == Sender::Gcr && trust.email.is_none() {
            return Err(TokenError::Unbound("email"));
        }
        if trust.email.is_none() && trust.subject.is_none() {
            return Err(TokenError::Unbound("subject or the email"));
        }
        Ok(())
    }

    fn is_event_grid(&self) -> bool {
        let is_it = |claim: &Value| claim.as_str() == Some(EVENT_GRID);
        let may_be = |claim: &Value| claim.is_null() || is_it(claim);
        may_be(&self.appid) && may_be(&self.azp) && (is_it(&self.appid) || is_it(&self.azp))
    }
}

fn text<'a>(claim: &'a Value, name: &'static str) -> Result<&'a str, TokenError> {
    claim.as_str().ok_or(TokenError::Unusable(name))
}

fn expect(claim: &Value, name: &'static str, expected: &str) -> Result<(), TokenError> {
    if text(claim, name)? == expected { Ok(()) } else { Err(TokenError::Other(name)) }
}

/// A `NumericDate` of RFC 7519, section 2, in whole seconds; it may have fractions.
fn seconds(claim: &Value, name: &'static str) -> Result<u64, TokenError> {
    let number = claim.as_f64().and_then(|number| Duration::try_from_secs_f64(number).ok());
    number.map(|date| date.as_secs()).ok_or(TokenError::Unusable(name))
}
