//! Which keys of a provider count.

use hooks::{Keys, Token, TokenError};
use serde_json::{Value, json};

use crate::delivered::Sent;
use crate::provider::{NOW, Provider, set};

/// The verdict on the provider's token with these keys.
fn verdict(provider: &Provider, keys: &[Value]) -> Result<(), TokenError> {
    let sent = Sent::default().with("Authorization", format!("Bearer {}", provider.token()));
    let token = Token::of(&sent.delivery())?;
    token.verify(&set(keys)?, &provider.trust, provider.sender, NOW)
}

fn with(mut key: Value, member: &str, value: Value) -> Value {
    key[member] = value;
    key
}

#[test]
fn a_token_is_checked_with_the_key_that_it_names() {
    let provider = Provider::new();
    let other = with(Provider::new().key(), "kid", json!("two"));

    assert_eq!(verdict(&provider, &[other.clone(), provider.key()]), Ok(()));
    assert_eq!(verdict(&provider, &[other]), Err(TokenError::UnknownKey));
    assert_eq!(verdict(&provider, &[]), Err(TokenError::UnknownKey));
}

#[test]
fn keys_of_one_name_are_told_apart_by_how_they_sign() {
    let provider = Provider::new();

    assert_eq!(verdict(&provider, &[Provider::with("RS256").key(), provider.key()]), Ok(()));
}

#[test]
fn a_token_that_names_no_key_means_the_only_one() {
    let mut provider = Provider::new();
    provider.header.as_object_mut().unwrap().remove("kid");
    let other = with(Provider::new().key(), "kid", json!("two"));

    assert_eq!(verdict(&provider, &[provider.key()]), Ok(()));
    assert_eq!(verdict(&provider, &[provider.key(), other]), Err(TokenError::UnknownKey));
}

#[test]
fn a_key_that_says_how_it_signs_signs_in_no_other_way() {
    let mut provider = Provider::with("RS512");
    let key = with(provider.key(), "alg", json!("RS256"));

    assert_eq!(verdict(&provider, std::slice::from_ref(&key)), Err(TokenError::OtherAlgorithm));
    provider.header["alg"] = json!("RS256");
    assert_eq!(verdict(&provider, &[key]), Ok(()));
}

#[test]
fn keys_for_other_purposes_and_of_other_kinds_are_left_out() {
    let provider = Provider::new();
    let key = provider.key();
    for useless in [
        with(key.clone(), "use", json!("enc")),
        with(key.clone(), "key_ops", json!(["sign"])),
        with(key.clone(), "alg", json!("ECDH-ES")),
        with(key.clone(), "alg", json!("HS256")),
        with(key.clone(), "crv", json!("P-521")),
        with(key.clone(), "crv", json!("secp256k1")),
        with(key.clone(), "kty", json!("oct")),
        with(key.clone(), "kid", json!(7)),
        with(key.clone(), "x", json!("not base64!")),
        json!({ "kty": "oct", "kid": "one", "k": "aHVudGVyMg" }),
        json!(null),
        json!("key"),
    ] {
        let keys = set(std::slice::from_ref(&useless)).unwrap();

        assert!(!keys.knows(Some("one")), "{useless}");
        assert_eq!(verdict(&provider, &[useless, key.clone()]), Ok(()));
    }
}

#[test]
fn a_key_for_signatures_counts_however_it_says_so() {
    let provider = Provider::new();
    for key in [
        with(provider.key(), "use", json!("sig")),
        with(provider.key(), "key_ops", json!(["verify"])),
        with(provider.key(), "alg", json!("ES256")),
        with(provider.key(), "x5c", json!(["MIIB"])),
    ] {
        assert_eq!(verdict(&provider, &[key]), Ok(()));
    }
}

#[test]
fn a_key_that_is_too_short_or_no_point_of_its_curve_verifies_nothing() {
    let mut provider = Provider::with("RS256");
    let short = with(provider.key(), "n", json!("u".repeat(172)));
    assert_eq!(verdict(&provider, &[short]), Err(TokenError::Signature));

    provider = Provider::new();
    let astray = with(provider.key(), "x", provider.key()["y"].clone());
    assert_eq!(verdict(&provider, &[astray]), Err(TokenError::Signature));
}

#[test]
fn a_set_knows_its_keys_by_name_and_a_single_one_without() {
    let one = set(&[Provider::new().key()]).unwrap();
    let none = set(&[]).unwrap();

    assert!(one.knows(Some("one")) && one.knows(None));
    assert!(!one.knows(Some("two")) && !none.knows(None));
}

#[test]
fn what_is_no_set_is_refused_and_so_is_one_that_is_too_large() {
    let key = Provider::new().key();

    for json in ["", "[]", "{}", "7", r#"{"keys":{}}"#, r#"{"keys":[{]}"#] {
        assert_eq!(Keys::parse(json.as_bytes()).unwrap_err(), TokenError::Keys, "{json}");
    }
    assert!(set(&vec![key.clone(); 64]).is_ok());
    assert_eq!(set(&vec![key; 65]).unwrap_err(), TokenError::TooManyKeys);
    assert_eq!(Keys::parse(" ".repeat((512 << 10) + 1).as_bytes()).unwrap_err(), TokenError::TooManyKeys);
}
