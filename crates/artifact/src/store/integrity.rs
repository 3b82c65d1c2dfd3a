//! Whether a file has the digest that is recorded of it (spec 2.4, 9.7).

use std::io;
use std::path::Path;

use crate::digest::Digest;
use crate::disk::{self, Identity};

/// What hashing a file came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is no file.
    Gone,
    /// The file of this identity has the digest.
    Good(Identity),
    /// It has not, or cannot be read; upstream's text.
    Bad(String),
}

/// Hashes a file with the algorithm of its digest.
///
/// # Errors
/// The file could not be opened, so nothing is known of its bytes. A file that cannot be read is bad.
pub(super) fn verify(file: &Path, digest: &Digest) -> io::Result<Verdict> {
    let (content, identity) = match disk::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Verdict::Gone),
        Err(error) => return Err(error),
    };
    Ok(match digest.algorithm().digest_of(content) {
        Ok(computed) if computed == *digest => Verdict::Good(identity),
        Ok(_) => Verdict::Bad(mismatch(digest)),
        Err(error) => Verdict::Bad(error.to_string()),
    })
}

/// Upstream's text for bytes that have another digest than this one.
pub(super) fn mismatch(digest: &Digest) -> String {
    format!("computed digest doesn't match '{digest}'")
}

/// Parses a recorded digest.
///
/// # Errors
/// Upstream's text for one that is empty or none.
pub(super) fn parse(digest: &str) -> Result<Digest, String> {
    if digest.is_empty() {
        return Err("artifact has no digest".to_owned());
    }
    Digest::parse(digest).map_err(|error| format!("failed to parse artifact digest '{digest}': {error}"))
}
