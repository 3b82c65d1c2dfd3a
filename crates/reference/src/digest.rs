//! The name of content: `sha256:<64 lowercase hex digits>`.

use std::fmt;
use std::str::FromStr;

use crate::quote::go_quote;

/// A SHA-256 digest, the only kind that names images (spec 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    bytes: [u8; 32],
}

/// Why a text is no digest, in upstream's words (spec 3.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `algorithm:hex`.
    #[error("cannot parse hash: {}", go_quote(.0))]
    Form(String),
    /// Another algorithm than `sha256`.
    #[error("unsupported hash: {}", go_quote(.0))]
    Algorithm(String),
    /// Something else than `0-9a-f` behind the colon.
    #[error("found non-hex character in hash: {0}")]
    NotHex(char),
    /// Not 64 digits.
    #[error("wrong number of hex digits for sha256: {0}")]
    Length(String),
}

impl Digest {
    /// Names the content that hashes to these bytes.
    #[must_use]
    pub fn sha256_from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes }
    }

    /// The hash itself, to compare with a computed one.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The 64 lowercase hex digits behind `sha256:`.
    #[must_use]
    pub fn hex(&self) -> String {
        self.bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|nibble| char::from(b"0123456789abcdef"[usize::from(nibble)]))
            .collect()
    }

    /// Parses `sha256:<hex>`.
    ///
    /// # Errors
    /// [`DigestError`], with upstream's text; upper-case digits are no hex digits.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or_else(|| DigestError::Form(text.to_owned()))?;
        if let Some(character) = hex.chars().find(|character| !matches!(character, '0'..='9' | 'a'..='f')) {
            return Err(DigestError::NotHex(character));
        }
        if algorithm != "sha256" {
            return Err(DigestError::Algorithm(algorithm.to_owned()));
        }
        let mut bytes = [0; 32];
        if hex.len() != 2 * bytes.len() {
            return Err(DigestError::Length(hex.to_owned()));
        }
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        Ok(Self { bytes })
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        Self::parse(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The value of a digit that is known to be one of `0-9a-f`.
fn value(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 }
}
