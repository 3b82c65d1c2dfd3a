//! Signatures of cosign in their older form: a signed payload that names a digest (spec 6.2, 6.4).

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reference::Digest;
use serde::Deserialize;

use crate::{Error, PublicKey};

/// How many keys are tried; with the signatures of one image each, that is seconds at most.
pub const MOST_KEYS: usize = 100;

/// A layer of a signature image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The layer: the bytes that were signed.
    pub payload: Vec<u8>,
    /// Its annotation `dev.cosignproject.cosign/signature`, in base64.
    pub signature_base64: String,
}

/// What a payload claims, as far as it matters here.
#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// Checks that one of the keys made one of the signatures, and that what it signed names this image (D2).
///
/// One good key is enough, however bad the others are: upstream tries them in a random order until it meets it.
///
/// # Errors
/// The first key that is none, if no other key verifies; else [`Error::NoMatch`], also without keys or signatures.
pub fn verify_keyed(
    keys: &[PublicKey],
    signatures: &[Signature],
    image_digest: &Digest,
) -> Result<(), Error> {
    if keys.len() > MOST_KEYS {
        return Err(Error::TooManyKeys(keys.len()));
    }
    let signed: Vec<(&[u8], Vec<u8>)> = signatures
        .iter()
        .filter_map(|signature| Some((signature.payload.as_slice(), signature.decode()?)))
        .collect();
    let mut refusal = None;
    for key in keys {
        match key.parse() {
            Ok(key) if vouches(&key, &signed, image_digest) => return Ok(()),
            Ok(_) => {}
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or(Error::NoMatch))
}

impl Signature {
    /// The signature itself; line breaks within the base64 are allowed, as in Go.
    fn decode(&self) -> Option<Vec<u8>> {
        let text: String = self.signature_base64.split(['\r', '\n']).collect();
        STANDARD.decode(text).ok()
    }
}

fn vouches(key: &ParsedPublicKey, signed: &[(&[u8], Vec<u8>)], image_digest: &Digest) -> bool {
    signed.iter().any(|(payload, signature)| {
        key.verify_sig(payload, signature).is_ok() && names(payload, image_digest)
    })
}

fn names(payload: &[u8], image_digest: &Digest) -> bool {
    serde_json::from_slice::<Payload>(payload)
        .is_ok_and(|payload| payload.critical.image.digest == image_digest.to_string())
}
