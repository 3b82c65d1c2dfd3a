//! A delivery of each kind of sender, which wakes whom it concerns.

use std::collections::BTreeSet;

use hooks::Sender;
use serde_json::{Value, json};

use super::issuer::{Issuer, Key};
use super::proofs::proof;
use super::senders::{KINDS, about, fixture, token_of};
use super::sending::{each, follow};
use super::stage::{play, said};

#[test]
fn every_kind_of_sender_is_in_the_table() {
    let names: BTreeSet<_> = KINDS.iter().map(|kind| kind.name).collect();

    assert_eq!(names, Sender::ALL.iter().map(|sender| sender.name()).collect());
}

#[test]
fn a_push_of_each_kind_wakes_whom_it_concerns_and_nobody_else() {
    each(async |mut stage, sending| {
        let (kind, path) = (sending.kind, &sending.path);
        let body = kind.body();
        let headers = sending.headers(&body);

        let answer = stage.post(path, &headers, &body).await;

        assert_eq!(answer.status, 202, "{}: {answer:?}", kind.push);
        assert_eq!(said(&answer)["result"], "accepted", "{}", kind.push);
        assert_eq!(stage.woken().await, ["a/range", "a/tag"], "{}", kind.push);
        assert_eq!(stage.counts(path).await.into_iter().collect::<Vec<_>>(), [("accepted".to_owned(), 1)]);
    });
}

#[test]
fn another_tag_or_another_host_wakes_who_follows_those() {
    each(async |mut stage, sending| {
        let (kind, path) = (sending.kind, &sending.path);
        let mut bodies = vec![
            (kind.body_with(kind.tag, "other"), vec!["a/other-tag"]),
            (kind.body_with(kind.tag, "nobody-follows-it"), vec![]),
        ];
        if let Some((from, to, _)) = kind.elsewhere {
            bodies.push((kind.body_with(from, to), vec!["a/elsewhere"]));
        }

        for (number, (mut body, expected)) in bodies.into_iter().enumerate() {
            // Each is a delivery of its own.
            let id = [&b"\"id\": \""[..], number.to_string().as_bytes()].concat();
            body = replace(&body, b"\"id\": \"", &id);
            let headers = sending.headers(&body);
            let answer = stage.post(path, &headers, &body).await;

            assert_eq!(answer.status, 202, "{}: {answer:?}", kind.push);
            assert_eq!(stage.woken().await, expected, "{}, {number}", kind.push);
        }
    });
}

fn replace(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (body, from, to) = [body, from, to].map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).into();
    body.replace(&from, &to).into_bytes()
}

#[test]
fn deletions_digests_and_tests_are_ignored() {
    each(async |mut stage, sending| {
        let (kind, path) = (sending.kind, &sending.path);
        let digest = format!("sha256:{}", "b".repeat(64));
        let mut silent: Vec<_> = kind.silent.iter().map(|name| (*name, fixture(name))).collect();
        if !kind.name.starts_with("generic") {
            silent.push((kind.push, kind.body_with(kind.tag, &digest)));
        }
        if kind.name == "github" {
            silent.push((kind.push, kind.body_with("published", "deleted")));
        }

        for (name, body) in &silent {
            let headers = sending.headers_of(name, body);
            let answer = stage.post(path, &headers, body).await;

            assert_eq!(answer.status, 202, "{name}: {answer:?}");
            assert_eq!(stage.woken().await, Vec::<String>::new(), "{name}");
        }

        let counts = stage.counts(path).await;
        let quiet = |ending: &String| matches!(ending.as_str(), "ignored" | "unmatched");
        assert!(counts.keys().all(quiet), "{}: {counts:?}", kind.push);
    });
}

#[test]
fn a_sender_that_asks_first_is_answered_as_it_wants_to_be() {
    play(async |mut stage| {
        let key = Key::new("one");
        let issuer = Issuer::with(&[&key]).await;
        let body = fixture("acr/eventgrid-validation");
        for kind in KINDS.iter().filter(|kind| kind.name == "acr") {
            let name = kind.push.replace('/', "-");
            let path = kind.hook(&stage, "a", &name, &issuer).await;
            let headers = proof(kind, &token_of("a", &name), &body, &issuer, &key);

            let answer = stage.post(&path, &headers, &body).await;
            let stranger = stage.post(&path, &Vec::new(), &body).await;

            assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
            assert_eq!(
                said(&answer),
                json!({ "validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6" })
            );
            assert_eq!(stranger.status, 401);
            assert_ne!(said(&stranger)["message"], Value::Null);
        }
        assert!(stage.woken().await.is_empty());
    });
}

#[test]
fn what_is_sent_again_wakes_once_where_it_has_a_name_of_its_own() {
    for (number, kind) in KINDS.iter().enumerate() {
        play(async |mut stage| {
            let key = Key::new("one");
            let issuer = Issuer::with(&[&key]).await;
            follow(&stage, kind);
            let path = kind.hook(&stage, "a", "hook", &issuer).await;
            let body = kind.body();
            let mut headers = proof(kind, &token_of("a", "hook"), &body, &issuer, &key);
            headers.extend(about(kind.push));
            for name in ["X-GitHub-Delivery", "X-Gitea-Delivery", "X-Nexus-Webhook-Delivery", "Ce-Id"] {
                headers.push((name.to_owned(), format!("delivery-{number}")));
            }

            for _ in 0..5 {
                assert_eq!(stage.post(&path, &headers, &body).await.status, 202);
            }

            let nameless = ["dockerhub", "quay", "artifactory", "aliyun"].contains(&kind.name)
                || kind.push == "harbor/default-push"
                || kind.name.starts_with("generic");
            let expected = if nameless { 5 } else { 1 };
            let counts = stage.counts(&path).await;
            assert_eq!(counts["accepted"], expected, "{}: {counts:?}", kind.push);
            let woken = stage.woken().await.len();
            assert!(woken <= 2 * 5, "{}: {woken}", kind.push);
            if !nameless {
                assert_eq!((woken, counts["repeated"]), (2, 4), "{}", kind.push);
            }
        });
    }
}
