//! What holds for every delivery.

use hooks::{Keys, Said, Sender, Token, authenticate};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::delivered::{Sent, fixture, names};

fn sender() -> impl Strategy<Value = Sender> {
    select(Sender::ALL.to_vec())
}

/// Any fixture of any sender.
fn body() -> impl Strategy<Value = Value> {
    let folders = Sender::ALL.map(Sender::name).into_iter().filter(|name| !name.starts_with("generic-"));
    let all: Vec<String> = folders.flat_map(names).collect();
    select(all).prop_map(|name| serde_json::from_slice(&fixture(&name).body).expect("it is JSON"))
}

/// Values that are where others should be.
fn other() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[a-z0-9:/@.-]{0,600}".prop_map(Value::from),
        select(vec!["push", "INSERT", "latest", "https://", "oci://ghcr.io/acme/app", "@", "/", ":"])
            .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[{"a": [null]}]]])),
        Just(json!({"tag": {"name": [1]}, "data": "e30="})),
    ]
}

/// How many values there are in one, and it.
fn count(value: &Value) -> usize {
    let within = match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    within + 1
}

/// Puts something else where the value of this number stands.
fn replace(value: &mut Value, number: &mut usize, with: &Value) {
    if *number == 0 {
        *value = with.clone();
        *number = usize::MAX;
        return;
    }
    *number -= 1;
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| replace(element, number, with)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, number, with)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Reads something as a delivery of this kind: whatever comes out is within the bounds.
fn read(sender: Sender, body: Vec<u8>) {
    let sent = Sent::new(body).with("X-Gitea-Event", "package").with("Ce-Type", "zotregistry.image.updated");
    if let Ok(message) = sent.read_as(sender)
        && let Said::Pushed(pushes) = message.said
    {
        assert!(pushes.len() <= 1000);
        for push in pushes {
            assert!((1..=256).contains(&push.tag.len()));
            assert!(!push.tag.contains(|character: char| !character.is_ascii_graphic() || character == ':'));
            assert!((1..=4).contains(&push.repositories.len()));
            for named in &push.repositories {
                assert!((1..=512).contains(&named.path.len()));
                assert!(named.host.as_ref().is_none_or(|host| (1..=512).contains(&host.len())));
            }
            assert!(push.places(Some("example.com")).len() == push.repositories.len());
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(sender in sender(), body in vec(any::<u8>(), 0..300)) {
        read(sender, body);
    }

    #[test]
    fn no_text_near_json_makes_a_reader_panic(sender in sender(), body in r#"[\[\]{}":,a-z0-9\\ ]{0,200}"#) {
        read(sender, body.into_bytes());
    }

    #[test]
    fn no_other_value_in_a_delivery_makes_any_reader_panic(
        sender in sender(),
        body in body(),
        changes in vec((any::<Index>(), other()), 0..4),
    ) {
        let mut body = body;
        for (index, with) in changes {
            let mut number = index.index(count(&body));
            replace(&mut body, &mut number, &with);
        }
        read(sender, body.to_string().into_bytes());
    }

    #[test]
    fn no_other_byte_in_a_delivery_makes_any_reader_panic(
        sender in sender(),
        body in body(),
        changes in vec((any::<Index>(), any::<u8>()), 0..8),
    ) {
        let mut body = body.to_string().into_bytes();
        for (index, byte) in changes {
            let at = index.index(body.len());
            body[at] = byte;
        }
        read(sender, body);
    }

    #[test]
    fn no_proof_makes_the_check_panic_and_no_chance_passes(
        sender in sender(),
        secret in vec(any::<u8>(), 1..40),
        proof in "(Bearer |Basic |sha256=|sha1=|)[ -~]{0,90}",
        body in vec(any::<u8>(), 0..40),
    ) {
        let mut sent = Sent::new(body);
        for header in ["Authorization", "X-Hub-Signature-256", "X-Nexus-Webhook-Signature", "X-Signature"] {
            sent = sent.with(header, &proof);
        }
        let passed = authenticate(sender, &secret, &sent.delivery()).is_ok();
        let known = proof.as_bytes().ends_with(&secret) || sender.proof() == hooks::Proof::Path;
        prop_assert!(!passed || known || proof.starts_with("Basic "));
        let _ = Token::of(&sent.delivery());
    }

    #[test]
    fn no_bytes_make_keys_panic(json in vec(any::<u8>(), 0..200), value in other()) {
        let _ = Keys::parse(&json);
        let _ = Keys::parse(json!({ "keys": [value, { "kty": "RSA", "n": value, "e": "AQAB" }] }).to_string().as_bytes());
    }
}
