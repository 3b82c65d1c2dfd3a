//! Methods, sizes and patience: what a stranger can do to the server itself.

use std::net::SocketAddr;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::stage::{Headers, Stage, head, header, play, request, said};
use crate::serve::tests::client::{Answer, exchange, parse};
use crate::webhooks::LARGEST_BODY;

const PUSH: &str = r#"{"url":"oci://ghcr.io/example/web","tag":"main"}"#;

/// A hook that takes deliveries with `token`, and one object of a push to it.
async fn hook(stage: &Stage) -> String {
    stage.follow("a", "app", "ghcr.io/example/web", &json!({ "tag": "main" }));
    let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
    stage.hook("a", "hook", "token", &spec).await
}

fn known() -> Headers {
    header("Authorization", "token")
}

async fn send(stage: &Stage, request: &[u8]) -> Answer {
    parse(&exchange(stage.server, request).await)
}

/// Sends as much as the server takes, and returns what it answers to that.
async fn insist(server: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut connection = TcpStream::connect(server).await.unwrap();
    let (mut answers, mut sends) = connection.split();
    let send = async { drop(sends.write_all(request).await) };
    let read = async {
        let mut answer = Vec::new();
        drop(answers.read_to_end(&mut answer).await);
        answer
    };
    tokio::join!(send, read).1
}

/// The server is well: a delivery is taken and wakes its object.
async fn is_well(stage: &mut Stage, path: &str) {
    let answer = stage.post(path, &known(), PUSH.as_bytes()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    drop(stage.woken().await);
}

#[test]
fn deliveries_are_posted_and_nothing_else_is_allowed() {
    play(async |mut stage| {
        let path = hook(&stage).await;

        for method in ["GET", "PUT", "DELETE", "PATCH", "TRACE", "CONNECTED", "post"] {
            let answer = send(&stage, &request(method, &path, &known(), PUSH.as_bytes())).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")), "{method}");
            let unknown = send(&stage, &request(method, "/hook/0", &known(), b"")).await;
            assert_eq!(unknown.status, 404, "{method}");
        }
        let answer = send(&stage, head("HEAD", &path, &known()).as_bytes()).await;
        assert_eq!((answer.status, answer.body.len()), (405, 0));

        assert!(stage.woken().await.is_empty());
        assert!(stage.counts(&path).await.is_empty());
        is_well(&mut stage, &path).await;
    });
}

#[test]
fn a_sender_of_cloud_events_may_ask_whether_it_may_send() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let origin = header("WebHook-Request-Origin", "eventemitter.example.com");
        let asks =
            async |path: &str, headers: &Headers| send(&stage, &request("OPTIONS", path, headers, b"")).await;

        let answer = asks(&path, &origin).await;
        assert_eq!((answer.status, answer.header("webhook-allowed-rate")), (200, Some("*")));
        assert_eq!(answer.header("webhook-allowed-origin"), Some("eventemitter.example.com"));
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
        let without = asks(&path, &Headers::new()).await;
        assert_eq!((without.status, without.header("webhook-allowed-origin")), (200, None));
        assert_eq!(asks("/hook/0", &origin).await.status, 404);

        assert!(stage.woken().await.is_empty());
    });
}

#[test]
fn a_head_of_ten_megabytes_is_refused_before_it_ends() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let long = "a".repeat(10 << 20);
        let many: Headers = (0..50_000).map(|number| (format!("X-{number}"), "a".repeat(200))).collect();
        for request in [
            head("POST", &path, &header("X-Long", long.clone())),
            head("POST", &format!("/{long}"), &Headers::new()),
            head("POST", &path, &many),
        ] {
            let answer = insist(stage.server, request.as_bytes()).await;

            let start = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
            assert!(start.is_empty() || start.starts_with("HTTP/1.1 4"), "{start}");
        }
        is_well(&mut stage, &path).await;
    });
}

#[test]
fn heads_and_bodies_that_come_slowly_end_and_hold_up_nobody() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let begun = Instant::now();
        let unfinished_head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n");
        let announced = [known(), header("Content-Length", "1000")].concat();
        let unfinished_body = format!("{}{{", head("POST", &path, &announced));
        let slow = futures::future::join(
            exchange(stage.server, unfinished_head.as_bytes()),
            exchange(stage.server, unfinished_body.as_bytes()),
        );
        let mut slow = std::pin::pin!(slow);

        let well = async {
            for _ in 0..10 {
                let answer = stage.post(&path, &known(), PUSH.as_bytes()).await;
                assert_eq!(answer.status, 202, "{answer:?}");
            }
        };
        tokio::select! {
            biased;
            _ = &mut slow => panic!("slow ones have seconds"),
            () = well => {}
        }
        let (head, body) = slow.await;

        assert!((Duration::from_secs(14)..Duration::from_mins(1)).contains(&begun.elapsed()));
        assert!(head.is_empty() || head.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&head));
        let answer = parse(&body);
        assert_eq!(
            (answer.status, &said(&answer)["message"]),
            (400, &json!("the body did not come in time"))
        );
        is_well(&mut stage, &path).await;
    });
}

