//! Someone who signs images.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reference::Digest;
use verify::{PublicKey, Signature};

/// A key pair of the kind that `cosign generate-key-pair` makes.
pub(crate) struct Signer {
    name: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    pub(crate) fn new(name: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key can be made");
        Self { name, pair }
    }

    pub(crate) fn key(&self) -> PublicKey {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().expect("a key has an encoding");
        let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", der.as_ref()));
        PublicKey { name: format!("{}.pub", self.name), pem: pem.into_bytes() }
    }

    pub(crate) fn sign(&self, image: &Digest) -> Signature {
        self.sign_payload(&payload(&image.to_string()))
    }

    pub(crate) fn sign_payload(&self, payload: &str) -> Signature {
        let signed = self.pair.sign(&SystemRandom::new(), payload.as_bytes()).expect("a key signs");
        Signature { payload: payload.as_bytes().to_vec(), signature_base64: STANDARD.encode(signed) }
    }
}

/// What cosign signs about an image.
pub(crate) fn payload(digest: &str) -> String {
    let image = format!(r#""image":{{"docker-manifest-digest":"{digest}"}}"#);
    let identity = r#""identity":{"docker-reference":"ghcr.io/example/app"}"#;
    format!(
        r#"{{"critical":{{{identity},{image},"type":"cosign container image signature"}},"optional":null}}"#
    )
}

/// The digest of some image.
pub(crate) fn image(number: u8) -> Digest {
    Digest::sha256_from_bytes([number; 32])
}
