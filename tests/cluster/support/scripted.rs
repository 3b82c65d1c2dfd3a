//! A server whose answers a test scripts.

use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// A request, as a script sees it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) proxy_authorization: String,
    pub(crate) body: String,
}

/// An answer, as a script gives it.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }
}

type Log = Arc<Mutex<Vec<(Asked, Vec<u8>)>>>;
type Script = dyn Fn(&Asked) -> Answer + Send + Sync;

/// Listens on loopback for as long as it lives.
pub(crate) struct Scripted {
    port: u16,
    asked: Log,
    accepting: JoinHandle<()>,
}

impl Scripted {
    /// A server that answers by this script, which is made for its host and port.
    pub(crate) async fn start<S>(script: impl FnOnce(&str) -> S) -> Self
    where
        S: Fn(&Asked) -> Answer + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script: Arc<Script> = Arc::new(script(&format!("127.0.0.1:{port}")));
        let asked = Arc::default();
        let accepting = tokio::spawn(accept(listener, script, Arc::clone(&asked)));
        Self { port, asked, accepting }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.log().into_iter().map(|(asked, _)| asked).collect()
    }

    /// Every request so far, with the body of its answer.
    pub(crate) fn log(&self) -> Vec<(Asked, Vec<u8>)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>, log: Log) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        let (script, log) = (Arc::clone(&script), Arc::clone(&log));
        let service =
            hyper::service::service_fn(move |request| answer(request, Arc::clone(&script), Arc::clone(&log)));
        let serve =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service);
        // A connection that fails is its client's business.
        connections.spawn(async move { drop(serve.await) });
    }
}

async fn answer(
    request: Request<Incoming>,
    script: Arc<Script>,
    log: Log,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let header = |name| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let asked = Asked {
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        proxy_authorization: header("proxy-authorization"),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let Answer { status, headers, body } = script(&asked);
    log.lock().unwrap_or_else(PoisonError::into_inner).push((asked, body.clone()));
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(body)).expect("a script gives valid headers"))
}
