//! The keys of identity providers: when they are fetched, and what becomes of tokens when they cannot be.

use std::time::Duration;

use http::HeaderMap;
use serde_json::json;

use super::issuer::{Issuer, Key};
use crate::webhooks::Issuers;

const CONFIGURATION: &str = "/.well-known/openid-configuration";
const UNREACHABLE: &str = "the issuer's keys cannot be fetched at present";

/// Lets time pass for all but the sockets.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

fn token(key: &Key) -> hooks::Token {
    let mut headers = HeaderMap::new();
    headers.insert("Authorization", format!("Bearer {}", key.token(&json!({}))).parse().unwrap());
    hooks::Token::of(&hooks::Delivery { headers: &headers, body: &[] }).unwrap()
}

/// Whether the keys that are had know this one.
async fn knows(issuers: &Issuers, issuer: &Issuer, key: &Key) -> Result<bool, String> {
    issuers.keys(&issuer.url, &token(key)).await.map(|keys| keys.knows(Some(&key.name)))
}

fn issuers() -> Issuers {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    Issuers::new().unwrap()
}

#[tokio::test]
async fn keys_are_fetched_once_and_a_new_one_once_more() {
    let (one, two) = (Key::new("one"), Key::new("two"));
    let (issuers, issuer) = (issuers(), Issuer::with(&[&one]).await);
    for _ in 0..100 {
        assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));
    }
    assert_eq!(issuer.asked(), [CONFIGURATION, "/keys"]);

    issuer.rotate(&[&one, &two]);
    pass(Duration::from_secs(10)).await;
    for _ in 0..100 {
        assert_eq!(knows(&issuers, &issuer, &two).await, Ok(true));
        assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));
    }

    assert_eq!(issuer.asked().len(), 4);
}

#[tokio::test]
async fn keys_that_do_not_exist_cause_one_fetch_in_ten_seconds() {
    let one = Key::new("one");
    let (issuers, issuer) = (issuers(), Issuer::with(&[&one]).await);
    let asked = |issuer: &Issuer| issuer.asked().iter().filter(|path| *path == "/keys").count();

    for second in 0..30 {
        for number in 0..20 {
            let invented = Key::new(&format!("{second} {number}"));
            assert_eq!(knows(&issuers, &issuer, &invented).await, Ok(false));
        }
        assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));
        pass(Duration::from_secs(1)).await;
    }

    assert!((1..=4).contains(&asked(&issuer)), "{:?}", issuer.asked());
}

#[tokio::test]
async fn whoever_has_a_known_key_waits_for_nobody_whose_key_is_sought() {
    let (one, invented) = (Key::new("one"), Key::new("invented"));
    let (issuers, issuer) = (issuers(), Issuer::with(&[&one]).await);
    assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));
    pass(Duration::from_secs(10)).await;

    let known = async {
        issuer.leave_waiting().await;
        knows(&issuers, &issuer, &one).await
    };

    // The first branch is polled first, so that the issuer is silent by then.
    tokio::select! {
        biased;
        known = known => assert_eq!(known, Ok(true)),
        sought = knows(&issuers, &issuer, &invented) => panic!("{sought:?} came first"),
    }
}

#[tokio::test]
async fn a_key_that_is_withdrawn_is_trusted_for_an_hour_at_most() {
    let (one, two) = (Key::new("one"), Key::new("two"));
    let (issuers, issuer) = (issuers(), Issuer::with(&[&one]).await);
    assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));

    issuer.rotate(&[&two]);
    pass(Duration::from_secs(3_500)).await;
    assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));
    pass(Duration::from_secs(101)).await;

    assert_eq!(knows(&issuers, &issuer, &one).await, Ok(false));
}

#[tokio::test]
async fn an_issuer_that_is_down_is_asked_seldom_and_its_keys_are_used_for_a_day() {
    let one = Key::new("one");
    let (issuers, issuer) = (issuers(), Issuer::with(&[&one]).await);
    assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));
    issuer.say(500, "");

    pass(Duration::from_hours(2)).await;
    for _ in 0..50 {
        assert_eq!(knows(&issuers, &issuer, &one).await, Ok(true));
    }
    assert_eq!(issuer.asked().len(), 3);

    pass(Duration::from_hours(23)).await;
    assert_eq!(knows(&issuers, &issuer, &one).await, Err(UNREACHABLE.to_owned()));
}

#[tokio::test]
async fn keys_are_taken_from_their_issuer_alone() {
    let one = Key::new("one");
    let elsewhere = Issuer::with(&[&one]).await;
    let port = elsewhere.url.rsplit_once(':').unwrap().1;
    let to_elsewhere =
        |issuer: &str| json!({ "issuer": issuer, "jwks_uri": format!("http://localhost:{port}/keys") });
    let large = " ".repeat(300 << 10);
    for (status, configuration) in [
        (200, String::new()),
        (200, "[]".to_owned()),
        (200, json!({ "issuer": elsewhere.url, "jwks_uri": format!("{}/keys", elsewhere.url) }).to_string()),
        (200, "TO ELSEWHERE".to_owned()),
        (200, large),
        (302, String::new()),
        (404, String::new()),
    ] {
        let (issuers, issuer) = (issuers(), Issuer::with(&[&one]).await);
        let said = configuration.replace("TO ELSEWHERE", &to_elsewhere(&issuer.url).to_string());
        issuer.say(status, &said);

        assert_eq!(knows(&issuers, &issuer, &one).await, Err(UNREACHABLE.to_owned()), "{status} {said:.80}");
        assert_eq!(issuer.asked(), [CONFIGURATION]);
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn one_issuer_that_never_answers_holds_up_no_other() {
    let one = Key::new("one");
    let (issuers, issuer) = (issuers(), Issuer::with(&[&one]).await);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let token = token(&one);

    let waits = issuers.keys(&url, &token);
    let answered = knows(&issuers, &issuer, &one);
    tokio::select! {
        biased;
        _ = waits => panic!("nobody answers"),
        known = answered => assert_eq!(known, Ok(true)),
    }
}
