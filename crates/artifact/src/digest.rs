//! Digests of stored files: the algorithms of `--artifact-digest-algo`, and a writer that hashes what passes through it.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// Bytes read at a time while a file is hashed.
const CHUNK: usize = 16 * 1024;

/// A digest or an algorithm that cannot be used (texts as upstream's digest library has them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not `<algorithm>:<lower-case hexadecimal digits>`.
    #[error("invalid checksum digest format")]
    Format,
    /// Not as many digits as the algorithm gives.
    #[error("invalid checksum digest length")]
    Length,
    /// An algorithm that is none of [`Algorithm`].
    #[error("unsupported digest algorithm")]
    Unsupported,
}

/// How a stored file is hashed (spec 7.1); parsed from and shown as the flag's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    /// `sha1`, for verifying and for those who ask for it; not collision resistant.
    Sha1,
    /// `sha256`, the default.
    #[default]
    Sha256,
    /// `sha384`.
    Sha384,
    /// `sha512`.
    Sha512,
    /// `blake3`, 32 bytes long.
    Blake3,
}

impl Algorithm {
    /// The name in a digest and in the flag.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }

    /// Hashes all that a reader gives.
    ///
    /// # Errors
    /// What the reader says.
    pub fn digest_of(self, mut content: impl Read) -> io::Result<Digest> {
        let mut hasher = Hasher::new(self);
        let mut buffer = [0; CHUNK];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn hexadecimal_digits(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Sha256 | Self::Blake3 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = DigestError;

    fn from_str(name: &str) -> Result<Self, DigestError> {
        [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512, Self::Blake3]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or(DigestError::Unsupported)
    }
}

/// A digest with its algorithm, shown as `sha256:<hexadecimal digits>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hexadecimal: String,
}

impl Digest {
    /// Parses `<algorithm>:<hexadecimal digits>`.
    ///
    /// # Errors
    /// See [`DigestError`].
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hexadecimal) = text.split_once(':').ok_or(DigestError::Format)?;
        if algorithm.is_empty() || hexadecimal.is_empty() {
            return Err(DigestError::Format);
        }
        let algorithm: Algorithm = algorithm.parse()?;
        if hexadecimal.len() != algorithm.hexadecimal_digits() {
            return Err(DigestError::Length);
        }
        if !hexadecimal.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DigestError::Format);
        }
        Ok(Self { algorithm, hexadecimal: hexadecimal.to_owned() })
    }

    /// The algorithm it was made with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm, self.hexadecimal)
    }
}

/// Passes bytes on and hashes and counts those that were taken.
pub struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
    written: u64,
}

impl<W: Write> HashingWriter<W> {
    /// Starts with nothing written.
    pub fn new(inner: W, algorithm: Algorithm) -> Self {
        Self { inner, hasher: Hasher::new(algorithm), written: 0 }
    }

    /// The digest of all that was written, and how many bytes that were. What the inner writer holds back is its own
    /// business: flush first.
    pub fn finish(self) -> (Digest, u64) {
        (self.hasher.finish(), self.written)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The state of a hash that is computed piece by piece.
pub(crate) enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    /// One that has seen nothing.
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
            Algorithm::Blake3 => Self::Blake3(Box::default()),
        }
    }

    /// Takes the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(state) => state.update(bytes),
            Self::Sha256(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
            Self::Blake3(state) => {
                state.update(bytes);
            }
        }
    }

    /// The digest of all bytes that were taken.
    pub(crate) fn finish(self) -> Digest {
        let (algorithm, bytes) = match self {
            Self::Sha1(state) => (Algorithm::Sha1, state.finalize().to_vec()),
            Self::Sha256(state) => (Algorithm::Sha256, state.finalize().to_vec()),
            Self::Sha384(state) => (Algorithm::Sha384, state.finalize().to_vec()),
            Self::Sha512(state) => (Algorithm::Sha512, state.finalize().to_vec()),
            Self::Blake3(state) => (Algorithm::Blake3, state.finalize().as_bytes().to_vec()),
        };
        Digest { algorithm, hexadecimal: hexadecimal(&bytes) }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_gives_its_published_vector_and_parses_its_own_digests() {
        let vectors = [
            ("sha1", "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
            ("sha256", "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"),
            (
                "sha384",
                "fdbd8e75a67f29f701a4e040385e2e23986303ea10239211af907fcbb83578b3e417cb71ce646efd0819dd8c088de1bd",
            ),
            (
                "sha512",
                "309ecc489c12d6eb4cc40f50c902f2b4d0ed77ee511a7c7a9bcd3ca86d4cd86f989dd35bc5ff499670da34255b45b0cfd830e81f605dcf7dc5542e93ae9cd76f",
            ),
            ("blake3", "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24"),
        ];
        for (name, hexadecimal) in vectors {
            let algorithm: Algorithm = name.parse().unwrap();
            let digest = algorithm.digest_of(&b"hello world"[..]).unwrap();
            assert_eq!(digest.to_string(), format!("{name}:{hexadecimal}"));
            assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
        }
    }

    #[test]
    fn nothing_has_a_digest_too() {
        let digest = |algorithm: Algorithm| algorithm.digest_of(&b""[..]).unwrap().to_string();

        assert_eq!(
            digest(Algorithm::Sha256),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            digest(Algorithm::Sha512),
            "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
        );
    }

    #[test]
    fn a_digest_that_is_none_says_why() {
        assert_eq!(Digest::parse("invalid"), Err(DigestError::Format));
        assert_eq!(Digest::parse(":00"), Err(DigestError::Format));
        assert_eq!(Digest::parse("sha256:"), Err(DigestError::Format));
        assert_eq!(Digest::parse("sha256:00"), Err(DigestError::Length));
        assert_eq!(Digest::parse(&format!("sha256:{}", "A".repeat(64))), Err(DigestError::Format));
        assert_eq!(Digest::parse("md5:00"), Err(DigestError::Unsupported));
        assert_eq!("not-available".parse::<Algorithm>(), Err(DigestError::Unsupported));
    }

    #[test]
    fn a_hashing_writer_counts_and_hashes_only_what_was_taken() {
        let mut room = [0; 5];
        let mut writer = HashingWriter::new(&mut room[..], Algorithm::Sha256);

        assert_eq!(writer.write(b"hello world").unwrap(), 5);

        let (digest, size) = writer.finish();
        assert_eq!((digest, size), (Algorithm::Sha256.digest_of(&b"hello"[..]).unwrap(), 5));
    }
}
