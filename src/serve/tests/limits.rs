//! How long a peer may be silent, and how a stop treats bodies under way.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::exchange;
use super::shelf::{ARTIFACT, Shelf};
use crate::serve::listening::Limits;

const SHORT: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_mins(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_is_cut_off() {
    let shelf = Shelf::limited(Limits { head: SHORT, idle: LONG });
    let answer = exchange(shelf.server, b"GET / HTTP/1.1\r\nHost:").await;
    let status = String::from_utf8_lossy(&answer).into_owned();
    assert!(status.is_empty() || status.starts_with("HTTP/1.1 408"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed() {
    let shelf = Shelf::limited(Limits { head: LONG, idle: SHORT });
    let answer = exchange(shelf.server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.ends_with(b"ok\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_read_slowly_is_sent_to_its_end_even_after_a_stop() {
    let shelf = Shelf::limited(Limits { head: LONG, idle: SHORT });
    let large = vec![7; 32 << 20];
    shelf.put(ARTIFACT, &large);
    let mut connection = TcpStream::connect(shelf.server).await.unwrap();
    let request = format!("GET {ARTIFACT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 1024];
    connection.read_exact(&mut first).await.unwrap();

    let (rest, ()) = tokio::join!(
        async {
            let mut rest = Vec::new();
            connection.read_to_end(&mut rest).await.unwrap();
            rest
        },
        shelf.stop()
    );

    let head = first.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(first.len() - head + rest.len(), large.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_a_body_without_an_end_is_answered_and_sent_away() {
    let shelf = Shelf::open();
    for path in ["/", "/ocirepository/a/b/unknown.tar.gz", "/.."] {
        let begun = format!("GET {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun");

        let answer = tokio::time::timeout(PATIENCE, exchange(shelf.server, begun.as_bytes())).await;

        let answer = answer.expect("the connection is closed");
        assert!(answer.starts_with(b"HTTP/1.1 "), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_nobody_is_answered() {
    let shelf = Shelf::open();
    assert_eq!(shelf.get("/").await.status, 200);

    shelf.stop().await;

    assert_eq!(
        TcpStream::connect(shelf.server).await.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
}
