//! The keys of an identity provider (RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::{ALGORITHMS, TokenError};

/// Providers have two to ten keys; who shares one set between all tenants has twenty.
pub(super) const MOST_KEYS: usize = 64;
/// In bytes: keys of 8192 bits with their certificates, [`MOST_KEYS`] of them.
pub(super) const LARGEST_SET: usize = 512 << 10;

/// The public keys that a provider signs with.
#[derive(Clone, Debug)]
pub struct Keys {
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    /// All that it may have signed with: one, if the provider says so.
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

impl Keys {
    /// Reads a JSON Web Key Set. Keys that are not for signatures, or of a kind that is not known here, are left out.
    ///
    /// # Errors
    /// [`TokenError::Keys`] if it is none, [`TokenError::TooManyKeys`] if it is larger than any.
    pub fn parse(json: &[u8]) -> Result<Self, TokenError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        if json.len() > LARGEST_SET {
            return Err(TokenError::TooManyKeys);
        }
        let set: Set = serde_json::from_slice(json).map_err(|_| TokenError::Keys)?;
        if set.keys.len() > MOST_KEYS {
            return Err(TokenError::TooManyKeys);
        }
        Ok(Self { keys: set.keys.into_iter().filter_map(Key::of).collect() })
    }

    /// Whether there is a key of this name; without one, whether there is exactly one key.
    #[must_use]
    pub fn knows(&self, key_id: Option<&str>) -> bool {
        match key_id {
            Some(_) => self.named(key_id).next().is_some(),
            None => self.keys.len() == 1,
        }
    }

    /// The key of this name that may have signed so; a token that names none can only mean the only one.
    pub(super) fn find(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&DecodingKey, TokenError> {
        if !self.knows(key_id) {
            return Err(TokenError::UnknownKey);
        }
        let fits = |key: &&Key| key.algorithms.contains(&algorithm);
        let key = if key_id.is_some() { self.named(key_id).find(fits) } else { self.keys.iter().find(fits) };
        key.map(|key| &key.public).ok_or(TokenError::OtherAlgorithm)
    }

    fn named(&self, key_id: Option<&str>) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.id.as_deref() == key_id)
    }
}

impl Key {
    fn of(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let signs =
            jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
        let verifies = |operations: &Vec<KeyOperations>| operations.contains(&KeyOperations::Verify);
        if !signs || !jwk.common.key_operations.as_ref().is_none_or(verifies) {
            return None;
        }
        let mut algorithms = algorithms(&jwk.algorithm);
        if let Some(only) = jwk.common.key_algorithm {
            let only = Algorithm::try_from(only).ok()?;
            algorithms.retain(|algorithm| *algorithm == only);
        }
        if algorithms.is_empty() {
            return None;
        }
        Some(Self { algorithms, public: DecodingKey::from_jwk(&jwk).ok()?, id: jwk.common.key_id })
    }
}

/// With what a key of this kind signs (RFC 7518, section 3.1; RFC 8037, section 3.1): nothing, if it is a secret one.
fn algorithms(parameters: &AlgorithmParameters) -> Vec<Algorithm> {
    if let AlgorithmParameters::RSA(_) = parameters {
        return ALGORITHMS.into_iter().filter(|one| one.family() == AlgorithmFamily::Rsa).collect();
    }
    let only = if let AlgorithmParameters::EllipticCurve(key) = parameters {
        [(EllipticCurve::P256, Algorithm::ES256), (EllipticCurve::P384, Algorithm::ES384)]
            .into_iter()
            .find_map(|(curve, algorithm)| (key.curve == curve).then_some(algorithm))
    } else if let AlgorithmParameters::OctetKeyPair(key) = parameters {
        (key.curve == EllipticCurve::Ed25519).then_some(Algorithm::EdDSA)
    } else {
        None
    };
    only.into_iter().collect()
}
