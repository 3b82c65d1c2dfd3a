//! What a pipeline is told, by a hook that gives scripted answers.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Verdict, run};
use crate::config::TriggerArguments;

/// A hook that gives these answers, one a connection, and keeps what it was sent.
struct Hook {
    url: String,
    sent: Arc<Mutex<Vec<String>>>,
    _secret: tempfile::TempDir,
    secret_file: PathBuf,
}

impl Hook {
    async fn answering(answers: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/aa", listener.local_addr().unwrap());
        let sent: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut answers: VecDeque<String> = answers
            .iter()
            .map(|(head, body)| {
                format!(
                    "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            })
            .collect();
        let kept = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Some(answer) = answers.pop_front() {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                kept.lock().unwrap().push(request);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let secret_file = folder.path().join("token");
        std::fs::write(&secret_file, "It's a Secret to Everybody").unwrap();
        Self { url, sent, _secret: folder, secret_file }
    }

    async fn triggered(&self, wait: bool) -> (anyhow::Result<Verdict>, Vec<String>) {
        let said = Mutex::new(Vec::new());
        let arguments = TriggerArguments {
            url: "oci://ghcr.io/example/app".to_owned(),
            tag: "main".to_owned(),
            hook: self.url.clone(),
            secret_file: self.secret_file.clone(),
            ca_file: None,
            wait,
            timeout: Duration::from_secs(30),
        };
        let ended = run(&arguments, &|line| said.lock().unwrap().push(line.to_owned())).await;
        (ended, said.into_inner().unwrap())
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

/// A request to its end.
async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) || count == 0 {
            return text;
        }
    }
}

const TAKEN: (&str, &str) = ("202 Accepted", r#"{"result":"accepted","woken":2}"#);

#[tokio::test]
async fn a_delivery_is_signed_and_says_what_was_pushed() {
    let hook = Hook::answering(&[TAKEN]).await;

    let (ended, said) = hook.triggered(false).await;

    assert_eq!(ended.unwrap(), Verdict::Done);
    assert_eq!(said, ["2 objects follow this tag"]);
    let sent = hook.sent();
    let (head, body) = sent[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"tag":"main","url":"oci://ghcr.io/example/app"}"#);
    assert!(head.starts_with("POST /hook/aa HTTP/1.1"), "{head}");
    let (header, signature) = hooks::sign(b"It's a Secret to Everybody", body.as_bytes());
    let line = format!("{}: {signature}", header.to_lowercase());
    assert!(head.lines().any(|sent| sent == line), "{head}");
    assert!(!head.contains("sluice-follow"));
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_cannot_is_told() {
    let later = ("503 Service Unavailable\r\nretry-after: 0", "{}");
    let hook = Hook::answering(&[later, ("429 Too Many Requests\r\nretry-after: 0", "{}"), TAKEN]).await;
    let (ended, said) = hook.triggered(false).await;
    assert_eq!(ended.unwrap(), Verdict::Done);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("503 Service Unavailable; again in 0 s"), "{said:?}");

    for (head, hint) in [
        ("401 Unauthorized", "the secret is not that of the hook"),
        ("404 Not Found", "no hook has this path"),
        ("301 Moved Permanently\r\nlocation: https://ghcr.io/", "leads elsewhere"),
        ("400 Bad Request", "does not take this delivery (it is odd)"),
    ] {
        let hook = Hook::answering(&[(head, r#"{"message":"it is odd"}"#)]).await;
        let (ended, _) = hook.triggered(false).await;
        let error = format!("{:#}", ended.unwrap_err());
        assert!(error.contains(hint), "{error}");
    }
}

#[tokio::test]
async fn who_waits_hears_of_each_object_and_the_verdict_is_that_of_all() {
    let woken =
        r#"{"result":"accepted","woken":2,"objects":["a/one","b/two"],"requestedAt":"2026-01-02T03:04:05Z"}"#;
    let half = r#"{"objects":[{"name":"a/one","state":"ready","revision":"main@sha256:aa","message":""},
        {"name":"b/two","state":"waiting","revision":"","message":""}]}"#;
    for (state, verdict, last) in
        [("ready", Verdict::Done, "2 of 2 Ready"), ("failed", Verdict::Failed, "1 of 2 Ready")]
    {
        let rest = format!(
            r#"{{"objects":[{{"name":"b/two","state":"{state}","revision":"main@sha256:aa","message":"why"}}]}}"#
        );
        let hook = Hook::answering(&[("202 Accepted", woken), ("200 OK", half), ("200 OK", &rest)]).await;

        let (ended, said) = hook.triggered(true).await;

        assert_eq!(ended.unwrap(), verdict);
        assert_eq!(said.last().map(String::as_str), Some(last));
        assert!(said.contains(&"a/one is Ready with main@sha256:aa".to_owned()), "{said:?}");
        let sent = hook.sent();
        assert!(sent.iter().all(|request| request.contains("sluice-follow: 1")), "{sent:?}");
        assert!(
            sent[1].ends_with(
                r#"{"follow":{"objects":["a/one","b/two"],"requestedAt":"2026-01-02T03:04:05Z"}}"#
            )
        );
        assert!(
            sent[2].ends_with(r#"{"follow":{"objects":["b/two"],"requestedAt":"2026-01-02T03:04:05Z"}}"#)
        );
    }
}

#[tokio::test]
async fn the_secret_is_in_nothing_that_is_said() {
    let hook = Hook::answering(&[("401 Unauthorized", "{}")]).await;

    let (ended, said) = hook.triggered(true).await;

    let told = format!("{:#} {said:?}", ended.unwrap_err());
    assert!(!told.contains("Secret to"), "{told}");
}
