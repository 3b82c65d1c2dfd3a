//! Deliveries that are refused, each with its status, and wake nobody.

use serde_json::json;
use sluice_actors::Key as Name;
use sluice_actors::receiver::Ending;

use super::issuer::{Issuer, Key};
use super::proofs::wrong;
use super::senders::{KINDS, Proof, about, token_of};
use super::sending::{each, each_that, follow};
use super::stage::{Stage, header, play, said};
use crate::webhooks::Outcome;

const LARGEST: usize = 3 << 20;

#[test]
fn whoever_does_not_prove_to_know_the_secret_is_not_taken() {
    each_that(
        |kind| kind.proof != Proof::Path,
        async |mut stage, sending| {
            let (kind, path) = (sending.kind, &sending.path);
            let body = kind.body();
            let wrong = wrong(kind, &token_of("a", "hook"), &token_of("b", "hook"), &body);

            for (what, mut headers) in wrong.clone() {
                headers.extend(about(kind.push));
                let answer = stage.post(path, &headers, &body).await;

                assert_eq!(answer.status, 401, "{}, {what}: {answer:?}", kind.push);
                assert_eq!(answer.header("connection"), Some("close"), "{}, {what}", kind.push);
                let said = said(&answer);
                assert_eq!(said["result"], "unauthenticated", "{}, {what}", kind.push);
                assert!(said["message"].as_str().is_some_and(|message| message.len() > 10), "{said}");
            }

            assert!(stage.woken().await.is_empty(), "{}", kind.push);
            let counts = stage.counts(path).await;
            let expected = i64::try_from(wrong.len()).unwrap();
            assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("unauthenticated".to_owned(), expected)]);
        },
    );
}

