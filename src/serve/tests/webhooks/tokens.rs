//! Tokens of identity providers that deviate in one thing from what a hook trusts.

use serde_json::{Value, json};

use super::issuer::{Issuer, Key};
use super::proofs::{bearer, claims};
use super::senders::{KINDS, Kind, Proof};
use super::sending::follow;
use super::stage::{Headers, play, said};

fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| matches!(kind.proof, Proof::Token { .. }))
}

/// Claims, each with another value than it should have; null for none.
fn deviations(kind: &Kind, right: &Value) -> Vec<(&'static str, Value)> {
    let now = right["iat"].as_i64().unwrap();
    let issuer = right["iss"].as_str().unwrap();
    let mut deviations = vec![
        ("iss", Value::Null),
        ("iss", json!(format!("{issuer}/"))),
        ("iss", json!("https://accounts.example.com")),
        ("iss", json!([issuer])),
        ("aud", Value::Null),
        ("aud", json!("other")),
        ("aud", json!(["other", "Hook"])),
        ("exp", Value::Null),
        ("exp", json!(now - 61)),
        ("exp", json!("soon")),
        ("nbf", json!(now + 600)),
    ];
    match kind.proof {
        Proof::Token { application: Some(_), .. } => deviations.extend([
            ("appid", Value::Null),
            ("appid", json!("00000000-0000-0000-0000-000000000000")),
            ("azp", json!("00000000-0000-0000-0000-000000000000")),
        ]),
        Proof::Token { email: true, .. } => deviations.extend([
            ("email", Value::Null),
            ("email", json!("somebody-else")),
            ("email", json!("Sender")),
            ("email_verified", Value::Null),
            ("email_verified", json!(false)),
            ("email_verified", json!("true")),
        ]),
        Proof::Path | Proof::Shared | Proof::Signature | Proof::Token { .. } => deviations.extend([
            ("sub", Value::Null),
            ("sub", json!("somebody-else")),
            ("sub", json!(["sender"])),
        ]),
    }
    deviations
}

#[test]
fn a_claim_that_is_not_what_the_hook_trusts_is_refused_and_named() {
    for kind in kinds() {
        play(async |mut stage| {
            let key = Key::new("one");
            let issuer = Issuer::with(&[&key]).await;
            follow(&stage, kind);
            let path = kind.hook(&stage, "a", "hook", &issuer).await;
            let right = claims(kind, &issuer);

            for (claim, value) in deviations(kind, &right) {
                let mut claims = right.clone();
                if value.is_null() {
                    claims.as_object_mut().unwrap().remove(claim);
                } else {
                    claims[claim] = value.clone();
                }
                let answer = stage.post(&path, &bearer(&key.token(&claims)), &kind.body()).await;

                assert_eq!(answer.status, 401, "{}, {claim} {value}: {answer:?}", kind.push);
                let message = said(&answer)["message"].as_str().unwrap().to_owned();
                assert!(message.starts_with("the token"), "{}, {claim}: {message}", kind.push);
            }

            assert!(stage.woken().await.is_empty(), "{}", kind.push);
            let answer = stage.post(&path, &bearer(&key.token(&right)), &kind.body()).await;
            assert_eq!(answer.status, 202, "{}: {answer:?}", kind.push);
        });
    }
}

#[test]
fn a_token_that_its_issuer_did_not_sign_is_refused() {
    for kind in kinds() {
        play(async |mut stage| {
            let (key, stranger) = (Key::new("one"), Key::new("one"));
            let issuer = Issuer::with(&[&key]).await;
            follow(&stage, kind);
            let path = kind.hook(&stage, "a", "hook", &issuer).await;
            let claims = claims(kind, &issuer);
            let good = key.token(&claims);
            let (message, signature) = good.rsplit_once('.').unwrap();
            let header = |algorithm: &str| json!({ "alg": algorithm, "kid": "one" });
            let jwk = json!({ "alg": "ES256", "kid": "one", "jwk": stranger.public() });

            let tokens = [
                Headers::new(),
                bearer(""),
                bearer("a.b.c"),
                bearer(message),
                bearer(&format!("{message}.")),
                bearer(&format!("{message}.{}", signature.to_lowercase())),
                bearer(&stranger.token(&claims)),
                bearer(&stranger.token_with(&jwk, &claims)),
                bearer(&stranger.token_with(&header("none"), &claims)),
                bearer(&key.token_with(&header("none"), &claims)),
                bearer(&key.token_with(&header("HS256"), &claims)),
                bearer(&key.token_with(&header("RS256"), &claims)),
                bearer(&"a".repeat(100_000)),
                [bearer(&good), bearer(&good)].concat(),
            ];
            for headers in &tokens {
                let answer = stage.post(&path, headers, &kind.body()).await;

                assert_eq!(answer.status, 401, "{}, {headers:?}: {answer:?}", kind.push);
            }

            assert!(stage.woken().await.is_empty(), "{}", kind.push);
            let expected = i64::try_from(tokens.len()).unwrap();
            assert_eq!(stage.counts(&path).await["unauthenticated"], expected);
        });
    }
}

#[test]
fn a_token_for_one_kind_of_sender_is_none_for_another() {
    play(async |mut stage| {
        let key = Key::new("one");
        let issuer = Issuer::with(&[&key]).await;
        let pipeline = kinds().find(|kind| kind.name == "generic-oidc").unwrap();
        let event_grid = kinds().find(|kind| kind.name == "acr").unwrap();
        follow(&stage, event_grid);
        let path = event_grid.hook(&stage, "a", "hook", &issuer).await;

        let headers = bearer(&key.token(&claims(pipeline, &issuer)));
        let answer = stage.post(&path, &headers, &event_grid.body()).await;

        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(said(&answer)["message"], "the token was not issued to Event Grid");
        assert!(stage.woken().await.is_empty());
    });
}
