//! Why a token is not taken.

use jsonwebtoken::errors::{Error, ErrorKind};

use super::keys::{LARGEST_SET, MOST_KEYS};

/// Why a token, or the keys to check it with, are not taken. Repeats no value of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no bearer token, or there are several.
    #[error("no Authorization header with a bearer token, or several")]
    Missing,
    /// It is longer than tokens are.
    #[error("the token is too long")]
    TooLong,
    /// It is no signed JSON Web Token.
    #[error("the token is not a signed JSON Web Token")]
    Malformed,
    /// It is not signed, or by who else knows a secret, or in a way that is not known here.
    #[error("the token's signature is of a kind that is not taken")]
    Algorithm,
    /// The provider's keys are no JSON Web Key Set (RFC 7517).
    #[error("the keys of the issuer are not a JSON Web Key Set")]
    Keys,
    /// The provider has more keys than any has.
    #[error("the issuer has more than {MOST_KEYS} keys, or needs more than {LARGEST_SET} bytes for them")]
    TooManyKeys,
    /// None of the keys has the name that the token gives.
    #[error("the token's key is not one of the issuer's")]
    UnknownKey,
    /// The key is not one for signatures of this kind.
    #[error("the token's signature is of another kind than its key")]
    OtherAlgorithm,
    /// Somebody else signed it, or it was changed.
    #[error("the token's signature is not by the issuer's key")]
    Signature,
    /// A claim is missing or of another type than it should be.
    #[error("the token has no usable {0}")]
    Unusable(&'static str),
    /// A claim is not what the hook trusts.
    #[error("the token's {0} is not the one of the hook")]
    Other(&'static str),
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is still to come.
    #[error("the token is not valid yet")]
    Early,
    /// The provider does not vouch for the address.
    #[error("the token's email is not verified")]
    Unverified,
    /// Another application of the same tenant asked for it.
    #[error("the token was not issued to Event Grid")]
    NotEventGrid,
    /// The hook would take the tokens of everybody whom the provider knows.
    #[error("the hook must name the {0} of the tokens that it takes")]
    Unbound(&'static str),
}

impl TokenError {
    /// What the check of a signature found.
    pub(super) fn of(error: Error) -> Self {
        let kind = error.into_kind();
        if kind == ErrorKind::InvalidSignature {
            Self::Signature
        } else if matches!(kind, ErrorKind::InvalidKeyFormat | ErrorKind::InvalidAlgorithm) {
            Self::OtherAlgorithm
        } else {
            Self::Malformed
        }
    }
}
