//! HTTP/2 (RFC 9113), which a registry offers in the TLS handshake (RFC 7301).

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::try_join_all;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use oci::{Client, Credential, Origin};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::support::{digest, settings};
use crate::tls::Authority;

/// As many as have a turn at one registry.
const AT_ONCE: usize = 16;

/// Answers when as many ask, so that all are under way at one time.
struct Tags(Barrier);

impl Tags {
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Empty<Bytes>>, Infallible> {
        if request.method() != Method::HEAD {
            return Ok(Response::new(Empty::new()));
        }
        self.0.wait().await;
        let answer = Response::builder()
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .header("content-length", 2)
            .header("docker-content-digest", digest(b"{}").to_string());
        Ok(answer.body(Empty::new()).unwrap())
    }
}

/// Serves whoever comes, as long as somebody waits for it.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor, connections: &AtomicUsize) {
    let (tags, mut served) = (Arc::new(Tags(Barrier::new(AT_ONCE))), JoinSet::new());
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        served.spawn(connection(stream, acceptor.clone(), Arc::clone(&tags)));
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, tags: Arc<Tags>) {
    let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
    let service = service_fn(|request| Arc::clone(&tags).answer(request));
    http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await.unwrap();
}

#[tokio::test]
async fn one_connection_carries_all_that_is_asked_at_a_time() {
    let authority = Authority::new();
    let mut config = authority.config(false);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin =
        Origin { tls: Some(authority.material()), ..Origin::new(listener.local_addr().unwrap().to_string()) };
    let connections = AtomicUsize::new(0);
    let client = Client::new(&origin, &settings()).unwrap();
    let names: Vec<String> = (0..AT_ONCE).map(|number| format!("v{number}")).collect();
    let asked = names.iter().map(|name| client.head(&Credential::Anonymous, "app", name));

    tokio::select! {
        biased;
        () = serve(listener, TlsAcceptor::from(Arc::new(config)), &connections) => unreachable!("it serves for ever"),
        answers = try_join_all(asked) => assert_eq!(answers.unwrap().len(), AT_ONCE),
    }

    assert_eq!(connections.into_inner(), 1);
}
