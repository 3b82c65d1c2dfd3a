//! More than a hook takes.

use std::sync::Arc;

use hooks::{Named, Push};
use serde_json::json;
use sluice_actors::receiver::{Deliver, Hook};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::stage::{Stage, header, play, said};
use crate::serve::tests::client::read_head;

async fn hook(stage: &Stage) -> String {
    let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
    stage.hook("a", "hook", "token", &spec).await
}

fn push(tag: &str) -> String {
    format!(r#"{{"url":"oci://ghcr.io/example/web","tag":"{tag}"}}"#)
}

/// More than the hook takes at once, for nobody.
fn flood(stage: &Stage, hook: &Arc<Hook>) {
    for _ in 0..2_000 {
        let push = Push {
            repositories: vec![Named { host: None, path: "nobody".to_owned() }],
            tag: "main".to_owned(),
            folded: false,
            digest: None,
            early: false,
        };
        let (reply, _) = oneshot::channel();
        let hook = Arc::clone(hook);
        stage.receiver.do_send(Deliver { hook, id: None, pushes: vec![push], request: None, reply });
    }
}

#[test]
fn whoever_comes_too_early_is_told_so_and_its_objects_are_woken_all_the_same() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        let hook = stage.at(&path);
        let mut number = 0;
        // The bucket gains a delivery in ten milliseconds: one of ours may be the one that is taken.
        let (name, answer) = loop {
            number += 1;
            assert!(number < 500, "none of them is told to come again");
            let name = format!("app-{number}");
            stage.follow("a", &name, "ghcr.io/example/web", &json!({ "tag": name }));
            flood(&stage, &hook);
            let answer = stage.post(&path, &header("Authorization", "token"), push(&name).as_bytes()).await;
            if answer.status == 429 {
                break (name, answer);
            }
            assert_eq!(answer.status, 202, "{answer:?}");
        };

        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(said(&answer), json!({ "result": "throttled", "woken": 1 }));
        let expected = format!("a/{name}");
        while stage.next_woken().await != expected {}
    });
}

#[test]
fn what_is_refused_uses_up_nothing_of_what_a_hook_takes() {
    play(async |mut stage| {
        let path = hook(&stage).await;
        stage.follow("a", "app", "ghcr.io/example/web", &json!({ "tag": "main" }));
        let body = push("main");

        for number in 0..1_000 {
            let wrong = header("Authorization", format!("Bearer {number}"));
            assert_eq!(stage.post(&path, &wrong, body.as_bytes()).await.status, 401);
            assert_eq!(stage.post(&format!("/hook/{number}"), &wrong, body.as_bytes()).await.status, 404);
            let malformed = stage.post(&path, &header("Authorization", "token"), b"{").await;
            assert_eq!(malformed.status, 400);
        }
        let mut connection = TcpStream::connect(stage.server).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: token\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        for number in 0..1_000 {
            let head = String::from_utf8(read_head(&mut connection, &request).await).unwrap();
            assert!(head.starts_with("HTTP/1.1 202"), "{number}: {head}");
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let mut rest = vec![0; length.unwrap().parse().unwrap()];
            tokio::io::AsyncReadExt::read_exact(&mut connection, &mut rest).await.unwrap();
        }
        connection.shutdown().await.unwrap();

        let counts = stage.counts(&path).await;
        assert_eq!((counts["unauthenticated"], counts["malformed"]), (1_000, 1_000));
        assert_eq!((counts["accepted"], counts.get("throttled")), (1_000, None));
        let metrics = prometheus::TextEncoder::new().encode_to_string(&stage.gather()).unwrap();
        assert!(metrics.contains("sluice_webhook_unknown_paths_total 1000\n"), "{metrics}");
        drop(stage.woken().await);
    });
}
