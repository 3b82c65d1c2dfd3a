//! Which tokens are taken: a good one of each kind, and none that deviates in one thing.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hooks::{Sender, Token, TokenError};
use serde_json::{Value, json};

use crate::delivered::Sent;
use crate::provider::{NOW, Provider};

/// The verdict on a token that has another value for one claim, or none where it is null.
fn deviating(mut provider: Provider, claim: &str, value: Value) -> Result<(), TokenError> {
    assert_eq!(provider.verdict(), Ok(()), "the token is good before it deviates");
    if value.is_null() {
        provider.claims.as_object_mut().expect("claims are an object").remove(claim);
    } else {
        provider.claims[claim] = value;
    }
    provider.verdict()
}

#[test]
fn a_token_is_taken_in_every_way_to_sign_with_a_private_key() {
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
        assert_eq!(Provider::with(algorithm).verdict(), Ok(()), "{algorithm}");
    }
}

#[test]
fn the_issuer_and_the_subject_must_be_the_ones_of_the_hook() {
    for value in ["https://token.actions.githubusercontent.com/", "https://example.com", ""] {
        assert_eq!(deviating(Provider::new(), "iss", json!(value)), Err(TokenError::Other("issuer")));
    }
    assert_eq!(deviating(Provider::new(), "iss", Value::Null), Err(TokenError::Unusable("issuer")));
    assert_eq!(deviating(Provider::new(), "iss", json!([1])), Err(TokenError::Unusable("issuer")));

    let other = json!("repo:example-org/podinfo:ref:refs/heads/other");
    assert_eq!(deviating(Provider::new(), "sub", other), Err(TokenError::Other("subject")));
    assert_eq!(deviating(Provider::new(), "sub", Value::Null), Err(TokenError::Unusable("subject")));
}

#[test]
fn the_audience_must_be_among_those_of_the_token() {
    let several = json!(["https://example.com", "notification-controller"]);

    assert_eq!(deviating(Provider::new(), "aud", several), Ok(()));
    for value in [json!("notification"), json!([]), json!(["https://example.com"]), json!([[]])] {
        assert_eq!(deviating(Provider::new(), "aud", value), Err(TokenError::Other("audience")));
    }
    for value in [Value::Null, json!(7), json!({ "notification-controller": 1 })] {
        assert_eq!(deviating(Provider::new(), "aud", value), Err(TokenError::Unusable("audience")));
    }
}

#[test]
fn a_token_is_good_for_its_time_and_a_minute_around_it() {
    let provider = Provider::new();
    let token = provider.token();
    let (from, until) = (1_780_316_227, 1_780_316_827);

    assert_eq!(provider.verdict_on(&token, from - 61), Err(TokenError::Early));
    assert_eq!(provider.verdict_on(&token, from - 60), Ok(()));
    assert_eq!(provider.verdict_on(&token, until + 59), Ok(()));
    assert_eq!(provider.verdict_on(&token, until + 60), Err(TokenError::Expired));
    assert_eq!(provider.verdict_on(&token, u64::MAX), Err(TokenError::Expired));
}

#[test]
fn a_token_must_end_and_need_not_begin() {
    assert_eq!(deviating(Provider::new(), "nbf", Value::Null), Ok(()));
    assert_eq!(deviating(Provider::new(), "nbf", json!("soon")), Err(TokenError::Unusable("nbf")));
    assert_eq!(deviating(Provider::new(), "exp", json!(1_780_316_827.5)), Ok(()));
    for value in [Value::Null, json!("1780316827"), json!(-1), json!(1e300), json!([])] {
        assert_eq!(deviating(Provider::new(), "exp", value), Err(TokenError::Unusable("expiry")));
    }
}

#[test]
fn an_address_must_be_the_one_of_the_hook_and_verified() {
    let email = "pubsub-push@other-project.iam.gserviceaccount.com";

    assert_eq!(Provider::google().verdict(), Ok(()));
    assert_eq!(deviating(Provider::google(), "email", json!(email)), Err(TokenError::Other("email")));
    assert_eq!(deviating(Provider::google(), "email", Value::Null), Err(TokenError::Unusable("email")));
    for value in [Value::Null, json!(false), json!("true"), json!(1)] {
        assert_eq!(deviating(Provider::google(), "email_verified", value), Err(TokenError::Unverified));
    }
}

#[test]
fn google_is_known_by_either_of_its_names_to_its_own_senders_only() {
    let bare = json!("accounts.google.com");
    let mut configured_bare = Provider::google();
    configured_bare.trust.issuer = "accounts.google.com".to_owned();
    let generic = Provider { sender: Sender::GenericOidc, ..Provider::google() };
    let mut elsewhere = Provider::google();
    elsewhere.trust.issuer = "https://example.com".to_owned();

    assert_eq!(deviating(Provider::google(), "iss", bare.clone()), Ok(()));
    assert_eq!(configured_bare.verdict(), Ok(()));
    assert_eq!(elsewhere.verdict(), Err(TokenError::Other("issuer")));
    assert_eq!(deviating(generic, "iss", bare), Err(TokenError::Other("issuer")));
}

#[test]
fn a_hook_that_would_take_everybodys_tokens_takes_none() {
    let mut google = Provider::google();
    google.trust.email = None;
    google.trust.subject = Some("100000000000000000001".to_owned());
    let mut pipeline = Provider::new();
    pipeline.trust.subject = None;

    assert_eq!(google.verdict(), Err(TokenError::Unbound("email")));
    assert_eq!(pipeline.verdict(), Err(TokenError::Unbound("subject or the email")));
}

