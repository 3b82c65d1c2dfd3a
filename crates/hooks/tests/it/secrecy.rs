//! What is sent in confidence stays out of logs.

use hooks::{Sender, Token, TokenError, authenticate};

use crate::delivered::Sent;
use crate::provider::Provider;

#[test]
fn debug_shows_neither_headers_nor_bodies_nor_tokens() {
    let token = Provider::new().token();
    let sent = Sent::new("hunter2").with("Authorization", format!("Bearer {token}"));

    let delivery = format!("{:?}", sent.delivery());
    let token = format!("{:?}", Token::of(&sent.delivery()).unwrap());

    assert_eq!(delivery, "Delivery { length: 7, .. }");
    assert_eq!(token, "Token { algorithm: ES256, .. }");
}

#[test]
fn an_error_names_the_header_and_repeats_nothing() {
    let sent = Sent::new("{}").with("Authorization", "Bearer hunter2").with("X-Hub-Signature-256", "hunter2");

    for sender in Sender::ALL {
        if let Err(error) = authenticate(sender, b"swordfish", &sent.delivery()) {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("swordfish"), "{shown}");
        }
    }
    assert_eq!(Token::of(&sent.delivery()).unwrap_err(), TokenError::Malformed);
}
