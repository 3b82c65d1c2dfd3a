//! Digests and revisions.

use reference::{Digest, DigestError, Revision, digest_part};

const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn a_digest_is_shown_as_it_was_parsed() {
    let text = format!("sha256:{HEX}");
    let digest = Digest::parse(&text).unwrap();
    assert_eq!(digest.to_string(), text);
    assert_eq!(digest.hex(), HEX);
    assert_eq!(digest.bytes()[..3], [0x9f, 0x86, 0xd0]);
    assert_eq!(format!("{digest:?}"), text);
}

#[test]
fn a_digest_of_bytes_equals_the_parsed_one() {
    let digest = Digest::parse(&format!("sha256:{HEX}")).unwrap();
    assert_eq!(Digest::sha256_from_bytes(*digest.bytes()), digest);
    assert_eq!(Digest::sha256_from_bytes([0xa0; 32]).hex(), "a0".repeat(32));
}

#[test]
fn a_wrong_digest_is_refused_in_upstreams_words() {
    let upper = format!("sha256:{}", HEX.to_uppercase());
    let other = format!("sha512:{HEX}");
    let long = format!("sha256:{HEX}0");
    let long_text = format!("wrong number of hex digits for sha256: {HEX}0");
    let table = [
        ("invalid", "cannot parse hash: \"invalid\""),
        ("", "cannot parse hash: \"\""),
        ("sha256:abcd", "wrong number of hex digits for sha256: abcd"),
        ("sha256:", "wrong number of hex digits for sha256: "),
        (&long, &long_text),
        (&upper, "found non-hex character in hash: F"),
        ("sha256:ab@cd", "found non-hex character in hash: @"),
        (&other, "unsupported hash: \"sha512\""),
    ];
    for (text, message) in table {
        assert_eq!(Digest::parse(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn a_revision_is_a_tag_and_a_digest_or_a_digest_alone() {
    let tagged = Revision::parse(&format!("6.2.1_ref.1234567@sha256:{HEX}")).unwrap();
    assert_eq!(tagged.tag.as_deref(), Some("6.2.1_ref.1234567"));
    assert_eq!(tagged.to_string(), format!("6.2.1_ref.1234567@sha256:{HEX}"));

    let bare = Revision::parse(&format!("sha256:{HEX}")).unwrap();
    assert_eq!(bare.tag, None);
    assert_eq!(bare.digest, tagged.digest);
    assert_eq!(bare.to_string(), format!("sha256:{HEX}"));
}

#[test]
fn a_recorded_revision_is_read_from_its_last_at_sign() {
    let odd = Revision::parse(&format!("a@b@sha256:{HEX}")).unwrap();
    assert_eq!(odd.tag.as_deref(), Some("a@b"));
    assert_eq!(Revision::parse(&format!("@sha256:{HEX}")).unwrap().tag, None);
    assert_eq!(Revision::parse("v1@invalid").unwrap_err(), DigestError::Form("invalid".to_owned()));
}

#[test]
fn the_digest_part_is_what_follows_the_last_at_sign() {
    let table =
        [("v1@sha256:ab", "sha256:ab"), ("sha256:ab", "sha256:ab"), ("a@b@c", "c"), ("", ""), ("v1@", "")];
    for (revision, part) in table {
        assert_eq!(digest_part(revision), part);
    }
}