#[test]
fn large_bodies_have_a_room_that_is_empty_again_when_they_end() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let headers = [known(), header("Content-Length", LARGEST_BODY.to_string())].concat();
        let mut request = head("POST", &path, &headers).into_bytes();
        request.resize(request.len() + LARGEST_BODY - 1, b' ');
        let mut waiting = FuturesUnordered::new();
        for _ in 0..12 {
            let (request, server) = (request.clone(), stage.server);
            waiting.push(async move { insist(server, &request).await });
        }

        let first = parse(&waiting.next().await.unwrap());
        assert_eq!((first.status, first.header("retry-after")), (503, Some("5")), "{first:?}");
        assert_eq!(said(&first)["message"], "too many large deliveries come at once");
        drop(waiting);

        // Those who went away give back what they had once the server has seen it.
        loop {
            let mut body = PUSH.as_bytes().to_vec();
            body.resize(LARGEST_BODY, b' ');
            let answer = stage.post(&path, &known(), &body).await;
            if answer.status == 202 {
                break;
            }
            assert_eq!(answer.status, 503, "{answer:?}");
        }
        is_well(&mut stage, &path).await;
    });
}

#[test]
fn whoever_is_refused_is_sent_away_even_if_its_body_never_ends() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let chunked = header("Transfer-Encoding", "chunked");
        let wrong = [header("Authorization", "wrong"), chunked.clone()].concat();
        for (expected, request) in [
            (404, head("POST", "/hook/unknown", &chunked)),
            (404, head("GET", "/", &chunked)),
            (401, head("POST", &path, &wrong)),
            (405, head("PUT", &path, &wrong)),
            (200, head("OPTIONS", &path, &wrong)),
        ] {
            let begun = format!("{request}5\r\nbegun\r\n");
            let silent = parse(&insist(stage.server, begun.as_bytes()).await);
            assert_eq!(silent.status, expected, "{request}");

            let mut connection = TcpStream::connect(stage.server).await.unwrap();
            connection.write_all(begun.as_bytes()).await.unwrap();
            let more = b"5\r\nbegun\r\n".repeat(10_000);
            while connection.write_all(&more).await.is_ok() {}
        }
        is_well(&mut stage, &path).await;
    });
}

#[test]
fn a_body_that_is_cut_off_wakes_nobody() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let announced = [known(), header("Content-Length", "1000")].concat();
        let mut connection = TcpStream::connect(stage.server).await.unwrap();
        connection.write_all(format!("{}{PUSH}", head("POST", &path, &announced)).as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        let mut answer = Vec::new();
        drop(connection.read_to_end(&mut answer).await);

        assert!(answer.is_empty() || parse(&answer).status == 400, "{}", String::from_utf8_lossy(&answer));
        assert!(stage.woken().await.is_empty());
        is_well(&mut stage, &path).await;
    });
}

#[test]
fn two_lengths_or_a_length_and_chunks_are_no_way_to_hide_a_delivery() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let hidden = String::from_utf8(request("POST", &path, &known(), PUSH.as_bytes())).unwrap();
        for headers in [
            [header("Content-Length", "0"), header("Content-Length", hidden.len().to_string())].concat(),
            [header("Content-Length", "3"), header("Transfer-Encoding", "chunked")].concat(),
            header("Transfer-Encoding", "chunked, identity"),
            header("Content-Length", "-1"),
            header("Content-Length", "+0"),
        ] {
            let request = format!("{}{hidden}", head("POST", "/hook/unknown", &headers));
            let answer = exchange(stage.server, request.as_bytes()).await;

            let text = String::from_utf8_lossy(&answer).into_owned();
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
            assert_eq!(text.matches("HTTP/1.1 ").count(), usize::from(!text.is_empty()), "{text}");
            assert!(stage.woken().await.is_empty(), "{headers:?}");
        }
        is_well(&mut stage, &path).await;
    });
}

#[test]
fn a_stop_answers_who_is_being_answered_and_nobody_after() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        is_well(&mut stage, &path).await;

        stage.stop().await;

        let refused = TcpStream::connect(stage.server).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    });
}
