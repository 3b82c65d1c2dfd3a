//! Who is believed to know a hook's secret.

use aws_lc_rs::hmac::{Algorithm, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, HMAC_SHA512, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hooks::{Proof, Sender, Unauthenticated, authenticate};

use crate::delivered::{Sent, fixture};

const SECRET: &[u8] = b"test-key";

fn verdict(sender: Sender, sent: &Sent) -> Result<(), Unauthenticated> {
    authenticate(sender, SECRET, &sent.delivery())
}

fn code(function: Algorithm, secret: &[u8], body: &[u8]) -> String {
    let code = sign(&Key::new(function, secret), body);
    let digit = |value: u8| char::from_digit(u32::from(value), 16).expect("it is below 16");
    code.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The senders that sign: header, what stands before the code, and the function.
fn signing() -> Vec<(Sender, &'static str, &'static str, Algorithm)> {
    vec![
        (Sender::Github, "X-Hub-Signature-256", "sha256=", HMAC_SHA256),
        (Sender::Gitea, "X-Hub-Signature-256", "sha256=", HMAC_SHA256),
        (Sender::Gitea, "X-Gitea-Signature", "", HMAC_SHA256),
        (Sender::Gitea, "X-Forgejo-Signature", "", HMAC_SHA256),
        (Sender::Nexus, "X-Nexus-Webhook-Signature", "", HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        (Sender::Artifactory, "X-JFrog-Event-Auth", "", HMAC_SHA256),
        (Sender::Artifactory, "X-JFrog-Event-Auth", "sha256=", HMAC_SHA256),
        (Sender::GenericHmac, "X-Signature", "sha1=", HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        (Sender::GenericHmac, "X-Signature", "sha256=", HMAC_SHA256),
        (Sender::GenericHmac, "X-Signature", "sha512=", HMAC_SHA512),
    ]
}

#[test]
fn the_signature_of_each_sender_that_signs_is_believed() {
    for (sender, header, prefix, function) in signing() {
        let code = code(function, SECRET, b"body");

        let lower = Sent::new("body").with(header, format!("{prefix}{code}"));
        let upper = Sent::new("body").with(header, format!("{prefix}{}", code.to_uppercase()));

        assert_eq!(verdict(sender, &lower), Ok(()), "{header}: {prefix}");
        assert_eq!(verdict(sender, &upper), Ok(()), "{header}: {prefix}");
    }
}

#[test]
fn every_sender_that_signs_is_among_those_that_are_tested() {
    for sender in Sender::ALL.into_iter().filter(|sender| sender.proof() == Proof::Signature) {
        assert!(signing().iter().any(|(known, ..)| *known == sender), "{sender:?}");
    }
}

#[test]
fn a_signature_that_deviates_in_one_thing_is_not_believed() {
    for (sender, header, prefix, function) in signing() {
        let good = code(function, SECRET, b"body");
        let last = if good.ends_with('0') { '1' } else { '0' };
        for bad in [
            code(function, SECRET, b"body\n"),
            code(function, b"test-kez", b"body"),
            code(function, b"", b"body"),
            format!("{}{last}", &good[..good.len() - 1]),
            good[..good.len() - 2].to_owned(),
            good[..good.len() - 1].to_owned(),
            format!("{good}0"),
            format!("{good}00"),
            good[..8].to_owned(),
            "g".repeat(good.len()),
            String::new(),
        ] {
            let sent = Sent::new("body").with(header, format!("{prefix}{bad}"));

            assert_eq!(
                verdict(sender, &sent),
                Err(Unauthenticated::Wrong(header)),
                "{header}: {prefix}{bad}"
            );
        }
    }
}

#[test]
fn a_proof_must_be_there_and_only_once() {
    for (sender, header, prefix, function) in signing() {
        let proof = format!("{prefix}{}", code(function, SECRET, b"body"));
        let missing = Sent::new("body");
        let twice = missing.clone().with(header, &proof).with(header, &proof);

        let first = if sender == Sender::Gitea { "X-Hub-Signature-256" } else { header };
        assert_eq!(verdict(sender, &missing), Err(Unauthenticated::Missing(first)));
        assert_eq!(verdict(sender, &twice), Err(Unauthenticated::Missing(header)));
    }
    let shared = Sent::default().with("Authorization", SECRET).with("Authorization", SECRET);
    assert_eq!(verdict(Sender::Zot, &Sent::default()), Err(Unauthenticated::Missing("Authorization")));
    assert_eq!(verdict(Sender::Zot, &shared), Err(Unauthenticated::Missing("Authorization")));
}

#[test]
fn a_function_that_the_sender_does_not_use_is_not_believed() {
    let weak = format!("sha1={}", code(HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET, b"body"));
    for (sender, header) in [
        (Sender::Github, "X-Hub-Signature-256"),
        (Sender::Gitea, "X-Hub-Signature-256"),
        (Sender::Artifactory, "X-JFrog-Event-Auth"),
        (Sender::Nexus, "X-Nexus-Webhook-Signature"),
    ] {
        let sent = Sent::new("body").with(header, &weak);

        assert_eq!(verdict(sender, &sent), Err(Unauthenticated::Wrong(header)));
    }
    let bare = Sent::new("body").with("X-Signature", code(HMAC_SHA256, SECRET, b"body"));
    assert_eq!(verdict(Sender::GenericHmac, &bare), Err(Unauthenticated::Wrong("X-Signature")));
}

#[test]
fn an_empty_signature_of_gitea_is_not_outweighed_by_another_header() {
    let sent = Sent::new("body")
        .with("X-Hub-Signature-256", "sha256=")
        .with("X-Gitea-Signature", code(HMAC_SHA256, SECRET, b"body"));

    assert_eq!(verdict(Sender::Gitea, &sent), Err(Unauthenticated::Wrong("X-Hub-Signature-256")));
}

#[test]
fn the_example_that_github_publishes_is_believed() {
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let sent = Sent::new("Hello, World!").with("X-Hub-Signature-256", signature);

    assert_eq!(authenticate(Sender::Github, b"It's a Secret to Everybody", &sent.delivery()), Ok(()));
}

#[test]
fn signatures_made_elsewhere_over_the_fixtures_are_believed() {
    for (sender, name, header, signature) in [
        (
            Sender::Nexus,
            "nexus/component-created.json",
            "X-Nexus-Webhook-Signature",
            "9ad286b4e1a98ef22a9f48a8ac37bc224236642c",
        ),
        (
            Sender::Nexus,
            "nexus/asset-created-tag.json",
            "X-Nexus-Webhook-Signature",
            "eea11296290d51ba7275e3772a7a14b8745dd653",
        ),
        (
            Sender::Artifactory,
            "artifactory/pushed.json",
            "X-JFrog-Event-Auth",
            "2f4d139fefe431a5a5965eb6f8a01eb19a4284fd0f30fba21269c9a357756aa7",
        ),
        (
            Sender::GenericHmac,
            "generic/empty.json",
            "X-Signature",
            "sha256=cebaba593292593b9c411e62ce0d4992e1622a16828737d2af1077fca5333735",
        ),
        (
            Sender::GenericHmac,
            "generic/image.json",
            "X-Signature",
            "sha1=d4c7c428210063162c09d02c672c992d9eb38632",
        ),
        (
            Sender::GenericHmac,
            "generic/image.json",
            "X-Signature",
            "sha512=8589034bfa91f79ae005aa2506e8c317900f6c04b46c67407587b1779b24d3b3\
             e33242eaabfd7120f0a51aafa2541aa73afc15737ec7e30741fc436fcfbb663b",
        ),
    ] {
        let sent = fixture(name).with(header, signature);

        assert_eq!(verdict(sender, &sent), Ok(()), "{name}");
    }
}

#[test]
fn artifactory_may_send_the_secret_itself_and_no_other() {
    let raw = |value: &str| Sent::new("body").with("X-JFrog-Event-Auth", value);

    assert_eq!(verdict(Sender::Artifactory, &raw("test-key")), Ok(()));
    for wrong in ["test-kez", "test-ke", "test-key2", "", "sha256=test-key"] {
        assert_eq!(
            verdict(Sender::Artifactory, &raw(wrong)),
            Err(Unauthenticated::Wrong("X-JFrog-Event-Auth"))
        );
    }
    let github = Sent::new("body").with("X-Hub-Signature-256", "test-key");
    assert!(verdict(Sender::Github, &github).is_err());
}

#[test]
fn a_shared_secret_is_believed_bare_behind_bearer_and_as_a_password() {
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    for sender in Sender::ALL.into_iter().filter(|sender| sender.proof() == Proof::Shared) {
        for value in [
            "test-key".to_owned(),
            "Bearer test-key".to_owned(),
            "bearer test-key".to_owned(),
            basic("user:test-key"),
            basic(":test-key"),
        ] {
            let sent = Sent::default().with("Authorization", &value);

            assert_eq!(verdict(sender, &sent), Ok(()), "{value}");
        }
        for value in [
            "test-kez".to_owned(),
            "test-ke".to_owned(),
            "test-key2".to_owned(),
            "Bearer test-ke".to_owned(),
            "Bearer  test-key".to_owned(),
            "Bearer test-key2".to_owned(),
            "Token test-key".to_owned(),
            "Bearer".to_owned(),
            String::new(),
            basic("test-key"),
            basic("test-key:"),
            basic("user:test-ke"),
            basic("user:other:test-key"),
            "Basic test-key".to_owned(),
        ] {
            let sent = Sent::default().with("Authorization", &value);

            assert_eq!(verdict(sender, &sent), Err(Unauthenticated::Wrong("Authorization")), "{value}");
        }
    }
}

#[test]
fn a_secret_may_have_a_scheme_colons_and_any_bytes() {
    for secret in [&b"Bearer abc"[..], b"a:b", "schl\u{fc}ssel".as_bytes()] {
        let bare = Sent::default().with("Authorization", secret);
        let pair = [b"user:", secret].concat();
        let basic = Sent::default().with("Authorization", format!("Basic {}", STANDARD.encode(pair)));

        assert_eq!(authenticate(Sender::Harbor, secret, &bare.delivery()), Ok(()));
        assert_eq!(authenticate(Sender::Harbor, secret, &basic.delivery()), Ok(()));
    }
}

#[test]
fn an_empty_secret_is_known_to_everybody_and_believed_of_nobody() {
    for sender in Sender::ALL.into_iter().filter(|sender| sender.proof() != Proof::Token) {
        let mut sent = Sent::new("body").with("Authorization", "Bearer ").with("X-JFrog-Event-Auth", "");
        for (_, header, prefix, function) in signing().into_iter().filter(|(known, ..)| *known == sender) {
            sent.headers.remove(header);
            sent = sent.with(header, format!("{prefix}{}", code(function, b"", b"body")));
        }

        assert_eq!(authenticate(sender, b"", &sent.delivery()), Err(Unauthenticated::EmptySecret));
    }
}

#[test]
fn who_knows_the_path_needs_no_other_proof_and_who_has_a_token_has_no_secret() {
    for sender in Sender::ALL {
        let found = verdict(sender, &Sent::default().with("Authorization", SECRET));

        match sender.proof() {
            Proof::Path | Proof::Shared => assert_eq!(found, Ok(())),
            Proof::Token => assert_eq!(found, Err(Unauthenticated::NotBySecret)),
            Proof::Signature => assert!(matches!(found, Err(Unauthenticated::Missing(_)))),
        }
    }
}
