//! Deliveries of scripts and pipelines, in the schema that is our own.

use hooks::{Malformed, Sender};

use crate::delivered::{Sent, at, fixture, pushed};

const SENDERS: [Sender; 3] = [Sender::Generic, Sender::GenericHmac, Sender::GenericOidc];

fn refusal(body: &str) -> String {
    let Malformed(text) = Sent::new(body).read_as(Sender::Generic).expect_err("it is refused");
    text
}

#[test]
fn a_url_and_a_tag_are_a_push_for_all_three_kinds() {
    let digest = "a".repeat(64);
    let body = format!(
        r#"{{"url":"oci://ghcr.io/acme/app","tag":"1.0","digest":"sha256:{digest}","by":{{"ci":[1]}}}}"#
    );

    for sender in SENDERS {
        let pushes = Sent::new(body.clone()).pushes(sender);

        assert_eq!(pushes, vec![pushed(&[at("ghcr.io", "acme/app")], "1.0", Some(&digest))]);
    }
}

#[test]
fn a_digest_is_optional_and_one_that_is_none_is_not_told() {
    for digest in ["null", r#""""#, r#""sha256:short""#, r#""latest""#] {
        let body = format!(r#"{{"url":"oci://ghcr.io/acme/app","tag":"1.0","digest":{digest}}}"#);

        let pushes = Sent::new(body).pushes(Sender::Generic);

        assert_eq!(pushes, vec![pushed(&[at("ghcr.io", "acme/app")], "1.0", None)]);
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let digest = format!(r#"{{"url":"oci://ghcr.io/acme/app","tag":"sha256:{}"}}"#, "a".repeat(64));
    let long = format!(r#"{{"url":"oci://{}.example.com/acme/app","tag":"1"}}"#, "a".repeat(512));
    for (body, expected) in [
        (&*long, "'url' must be oci://host/path, of 512 bytes at most"),
        ("{}", "'url' must be oci://host/path, of 512 bytes at most"),
        (r#"{"url":7,"tag":"1"}"#, "'url' is not text"),
        (
            r#"{"url":"ghcr.io/acme/app","tag":"1"}"#,
            "'url': URL must be in format 'oci://<domain>/<org>/<repo>'",
        ),
        (r#"{"url":"oci://ghcr.io/acme/app"}"#, "'tag' is missing or is no tag"),
        (r#"{"url":"oci://ghcr.io/acme/app","tag":""}"#, "'tag' is missing or is no tag"),
        (r#"{"url":"oci://ghcr.io/acme/app","tag":["1"]}"#, "'tag' is not text"),
        (&digest, "'tag' is missing or is no tag"),
        (r#"{"url":"oci://ghcr.io/acme/app","tag":"1","digest":1}"#, "'digest' is not text"),
    ] {
        assert_eq!(refusal(body), expected);
    }
}

#[test]
fn the_bodies_that_flux_sends_unasked_are_refused_with_a_reason() {
    for name in ["generic/empty.json", "generic/image.json"] {
        let Malformed(text) = fixture(name).read_as(Sender::Generic).unwrap_err();

        assert_eq!(text, "'url' must be oci://host/path, of 512 bytes at most", "{name}");
    }
}
