//! A proxy before a server: it lets requests through, or holds those that a test has named.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

type Body = UnsyncBoxBody<Bytes, reqwest::Error>;

/// Listens before one server, for as long as it lives.
pub(crate) struct Gate {
    port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    rules: Mutex<Vec<Arc<Rule>>>,
}

/// Requests that do not get through.
struct Rule {
    method: Method,
    path: String,
    after_bytes: Option<usize>,
    reached: watch::Sender<usize>,
    abandoned: AtomicUsize,
    released: watch::Sender<bool>,
}

/// Requests are held while this lives; then they go on.
pub(crate) struct Hold {
    rule: Arc<Rule>,
    shared: Arc<Shared>,
}

impl Gate {
    /// Opens before a server; `authority` is the PEM that its certificate is signed by.
    pub(crate) async fn before(upstream: &str, authority: Option<&[u8]>) -> Self {
        let mut client =
            reqwest::Client::builder().http1_only().no_proxy().redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = authority {
            client = client.tls_certs_only([reqwest::Certificate::from_pem(pem).unwrap()]);
        }
        let client = client.build().unwrap();
        let shared = Arc::new(Shared { upstream: upstream.to_owned(), client, rules: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { port, shared, accepting }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Holds requests of this method whose path contains a text, before the server sees them; `$` at the end of the text
    /// is the end of the path.
    pub(crate) fn hold(&self, method: Method, path: &str) -> Hold {
        self.rule(method, path, None)
    }

    /// Lets the answer to such requests through up to a number of bytes, and holds the rest.
    pub(crate) fn hold_after(&self, bytes: usize, method: Method, path: &str) -> Hold {
        self.rule(method, path, Some(bytes))
    }

    fn rule(&self, method: Method, path: &str, after_bytes: Option<usize>) -> Hold {
        let rule = Arc::new(Rule {
            method,
            path: path.to_owned(),
            after_bytes,
            reached: watch::Sender::new(0),
            abandoned: AtomicUsize::new(0),
            released: watch::Sender::new(false),
        });
        self.shared.lock().push(Arc::clone(&rule));
        Hold { rule, shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Hold {
    /// Waits until so many requests have come to this hold.
    pub(crate) async fn reached(&self, requests: usize) {
        let mut reached = self.rule.reached.subscribe();
        let wait = reached.wait_for(|count| *count >= requests);
        let in_time = tokio::time::timeout(super::api::LIMIT, wait).await.is_ok();
        assert!(in_time, "{} of {requests} requests came to {}", self.count(), self.rule.path);
    }

    /// How many have come so far.
    pub(crate) fn count(&self) -> usize {
        *self.rule.reached.borrow()
    }

    /// How many of them their clients have given up.
    pub(crate) fn abandoned(&self) -> usize {
        self.rule.abandoned.load(Ordering::SeqCst)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared.lock().retain(|rule| !Arc::ptr_eq(rule, &self.rule));
        self.rule.released.send_replace(true);
    }
}

/// Counts a request as given up unless it was let go.
struct Held<'a>(&'a Rule);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !*self.0.released.borrow() {
            self.0.abandoned.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Rule {
    async fn pass(&self) {
        let _held = Held(self);
        self.reached.send_modify(|count| *count += 1);
        // The sender lives in this very rule.
        let _ = self.released.subscribe().wait_for(|released| *released).await;
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Rule>>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rule_for(&self, request: &Request<Incoming>) -> Option<Arc<Rule>> {
        let path = format!("{}$", request.uri().path());
        let applies = |rule: &&Arc<Rule>| rule.method == request.method() && path.contains(&rule.path);
        self.lock().iter().find(applies).map(Arc::clone)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, reqwest::Error> {
        let rule = self.rule_for(&request);
        if let Some(rule) = rule.as_ref().filter(|rule| rule.after_bytes.is_none()) {
            rule.pass().await;
        }
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let forwarded = self.client.request(request.method().clone(), format!("{}{path}", self.upstream));
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let mut headers = head.headers;
        for hop in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH] {
            headers.remove(hop);
        }
        let answer = forwarded.headers(headers).body(body).send().await?;

        let mut response = Response::builder().status(answer.status());
        let kept =
            answer.headers().iter().filter(|(name, _)| **name != CONNECTION && **name != TRANSFER_ENCODING);
        for (name, value) in kept {
            response = response.header(name, value);
        }
        let chunks = held_after(answer.bytes_stream().boxed(), rule);
        let frames = StreamBody::new(chunks.map_ok(Frame::data));
        Ok(response.body(BodyExt::boxed_unsync(frames)).expect("the server's headers are valid"))
    }
}

type Chunks = stream::BoxStream<'static, reqwest::Result<Bytes>>;

/// Splits the chunk in which the limit lies, and waits between its halves.
fn held_after(chunks: Chunks, rule: Option<Arc<Rule>>) -> Chunks {
    let Some((rule, limit)) = rule.and_then(|rule| rule.after_bytes.map(|limit| (rule, limit))) else {
        return chunks;
    };
    let state = (chunks, 0_usize, None::<Bytes>);
    stream::try_unfold(state, move |(mut chunks, sent, rest)| {
        let rule = Arc::clone(&rule);
        async move {
            if let Some(rest) = rest {
                rule.pass().await;
                return Ok(Some((rest, (chunks, usize::MAX, None))));
            }
            let Some(mut chunk) = chunks.try_next().await? else {
                return Ok(None);
            };
            if sent.saturating_add(chunk.len()) <= limit || sent > limit {
                let sent = sent.saturating_add(chunk.len());
                return Ok(Some((chunk, (chunks, sent, None))));
            }
            let rest = chunk.split_off(limit - sent);
            Ok(Some((chunk, (chunks, limit, Some(rest)))))
        }
    })
    .boxed()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let service = hyper::service::service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.answer(request).await }
        });
        let serve =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service);
        // A connection that fails is its client's business.
        connections.spawn(async move { drop(serve.await) });
    }
}
