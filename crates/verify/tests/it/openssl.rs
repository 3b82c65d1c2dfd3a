//! Keys and signatures made by OpenSSL over `fixtures/payload.json`: another implementation of every kind.

use reference::Digest;
use verify::{Error, PublicKey, Signature, verify_keyed};

const PAYLOAD: &[u8] = include_bytes!("../fixtures/payload.json");
const IMAGE: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn verdict(pem: &str, signature: &str) -> Result<(), Error> {
    let key = PublicKey { name: "key.pub".to_owned(), pem: pem.as_bytes().to_vec() };
    let signature = Signature { payload: PAYLOAD.to_vec(), signature_base64: signature.to_owned() };
    verify_keyed(&[key], &[signature], &Digest::parse(IMAGE).expect("it is a digest"))
}

macro_rules! made {
    ($key:literal, $signature:literal) => {
        (include_str!(concat!("../fixtures/", $key)), include_str!(concat!("../fixtures/", $signature)))
    };
}

#[test]
fn every_kind_of_key_that_cosign_takes_is_taken() {
    let kinds = [
        made!("p256.pub", "p256.sig"),
        made!("p384.pub", "p384.sig"),
        made!("p521.pub", "p521.sig"),
        made!("ed25519.pub", "ed25519.sig"),
        made!("rsa.pub", "rsa.sig"),
        made!("rsa_pkcs1.pub", "rsa.sig"),
    ];
    for (index, (pem, signature)) in kinds.iter().enumerate() {
        assert_eq!(verdict(pem, signature), Ok(()));

        let (_, others) = kinds[(index + 1) % 5];
        assert_eq!(verdict(pem, others), Err(Error::NoMatch));
    }
}

#[test]
fn kinds_that_are_weak_or_that_cosign_does_not_take_are_no_keys() {
    for (pem, signature) in [made!("k256.pub", "k256.sig"), made!("rsa_1024.pub", "rsa_1024.sig")] {
        assert_eq!(verdict(pem, signature), Err(Error::Unsupported("key.pub".to_owned())));
    }
}

#[test]
fn an_rsa_signature_with_another_padding_than_cosigns_verifies_nothing() {
    let (pem, signature) = made!("rsa.pub", "rsa_pss.sig");

    assert_eq!(verdict(pem, signature), Err(Error::NoMatch));
}
