//! Whether a delivery comes from somebody who knows the hook's secret.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{
    self, Algorithm, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, HMAC_SHA512, Key, verify,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Delivery, Proof, Sender};

const SHARED: &str = "Authorization";

/// Why it may come from anybody, for the sender: nothing of the secret or of what was sent is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// There is no proof, or more than one.
    #[error("no {0} header, or several")]
    Missing(&'static str),
    /// The proof is wrong.
    #[error("the {0} header is not what the secret makes of this delivery")]
    Wrong(&'static str),
    /// The hook's secret is empty, which anybody knows.
    #[error("the secret of the hook is empty")]
    EmptySecret,
    /// This kind of sender shows no secret but a token.
    #[error("a delivery of this kind is proved by a token and not by a secret")]
    NotBySecret,
}

/// The header by which a delivery of [`Sender::GenericHmac`] proves itself, and its value for this body.
#[must_use]
pub fn sign(secret: &[u8], body: &[u8]) -> (&'static str, String) {
    let code = hmac::sign(&Key::new(HMAC_SHA256, secret), body);
    let hex = code.as_ref().iter().fold("sha256=".to_owned(), |hex, byte| format!("{hex}{byte:02x}"));
    ("X-Signature", hex)
}

/// How a kind of sender makes codes over a body (RFC 2104), in hexadecimal digits.
struct Signing {
    sender: Sender,
    /// The code is in the first of these that is there.
    headers: &'static [&'static str],
    /// What may stand before the code, and the function that it stands for.
    functions: &'static [(&'static str, Algorithm)],
}

const SIGNINGS: [Signing; 5] = [
    Signing {
        sender: Sender::Github,
        headers: &["X-Hub-Signature-256"],
        functions: &[("sha256=", HMAC_SHA256)],
    },
    Signing {
        sender: Sender::Gitea,
        headers: &["X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature"],
        functions: &[("sha256=", HMAC_SHA256), ("", HMAC_SHA256)],
    },
    Signing {
        sender: Sender::Nexus,
        headers: &["X-Nexus-Webhook-Signature"],
        functions: &[("", HMAC_SHA1_FOR_LEGACY_USE_ONLY)],
    },
    Signing {
        sender: Sender::Artifactory,
        headers: &["X-JFrog-Event-Auth"],
        functions: &[("sha256=", HMAC_SHA256), ("", HMAC_SHA256)],
    },
    Signing {
        sender: Sender::GenericHmac,
        headers: &["X-Signature"],
        functions: &[
            ("sha1=", HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            ("sha256=", HMAC_SHA256),
            ("sha512=", HMAC_SHA512),
        ],
    },
];

/// Checks that who sent a delivery knows the secret, in a time that does not depend on how much of it they know.
///
/// A [`Proof::Path`] is the caller's to check: only who knows the secret knows the path.
///
/// # Errors
/// [`Unauthenticated`]; always for a sender with [`Proof::Token`], and for everybody while the secret is empty.
pub fn authenticate(sender: Sender, secret: &[u8], delivery: &Delivery<'_>) -> Result<(), Unauthenticated> {
    let proof = sender.proof();
    if secret.is_empty() && proof != Proof::Token {
        return Err(Unauthenticated::EmptySecret);
    }
    match proof {
        Proof::Path => Ok(()),
        Proof::Shared => shared(secret, delivery),
        Proof::Signature => SIGNINGS
            .iter()
            .find(|signing| signing.sender == sender)
            .map_or(Err(Unauthenticated::NotBySecret), |signing| signed(signing, secret, delivery)),
        Proof::Token => Err(Unauthenticated::NotBySecret),
    }
}

/// The secret as it is, behind `Bearer`, or as the password of whatever user.
fn shared(secret: &[u8], delivery: &Delivery<'_>) -> Result<(), Unauthenticated> {
    let sent = delivery.single(SHARED).ok_or(Unauthenticated::Missing(SHARED))?.as_bytes();
    let known = equal(sent, secret)
        || after_scheme(sent, b"Bearer ").is_some_and(|token| equal(token, secret))
        || after_scheme(sent, b"Basic ").and_then(password).is_some_and(|password| equal(&password, secret));
    if known { Ok(()) } else { Err(Unauthenticated::Wrong(SHARED)) }
}

/// What stands behind a scheme, whose case does not count (RFC 9110, section 11.1).
fn after_scheme<'a>(sent: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = sent.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The password of RFC 7617, section 2.
fn password(encoded: &[u8]) -> Option<Vec<u8>> {
    let pair = STANDARD.decode(encoded).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

fn signed(signing: &Signing, secret: &[u8], delivery: &Delivery<'_>) -> Result<(), Unauthenticated> {
    let is_there = |name: &&&str| delivery.headers.contains_key(**name);
    let header = signing.headers.iter().find(is_there).unwrap_or(&signing.headers[0]);
    let sent = delivery.header(header).ok_or(Unauthenticated::Missing(header))?;
    let is_code = |(prefix, function): &(&str, Algorithm)| {
        let code = sent.strip_prefix(prefix).and_then(bytes_of_hex);
        code.is_some_and(|code| verify(&Key::new(*function, secret), delivery.body, &code).is_ok())
    };
    // Artifactory sends the secret itself where its hook is not set up to sign.
    let is_secret = || signing.sender == Sender::Artifactory && equal(sent.as_bytes(), secret);
    if signing.functions.iter().any(is_code) || is_secret() {
        Ok(())
    } else {
        Err(Unauthenticated::Wrong(header))
    }
}

/// Compares by digests, so that not even lengths show.
fn equal(left: &[u8], right: &[u8]) -> bool {
    verify_slices_are_equal(digest(&SHA256, left).as_ref(), digest(&SHA256, right).as_ref()).is_ok()
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}
