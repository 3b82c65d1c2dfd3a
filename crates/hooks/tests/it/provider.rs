//! An identity provider: its keys, and the tokens that it signs.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hooks::{Keys, Sender, Token, TokenError, Trust};
use serde_json::{Value, json};

use crate::delivered::{Sent, fixture};

/// When the tokens of these tests are checked, in seconds since 1970: within their time.
pub(crate) const NOW: u64 = 1_780_316_600;

pub(crate) enum Pair {
    Elliptic(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
    Rsa(&'static RsaKeyPair),
}

/// A provider with one key, whose header, claims and trust a test may change.
pub(crate) struct Provider {
    pub(crate) pair: Pair,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) trust: Trust,
    pub(crate) sender: Sender,
}

impl Provider {
    /// One that signs for a pipeline, with ES256.
    pub(crate) fn new() -> Self {
        Self::with("ES256")
    }

    /// One that signs for a pipeline in this way.
    pub(crate) fn with(algorithm: &str) -> Self {
        let claims = serde_json::from_slice(&fixture("tokens/github.json").body).expect("they are JSON");
        let trust = Trust {
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            audience: "notification-controller".to_owned(),
            subject: Some("repo:example-org/podinfo:ref:refs/heads/main".to_owned()),
            email: None,
        };
        let header = json!({ "alg": algorithm, "kid": "one", "typ": "JWT" });
        Self { pair: pair(algorithm), header, claims, trust, sender: Sender::GenericOidc }
    }

    /// Google's, which signs for a subscription of Pub/Sub.
    pub(crate) fn google() -> Self {
        let claims = serde_json::from_slice(&fixture("tokens/google.json").body).expect("they are JSON");
        let trust = Trust {
            issuer: "https://accounts.google.com".to_owned(),
            audience: "https://hooks.example.com/hook/gar".to_owned(),
            subject: None,
            email: Some("pubsub-push@example-project.iam.gserviceaccount.com".to_owned()),
        };
        Self { claims, trust, sender: Sender::Gcr, ..Self::new() }
    }

    /// Microsoft's, which signs for Event Grid.
    pub(crate) fn entra() -> Self {
        let claims = serde_json::from_slice(&fixture("tokens/entra.json").body).expect("they are JSON");
        let trust = Trust {
            issuer: "https://sts.windows.net/11111111-1111-4111-8111-111111111111/".to_owned(),
            audience: "22222222-2222-4222-8222-222222222222".to_owned(),
            subject: None,
            email: None,
        };
        Self { claims, trust, sender: Sender::Acr, ..Self::new() }
    }

    /// The public key as a JSON Web Key.
    pub(crate) fn key(&self) -> Value {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Elliptic(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "kid": "one", "crv": curve, "x": encoded(x), "y": encoded(y) })
            }
            Pair::Edwards(pair) => {
                let x = encoded(pair.public_key().as_ref());
                json!({ "kty": "OKP", "kid": "one", "crv": "Ed25519", "x": x })
            }
            Pair::Rsa(pair) => {
                let n = encoded(pair.public_key().modulus().big_endian_without_leading_zero());
                let e = encoded(pair.public_key().exponent().big_endian_without_leading_zero());
                json!({ "kty": "RSA", "kid": "one", "use": "sig", "n": n, "e": e })
            }
        }
    }

    /// The token, signed in the way that the header names if the pair can.
    pub(crate) fn token(&self) -> String {
        self.signed(&self.claims.to_string())
    }

    /// A token of these claims, whatever they are.
    pub(crate) fn signed(&self, claims: &str) -> String {
        let message = self.message_of(claims);
        let signature = self.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What is signed: the header and the claims.
    pub(crate) fn message(&self) -> String {
        self.message_of(&self.claims.to_string())
    }

    fn message_of(&self, claims: &str) -> String {
        let header = self.header.to_string();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Elliptic(pair) => pair.sign(&random, message).expect("a key signs").as_ref().to_vec(),
            Pair::Edwards(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let padding = padding(self.header["alg"].as_str().unwrap_or_default());
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).expect("a key signs");
                signature
            }
        }
    }

    /// What becomes of the token in a delivery.
    pub(crate) fn verdict(&self) -> Result<(), TokenError> {
        self.verdict_on(&self.token(), NOW)
    }

    /// What becomes of some token at some time, with the keys of this provider.
    pub(crate) fn verdict_on(&self, token: &str, now: u64) -> Result<(), TokenError> {
        let keys = set(&[self.key()])?;
        let sent = Sent::default().with("Authorization", format!("Bearer {token}"));
        Token::of(&sent.delivery())?.verify(&keys, &self.trust, self.sender, now)
    }
}

/// A key set of these keys.
pub(crate) fn set(keys: &[Value]) -> Result<Keys, TokenError> {
    Keys::parse(json!({ "keys": keys }).to_string().as_bytes())
}

fn pair(algorithm: &str) -> Pair {
    static RSA: OnceLock<RsaKeyPair> = OnceLock::new();
    match algorithm {
        "ES256" => Pair::Elliptic(elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING)),
        "ES384" => Pair::Elliptic(elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING)),
        "EdDSA" => Pair::Edwards(Ed25519KeyPair::generate().expect("a key can be made")),
        _ => {
            Pair::Rsa(RSA.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made")))
        }
    }
}

fn elliptic(curve: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    EcdsaKeyPair::generate(curve).expect("a key can be made")
}

fn padding(algorithm: &str) -> &'static dyn RsaEncoding {
    match algorithm {
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        "PS256" => &RSA_PSS_SHA256,
        "PS384" => &RSA_PSS_SHA384,
        "PS512" => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}