#[test]
fn where_the_path_is_the_proof_no_other_path_will_do() {
    for kind in KINDS.iter().filter(|kind| kind.proof == Proof::Path) {
        play(async |mut stage| {
            let issuer = Issuer::with(&[]).await;
            follow(&stage, kind);
            let path = kind.hook(&stage, "a", "hook", &issuer).await;
            let body = kind.body();
            let last = if path.ends_with('0') { '1' } else { '0' };

            for other in [
                format!("{}{last}", &path[..path.len() - 1]),
                path[..path.len() - 1].to_owned(),
                format!("{path}/"),
                format!("{path}0"),
                format!("/{path}"),
                format!("{}#", path.to_uppercase()),
                "/hook/".to_owned(),
                "/".to_owned(),
                format!("/hook/%2e%2e{path}"),
            ] {
                let answer = stage.post(&other, &Vec::new(), &body).await;

                assert_eq!(answer.status, 404, "{}, {other}: {answer:?}", kind.push);
            }

            assert!(stage.woken().await.is_empty(), "{}", kind.push);
            assert!(stage.counts(&path).await.is_empty());
        });
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_a_reason() {
    each(async |mut stage, sending| {
        let (kind, path) = (sending.kind, &sending.path);
        let whole = kind.body();
        let bodies = [
            Vec::new(),
            b"{".to_vec(),
            b"null".to_vec(),
            b"\"text\"".to_vec(),
            b"\xff\xfe{}".to_vec(),
            b"payload=%7B%7D".to_vec(),
            "[".repeat(100_000).into_bytes(),
            whole[..whole.len() / 2].to_vec(),
            [&whole[..], b"}"].concat(),
        ];

        for body in &bodies {
            let headers = sending.headers(body);
            let answer = stage.post(path, &headers, body).await;

            assert_eq!(answer.status, 400, "{}: {answer:?}", kind.push);
            assert_eq!(said(&answer)["result"], "malformed", "{}", kind.push);
        }

        assert!(stage.woken().await.is_empty(), "{}", kind.push);
        let expected = i64::try_from(bodies.len()).unwrap();
        assert_eq!(stage.counts(path).await["malformed"], expected);
    });
}

#[test]
fn three_mebibytes_are_taken_and_not_a_byte_more() {
    each(async |mut stage, sending| {
        let (kind, path) = (sending.kind, &sending.path);
        let mut body = kind.body();
        body.resize(LARGEST, b' ');
        let headers = sending.headers(&body);

        let largest = stage.post(path, &headers, &body).await;
        assert_eq!(largest.status, 202, "{}: {largest:?}", kind.push);
        assert_eq!(stage.woken().await, ["a/range", "a/tag"], "{}", kind.push);

        let announced = stage.announce(path, &headers, LARGEST + 1).await;
        assert_eq!(announced.status, 413, "{}: {announced:?}", kind.push);
        body.push(b' ');
        let chunked = stage.chunk(path, &headers, &body).await;
        assert_eq!(chunked.status, 413, "{}: {chunked:?}", kind.push);
        assert_eq!(said(&chunked)["result"], "oversized");

        assert!(stage.woken().await.is_empty(), "{}", kind.push);
        assert_eq!(stage.counts(path).await["oversized"], 2);
    });
}

#[test]
fn whoever_proves_nothing_in_the_head_sends_no_body() {
    for kind in KINDS.iter().filter(|kind| matches!(kind.proof, Proof::Shared | Proof::Token { .. })) {
        play(async |stage| {
            let key = Key::new("one");
            let issuer = Issuer::with(&[&key]).await;
            let path = kind.hook(&stage, "a", "hook", &issuer).await;

            let answer = stage.announce(&path, &header("Authorization", "Bearer wrong"), LARGEST).await;

            assert_eq!(answer.status, 401, "{}: {answer:?}", kind.push);
        });
    }
}

#[test]
fn a_hook_that_takes_nothing_at_present_says_why_and_when_to_come_again() {
    play(async |mut stage| {
        let token = token_of("a", "hook");
        let path = stage
            .hook("a", "hook", &token, &json!({ "type": "generic", "secretRef": { "name": "hook" } }))
            .await;
        stage.follow("a", "app", "ghcr.io/example/web", &json!({ "tag": "1.4.2" }));
        let suspended = stage
            .hook(
                "a",
                "asleep",
                "other",
                &json!({
                    "type": "generic", "secretRef": { "name": "asleep" }, "suspend": true,
                }),
            )
            .await;

        for headers in [Vec::new(), header("Authorization", "Bearer other")] {
            let answer = stage.post(&suspended, &headers, &super::senders::fixture(KINDS[16].push)).await;

            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{answer:?}");
            assert_eq!(said(&answer)["message"], "it is suspended");
        }
        assert_eq!(stage.counts(&suspended).await["unavailable"], 2);
        assert!(stage.woken().await.is_empty());
        let other = stage.post(&path, &header("Authorization", token), &KINDS[16].body()).await;
        assert_eq!(other.status, 202, "{other:?}");
    });
}

#[test]
fn before_the_lists_are_complete_nothing_is_unknown_and_nothing_is_taken() {
    crate::arbiter().block_on(async {
        let mut stage = Stage::early();
        let unknown = async |stage: &Stage| stage.post("/hook/unknown", &Vec::new(), b"{}").await;
        let early = unknown(&stage).await;
        assert_eq!((early.status, early.header("retry-after")), (503, Some("5")), "{early:?}");

        let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
        let path = stage.hook("a", "hook", "token", &spec).await;
        stage.follow("a", "app", "ghcr.io/example/web", &json!({ "tag": "1.4.2" }));
        let deliver = async |stage: &Stage| {
            stage.post(&path, &header("Authorization", "token"), &KINDS[16].body()).await
        };
        let early = deliver(&stage).await;
        assert_eq!((early.status, early.header("retry-after")), (503, Some("5")), "{early:?}");
        assert!(stage.woken().await.is_empty());

        stage.sources.complete();
        assert_eq!(deliver(&stage).await.status, 202);
        assert_eq!(stage.woken().await, ["a/app"]);
        assert_eq!(unknown(&stage).await.status, 503);
        stage.list().await;
        assert_eq!(unknown(&stage).await.status, 404);
    });
}

#[test]
fn a_hook_that_goes_while_a_delivery_is_read_does_not_say_that_it_took_it() {
    play(async |stage| {
        let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
        let path = stage.hook("a", "hook", "token", &spec).await;
        let (desk, hook) = (stage.desk(), stage.at(&path));
        stage.remove(&Name::new("a", "hook")).await;

        let answer = desk.take(&hook, &http::HeaderMap::new(), &KINDS[16].body()).await;

        assert!(matches!(answer.outcome, Outcome::Refused(Ending::Unavailable)), "{answer:?}");
    });
}
