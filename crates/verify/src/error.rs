//! Why nothing was verified.

use crate::MOST_KEYS;

/// Why an image does not count as signed (spec 6.2); the first two read as upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key is no PEM text.
    #[error("PEM decoding failed")]
    NotPem,
    /// A PEM text holds something else than a public key; its label.
    #[error("unknown Public key PEM file type: {0}. Are you passing the correct public key?")]
    NotPublic(String),
    /// The name of a key that is damaged or of a kind that is not taken.
    #[error(
        "public key '{0}' is neither ECDSA (P-256, P-384, P-521) nor RSA (2048 to 8192 bits) nor Ed25519"
    )]
    Unsupported(String),
    /// There are more keys than anybody needs; trying them all would take too long.
    #[error("more than {MOST_KEYS} public keys: {0}")]
    TooManyKeys(usize),
    /// No key made any of the signatures for this image.
    #[error("no matching signatures were found")]
    NoMatch,
}

impl Error {
    /// The sentence for the object's owner; `subject` is `host/path@digest`, which upstream names where no
    /// signature matches.
    #[must_use]
    pub fn text(&self, subject: &str) -> String {
        match self {
            Self::NoMatch => format!("{self} for '{subject}'"),
            Self::NotPem | Self::NotPublic(_) | Self::Unsupported(_) | Self::TooManyKeys(_) => {
                self.to_string()
            }
        }
    }
}
