//! The fingerprint against the hash of its description in correction 18, written out byte by byte.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use reference::Digest;
use verify::fingerprint;

fn secret(entries: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn hash(text: &str) -> String {
    let bytes = digest(&SHA256, text.as_bytes());
    Digest::sha256_from_bytes(bytes.as_ref().try_into().expect("SHA-256 has 32 bytes")).to_string()
}

#[test]
fn keys_count_in_the_order_of_their_bytes_and_nothing_else_of_the_secret_does() {
    let keys = secret(&[
        ("x.pub", "bob"),
        ("y.pub", "alice"),
        ("z.txt", "no key"),
        ("a.pem", "no key"),
        ("c.pub", ""),
    ]);

    let found = fingerprint("cosign", None, &keys);

    assert_eq!(found, hash("provider:cosign\0pub:\0pub:alice\0pub:bob\0"));
}

#[test]
fn a_trusted_root_stands_before_the_keys() {
    let keys = secret(&[("x.pub", "bob")]);

    let found = fingerprint("cosign", Some(b"{}"), &keys);

    assert_eq!(found, hash("provider:cosign\0trustedroot:{}\0pub:bob\0"));
}

#[test]
fn keyless_verification_has_a_fingerprint_too() {
    assert_eq!(fingerprint("cosign", None, &BTreeMap::new()), hash("provider:cosign\0"));
}

#[test]
fn notation_counts_its_policy_and_its_certificates() {
    let trust = secret(&[
        ("a.pem", "two"),
        ("b.crt", "one"),
        ("trustpolicy.json", "{}"),
        ("c.pub", "no certificate"),
    ]);

    let found = fingerprint("notation", Some(b"not read"), &trust);

    assert_eq!(found, hash("provider:notation\0trustpolicy:{}\0cert:one\0cert:two\0"));
}

#[test]
fn a_value_that_looks_like_two_is_not_two() {
    let one = fingerprint("cosign", None, &secret(&[("a.pub", "x"), ("b.pub", "y")]));
    let other = fingerprint("cosign", None, &secret(&[("a.pub", "xpub:y")]));

    assert_ne!(one, other);
}

#[test]
fn a_recorded_value_stays_what_it_is() {
    let key = include_str!("../fixtures/p256.pub");

    let found = fingerprint("cosign", None, &secret(&[("cosign.pub", key)]));

    assert_eq!(found, "sha256:b7e54c15ce10f2218c54e129ecc4d23771542489689cc45aa8a40b84aa2941fd");
}
