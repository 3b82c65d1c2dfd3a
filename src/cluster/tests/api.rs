//! An HTTP server that answers from a script and remembers what it was asked.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use futures::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

/// An answer.
pub(super) struct Answer {
    code: u16,
    retry_after: Option<u64>,
    text: String,
    ends: bool,
}

impl Answer {
    pub(super) fn json(code: u16, body: &Value) -> Self {
        Self { code, retry_after: None, text: body.to_string(), ends: true }
    }

    pub(super) fn text(code: u16, text: &str) -> Self {
        Self { code, retry_after: None, text: text.to_owned(), ends: true }
    }

    /// A failure as the API server words it, about the object of this name.
    pub(super) fn failure(code: u16, message: &str, name: &str) -> Self {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
            "message": message, "reason": "Reason", "details": { "name": name },
        });
        Self::json(code, &status)
    }

    /// Watch events, after which the stream ends or stays open.
    pub(super) fn stream(events: &[Value], ends: bool) -> Self {
        let lines: Vec<_> = events.iter().map(Value::to_string).collect();
        let text = lines.join("\n") + "\n";
        Self { code: 200, retry_after: None, text, ends }
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

type Script = dyn Fn(usize, &Asked) -> Answer + Send + Sync;

/// The server; it ends with this value.
pub(super) struct Api {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _serving: JoinSet<()>,
}

impl Api {
    /// A server that answers the requests, counted from zero, by this script.
    pub(super) async fn start(script: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (script, log): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&asked));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log) = (Arc::clone(&script), Arc::clone(&log));
                let service =
                    service_fn(move |request| answer(request, Arc::clone(&script), Arc::clone(&log)));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, asked, _serving: serving }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// An address where nobody listens, for as long as this value lives.
pub(super) struct Nobody(TcpSocket);

impl Nobody {
    pub(super) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }
}

async fn answer(
    request: Request<Incoming>,
    script: Arc<Script>,
    log: Arc<Mutex<Vec<Asked>>>,
) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    let Answer { code, retry_after, text, ends } = script(number, &asked);
    let text = stream::iter([Ok(Frame::data(Bytes::from(text)))]);
    let frames = if ends { text.left_stream() } else { text.chain(stream::pending()).right_stream() };
    let mut response = Response::builder().status(code);
    if let Some(seconds) = retry_after {
        response = response.header(RETRY_AFTER, seconds);
    }
    Ok(response.body(StreamBody::new(frames).boxed_unsync()).unwrap())
}
