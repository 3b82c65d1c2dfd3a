//! What a delivery shows so that it is believed, and what looks nearly like it.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key as HmacKey, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::issuer::{Issuer, Key};
use super::senders::{Kind, Proof};
use super::stage::{Headers, header};

/// The right headers for this body to a hook with this secret.
pub(super) fn proof(kind: &Kind, secret: &str, body: &[u8], issuer: &Issuer, key: &Key) -> Headers {
    match kind.proof {
        Proof::Path => Headers::new(),
        Proof::Shared => header("Authorization", format!("Bearer {secret}")),
        Proof::Signature => header(signature_header(kind), signature(kind, secret, body)),
        Proof::Token { .. } => bearer(&key.token(&claims(kind, issuer))),
    }
}

/// The claims of a token that the kind's hook takes.
pub(super) fn claims(kind: &Kind, issuer: &Issuer) -> Value {
    let mut claims = issuer.claims();
    if let Proof::Token { application: Some(application), .. } = kind.proof {
        claims["appid"] = application.into();
    }
    claims
}

pub(super) fn bearer(token: &str) -> Headers {
    header("Authorization", format!("Bearer {token}"))
}

fn signature_header(kind: &Kind) -> &'static str {
    match kind.name {
        "github" | "gitea" => "X-Hub-Signature-256",
        "nexus" => "X-Nexus-Webhook-Signature",
        "artifactory" => "X-JFrog-Event-Auth",
        _ => "X-Signature",
    }
}

fn signature(kind: &Kind, secret: &str, body: &[u8]) -> String {
    if kind.name != "nexus" {
        return hooks::sign(secret.as_bytes(), body).1;
    }
    let code = sign(&HmacKey::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes()), body);
    code.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Headers that prove nothing to a hook with this secret, each with what is wrong; `other` is the secret of another hook.
pub(super) fn wrong(kind: &Kind, secret: &str, other: &str, body: &[u8]) -> Vec<(&'static str, Headers)> {
    let mut wrong = vec![("nothing", Headers::new())];
    let shortened = &secret[..secret.len() - 1];
    match kind.proof {
        Proof::Path | Proof::Token { .. } => {}
        Proof::Shared => {
            let sent = |value: String| header("Authorization", value);
            let twice = [sent(format!("Bearer {secret}")), sent(format!("Bearer {secret}"))].concat();
            wrong.extend([
                ("an empty header", sent(String::new())),
                ("no token", sent("Bearer ".to_owned())),
                ("another hook's secret", sent(format!("Bearer {other}"))),
                ("the start of the secret", sent(format!("Bearer {shortened}"))),
                ("more than the secret", sent(format!("Bearer {secret}x"))),
                ("another scheme", sent(format!("Token {secret}"))),
                ("the secret as the user", sent(format!("Basic {}", STANDARD.encode(format!("{secret}:"))))),
                ("base64 that is none", sent("Basic %%%".to_owned())),
                ("two headers", twice),
                ("another header", header("X-Token", secret)),
                ("a signature", header("X-Signature", signature(kind, secret, body))),
            ]);
        }
        Proof::Signature => {
            let name = signature_header(kind);
            let right = signature(kind, secret, body);
            let of_other_body = signature(kind, secret, &[body, b" "].concat());
            let twice = [header(name, right.clone()), header(name, right.clone())].concat();
            wrong.extend([
                ("an empty header", header(name, "")),
                ("no code", header(name, "sha256=")),
                ("another hook's signature", header(name, signature(kind, other, body))),
                ("a signature of another body", header(name, of_other_body)),
                ("the start of a signature", header(name, &right[..right.len() - 2])),
                ("more than a signature", header(name, format!("{right}00"))),
                ("two headers", twice),
                ("another header", header("X-Other-Signature", right)),
                ("the secret where another one goes", bearer(secret)),
            ]);
            if kind.name != "artifactory" {
                wrong.push(("the secret itself", header(name, secret)));
            }
        }
    }
    wrong
}
