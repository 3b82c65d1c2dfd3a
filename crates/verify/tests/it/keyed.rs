//! Which keys and signatures make an image count as signed (spec 6.2; D2).

use verify::{Error, MOST_KEYS, PublicKey, Signature, verify_keyed};

use crate::signer::{Signer, image, payload};

fn bad(name: &str, pem: &str) -> PublicKey {
    PublicKey { name: name.to_owned(), pem: pem.as_bytes().to_vec() }
}

#[test]
fn a_signature_by_the_key_verifies_the_image_that_it_names() {
    let alice = Signer::new("alice");

    assert_eq!(verify_keyed(&[alice.key()], &[alice.sign(&image(1))], &image(1)), Ok(()));
}

#[test]
fn a_genuine_signature_of_another_image_verifies_nothing() {
    let alice = Signer::new("alice");

    assert_eq!(verify_keyed(&[alice.key()], &[alice.sign(&image(2))], &image(1)), Err(Error::NoMatch));
}

#[test]
fn a_signature_by_another_key_verifies_nothing() {
    let (alice, bob) = (Signer::new("alice"), Signer::new("bob"));

    assert_eq!(verify_keyed(&[alice.key()], &[bob.sign(&image(1))], &image(1)), Err(Error::NoMatch));
}

#[test]
fn a_payload_changed_after_signing_verifies_nothing() {
    let alice = Signer::new("alice");
    let mut signature = alice.sign(&image(2));
    signature.payload = payload(&image(1).to_string()).into_bytes();

    assert_eq!(verify_keyed(&[alice.key()], &[signature], &image(1)), Err(Error::NoMatch));
}

#[test]
fn one_key_and_one_signature_of_several_are_enough() {
    let (alice, bob, carol) = (Signer::new("alice"), Signer::new("bob"), Signer::new("carol"));
    let signatures = [carol.sign(&image(1)), alice.sign(&image(2)), bob.sign(&image(1))];

    assert_eq!(verify_keyed(&[alice.key(), bob.key()], &signatures, &image(1)), Ok(()));
}

#[test]
fn without_keys_or_without_signatures_nothing_matches() {
    let alice = Signer::new("alice");

    assert_eq!(verify_keyed(&[], &[alice.sign(&image(1))], &image(1)), Err(Error::NoMatch));
    assert_eq!(verify_keyed(&[alice.key()], &[], &image(1)), Err(Error::NoMatch));
}

#[test]
fn a_good_key_outweighs_bad_ones_wherever_it_stands() {
    let alice = Signer::new("alice");
    let signatures = [alice.sign(&image(1))];

    for keys in [[bad("a.pub", "garbage"), alice.key()], [alice.key(), bad("z.pub", "garbage")]] {
        assert_eq!(verify_keyed(&keys, &signatures, &image(1)), Ok(()));
    }
}

#[test]
fn the_first_key_that_is_none_is_what_a_refusal_names() {
    let (alice, bob) = (Signer::new("alice"), Signer::new("bob"));
    let private = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let damaged = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    let cases = [
        ("garbage", "PEM decoding failed"),
        ("", "PEM decoding failed"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA", "PEM decoding failed"),
        (
            private,
            "unknown Public key PEM file type: EC PRIVATE KEY. Are you passing the correct public key?",
        ),
        (
            damaged,
            "public key 'b.pub' is neither ECDSA (P-256, P-384, P-521) nor RSA (2048 to 8192 bits) nor Ed25519",
        ),
    ];
    for (pem, words) in cases {
        let keys = [alice.key(), bad("b.pub", pem), bad("c.pub", "\u{0}")];

        let error = verify_keyed(&keys, &[bob.sign(&image(1))], &image(1)).unwrap_err();

        assert_eq!(error.text("ghcr.io/example/app@sha256:00"), words);
    }
}

#[test]
fn a_refusal_names_the_image_as_upstream_does() {
    let text = Error::NoMatch.text("ghcr.io/example/app@sha256:00");

    assert_eq!(text, "no matching signatures were found for 'ghcr.io/example/app@sha256:00'");
}

#[test]
fn what_is_signed_but_claims_nothing_verifies_nothing() {
    let alice = Signer::new("alice");
    let digest = image(1).to_string();
    let twice =
        payload(&digest).replace(r#""image":"#, r#""image":{"docker-manifest-digest":"sha256:00"},"image":"#);
    let deep = "[".repeat(1_000_000);
    let payloads = [
        String::new(),
        "null".to_owned(),
        digest.clone(),
        format!(r#"{{"docker-manifest-digest":"{digest}"}}"#),
        payload(&digest.to_uppercase()),
        payload(&format!("{digest} ")),
        payload(&digest) + "{}",
        twice,
        format!(r#"{{"critical":{deep}"#),
    ];
    for claim in payloads {
        let signature = alice.sign_payload(&claim);

        assert_eq!(
            verify_keyed(&[alice.key()], &[signature], &image(1)),
            Err(Error::NoMatch),
            "{claim:.200}"
        );
    }
}

#[test]
fn base64_may_be_broken_into_lines_but_not_be_something_else() {
    let alice = Signer::new("alice");
    let Signature { payload, signature_base64 } = alice.sign(&image(1));
    let (head, tail) = signature_base64.split_at(40);
    let verdict = |signature_base64: String| {
        let signature = Signature { payload: payload.clone(), signature_base64 };
        verify_keyed(&[alice.key()], &[signature], &image(1))
    };

    assert_eq!(verdict(format!("{head}\r\n{tail}\n")), Ok(()));
    for other in [String::new(), format!("{head} {tail}"), format!("{head}{tail}!"), head.to_owned()] {
        assert_eq!(verdict(other), Err(Error::NoMatch));
    }
}

#[test]
fn only_the_first_block_of_a_pem_text_counts() {
    let (alice, bob) = (Signer::new("alice"), Signer::new("bob"));
    let mut both = b"# keys of the team\n".to_vec();
    both.extend(alice.key().pem);
    both.extend(bob.key().pem);
    let keys = [PublicKey { name: "both.pub".to_owned(), pem: both }];

    assert_eq!(verify_keyed(&keys, &[alice.sign(&image(1))], &image(1)), Ok(()));
    assert_eq!(verify_keyed(&keys, &[bob.sign(&image(1))], &image(1)), Err(Error::NoMatch));
}

#[test]
fn too_many_keys_are_refused_rather_than_tried() {
    let alice = Signer::new("alice");
    let signatures = [alice.sign(&image(1))];
    let mut keys = vec![alice.key(); MOST_KEYS];
    assert_eq!(verify_keyed(&keys, &signatures, &image(1)), Ok(()));

    keys.push(alice.key());

    assert_eq!(verify_keyed(&keys, &signatures, &image(1)), Err(Error::TooManyKeys(MOST_KEYS + 1)));
}