#[test]
fn only_event_grid_itself_speaks_for_the_registry() {
    let event_grid = json!("4962773b-9cdb-44cf-a8bf-237846a00ab7");
    let mut second_version = Provider::entra();
    second_version.claims["azp"] = event_grid;
    second_version.claims.as_object_mut().expect("claims are an object").remove("appid");

    assert_eq!(Provider::entra().verdict(), Ok(()));
    assert_eq!(second_version.verdict(), Ok(()));
    for (claim, value) in [
        ("appid", json!("33333333-3333-4333-8333-333333333333")),
        ("appid", Value::Null),
        ("azp", json!("33333333-3333-4333-8333-333333333333")),
        ("azp", json!(["4962773b-9cdb-44cf-a8bf-237846a00ab7"])),
    ] {
        assert_eq!(deviating(Provider::entra(), claim, value), Err(TokenError::NotEventGrid), "{claim}");
    }
}

#[test]
fn a_token_that_is_not_signed_with_a_private_key_is_not_even_looked_at() {
    for algorithm in ["none", "None", "HS256", "HS384", "HS512", "ES512", "ES256K", "RSA-OAEP", ""] {
        let mut provider = Provider::new();
        provider.header["alg"] = json!(algorithm);

        assert_eq!(provider.verdict(), Err(TokenError::Algorithm), "{algorithm}");
        let unsigned = format!("{}.", provider.message());
        assert_eq!(provider.verdict_on(&unsigned, NOW), Err(TokenError::Algorithm), "{algorithm}");
    }
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    let mut provider = Provider::with("RS256");
    provider.header["alg"] = json!("HS256");
    let message = provider.message();
    for secret in [provider.key().to_string(), provider.key()["n"].as_str().unwrap_or_default().to_owned()] {
        let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(code));

        assert_eq!(provider.verdict_on(&token, NOW), Err(TokenError::Algorithm));
    }
}

#[test]
fn a_key_signs_in_its_own_way_only() {
    for (pair, claimed) in [("ES256", "ES384"), ("ES256", "RS256"), ("EdDSA", "ES256"), ("RS256", "EdDSA")] {
        let mut provider = Provider::with(pair);
        provider.header["alg"] = json!(claimed);

        assert_eq!(provider.verdict(), Err(TokenError::OtherAlgorithm), "{pair} as {claimed}");
    }
}

#[test]
fn a_signature_by_another_key_or_over_something_else_is_none() {
    let provider = Provider::new();
    let token = provider.token();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut changed = Provider::new();
    changed.claims["sub"] = json!("somebody else");

    assert_eq!(provider.verdict_on(&Provider::new().token(), NOW), Err(TokenError::Signature));
    let of_other_claims = format!("{}.{signature}", changed.message());
    assert_eq!(provider.verdict_on(&of_other_claims, NOW), Err(TokenError::Signature));
    let shorter = format!("{message}.{}", &signature[..signature.len() - 2]);
    assert_eq!(provider.verdict_on(&shorter, NOW), Err(TokenError::Signature));
    assert_eq!(provider.verdict_on(&format!("{message}."), NOW), Err(TokenError::Signature));
}

#[test]
fn what_has_not_three_parts_is_no_token() {
    let provider = Provider::new();
    let token = provider.token();

    for text in [
        String::new(),
        "x".to_owned(),
        "..".to_owned(),
        format!("{token}.x"),
        token.rsplit_once('.').unwrap().0.to_owned(),
        format!("={token}"),
        format!("{}.e30.x", URL_SAFE_NO_PAD.encode("7")),
    ] {
        assert_eq!(provider.verdict_on(&text, NOW), Err(TokenError::Malformed), "{text}");
    }
}

#[test]
fn an_extension_that_must_be_understood_and_is_not_makes_it_no_token() {
    let mut provider = Provider::new();
    provider.header["crit"] = json!(["exp"]);

    assert_eq!(provider.verdict(), Err(TokenError::Malformed));
}

#[test]
fn a_claim_that_is_there_twice_makes_it_no_token() {
    let provider = Provider::new();
    let twice = provider.claims.to_string().replacen('{', r#"{"sub":"somebody else","#, 1);

    assert_eq!(provider.verdict_on(&provider.signed(&twice), NOW), Err(TokenError::Malformed));
}

#[test]
fn a_token_comes_in_one_authorization_header_behind_its_scheme() {
    let token = Provider::new().token();
    let sent = |values: &[String]| {
        let with = |sent: Sent, value: &String| sent.with("Authorization", value);
        Token::of(&values.iter().fold(Sent::default(), with).delivery()).map(|_| ())
    };

    assert_eq!(sent(&[format!("Bearer {token}")]), Ok(()));
    assert_eq!(sent(&[format!("bearer {token}")]), Ok(()));
    for values in [
        vec![],
        vec![token.clone()],
        vec![format!("Basic {token}")],
        vec![format!("Bearer {token}"), format!("Bearer {token}")],
    ] {
        assert_eq!(sent(&values), Err(TokenError::Missing));
    }
    assert_eq!(sent(&[format!("Bearer {}", "a".repeat(16_385))]), Err(TokenError::TooLong));
}

#[test]
fn an_error_names_the_claim_that_is_wrong() {
    assert_eq!(TokenError::Other("audience").to_string(), "the token's audience is not the one of the hook");
}
