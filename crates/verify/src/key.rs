//! Public keys, from PEM text to something that checks signatures.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P521_SHA256_ASN1, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};

use crate::Error;

/// One way to sign for every kind of key, as cosign has it: SHA-256 whatever the curve, PKCS #1 v1.5 for RSA.
const ALGORITHMS: [&dyn VerificationAlgorithm; 4] =
    [&ECDSA_P256_SHA256_ASN1, &ECDSA_P384_SHA256_ASN1, &ECDSA_P521_SHA256_ASN1, &ED25519];
const RSA: &dyn VerificationAlgorithm = &RSA_PKCS1_2048_8192_SHA256;
/// A modulus of 2048 bits alone is this long. Shorter RSA keys parse but verify nothing: better to say so.
const LEAST_RSA_BYTES: usize = 2048 / 8;

/// The `SubjectPublicKeyInfo` of RFC 5280.
const ANY_KEY: &str = "PUBLIC KEY";
/// The `RSAPublicKey` of RFC 8017.
const RSA_KEY: &str = "RSA PUBLIC KEY";
/// Longer than every label of RFC 7468.
const LONGEST_LABEL: usize = 40;

/// A public key as a Secret holds it. `Debug` shows the name only: who knows what else was put there.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The name in the Secret, such as `cosign.pub`.
    pub name: String,
    /// The PEM text; only its first block counts.
    pub pem: Vec<u8>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PublicKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PublicKey {
    /// The key itself, which knows how it signs.
    pub(crate) fn parse(&self) -> Result<ParsedPublicKey, Error> {
        let block = pem::parse(&self.pem).map_err(|_| Error::NotPem)?;
        match block.tag() {
            ANY_KEY | RSA_KEY => {}
            label if is_label(label) => return Err(Error::NotPublic(label.to_owned())),
            _ => return Err(Error::NotPem),
        }
        let der = block.contents();
        let parsed = |algorithm| ParsedPublicKey::new(algorithm, der).ok();
        let rsa = || parsed(RSA).filter(|_| der.len() > LEAST_RSA_BYTES);
        let key = ALGORITHMS.into_iter().find_map(parsed).or_else(rsa);
        key.ok_or_else(|| Error::Unsupported(self.name.clone()))
    }
}

/// Whether a label may be repeated in a message: it is in capitals, as all are. A misplaced dash makes one of what stands
/// between two lines, which may be a secret.
fn is_label(text: &str) -> bool {
    let is_of_label = |byte: u8| byte == b' ' || byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.len() <= LONGEST_LABEL && text.bytes().all(is_of_label)
}
