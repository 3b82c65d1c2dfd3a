//! What may be in a Secret stays out of logs.

use reference::Digest;
use verify::{Error, PublicKey, verify_keyed};

#[test]
fn debug_shows_the_name_of_a_key_and_nothing_of_its_text() {
    let key = PublicKey { name: "cosign.pub".to_owned(), pem: b"a private key by mistake".to_vec() };

    assert_eq!(format!("{key:?}"), r#"PublicKey { name: "cosign.pub", .. }"#);
}

#[test]
fn a_private_key_in_the_place_of_a_label_is_not_repeated() {
    let label = "EC PRIVATE KEY\nMHcCAQEEIFDwqS6jWn\n";
    let pem = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n").into_bytes();
    let key = PublicKey { name: "cosign.pub".to_owned(), pem };

    let verdict = verify_keyed(&[key], &[], &Digest::sha256_from_bytes([0; 32]));

    assert_eq!(verdict, Err(Error::NotPem));
}
