//! Tokens of identity providers (`OpenID` Connect Core 1.0, section 2; RFC 7519).

mod claims;
mod error;
mod keys;

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation, decode};
use serde::Deserialize;

use crate::{Delivery, Sender};
use claims::Claims;

pub use error::TokenError;
pub use keys::Keys;

/// Longer than the tokens of any provider: those with many groups have a few KiB.
const LONGEST_TOKEN: usize = 16 << 10;
/// The signatures that only the holder of a private key can make.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Whose tokens a hook takes, and for whom they must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// `iss`: the provider, character by character.
    pub issuer: String,
    /// One of the values of `aud`.
    pub audience: String,
    /// `sub`, where the hook names one.
    pub subject: Option<String>,
    /// `email`, which the provider must have verified, where the hook names one.
    pub email: Option<String>,
}

/// A token that was sent, of which nothing has been checked. `Debug` does not show it: who has it may use it.
#[derive(Clone)]
pub struct Token {
    text: String,
    key_id: Option<String>,
    algorithm: Algorithm,
}

/// What is read of a header (RFC 7515, section 4) before there is a key.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

impl Token {
    /// The bearer token of a delivery (RFC 6750, section 2.1).
    ///
    /// # Errors
    /// [`TokenError`] if there is none, if it is none, or if it is not signed with a private key.
    pub fn of(delivery: &Delivery<'_>) -> Result<Self, TokenError> {
        let sent = delivery.header("Authorization").ok_or(TokenError::Missing)?;
        let text = match sent.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
            Some(_) | None => return Err(TokenError::Missing),
        };
        if text.len() > LONGEST_TOKEN {
            return Err(TokenError::TooLong);
        }
        let header = text.split('.').next().unwrap_or_default();
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenError::Malformed)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
        let algorithm = Algorithm::from_str(&header.alg)
            .ok()
            .filter(|algorithm| ALGORITHMS.contains(algorithm))
            .ok_or(TokenError::Algorithm)?;
        Ok(Self { text: text.to_owned(), key_id: header.kid, algorithm })
    }

    /// The name of the key that is said to have signed it.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Checks that one of the keys signed this token and that it is what the hook trusts; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`TokenError`], which names the claim that is wrong and repeats no value.
    pub fn verify(&self, keys: &Keys, trust: &Trust, sender: Sender, now: u64) -> Result<(), TokenError> {
        let key = keys.find(self.key_id(), self.algorithm)?;
        let mut signature_only = Validation::new(self.algorithm);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_nbf = false;
        signature_only.validate_aud = false;
        let token = decode::<Claims>(&self.text, key, &signature_only).map_err(TokenError::of)?;
        token.claims.check(trust, sender, now)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Token").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
