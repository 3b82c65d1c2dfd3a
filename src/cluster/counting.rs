//! Counts the requests of a client, watches included.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower::{Layer, Service};

use crate::metrics::Requests;

/// The layer of a client that counts.
pub(super) struct Counting {
    pub(super) requests: Requests,
    pub(super) host: Arc<str>,
}

/// A service whose requests are counted.
pub(super) struct Counted<S> {
    inner: S,
    requests: Requests,
    host: Arc<str>,
}

impl<S> Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, requests: self.requests.clone(), host: Arc::clone(&self.host) }
    }
}

type Answer<T, E> = Pin<Box<dyn Future<Output = Result<Response<T>, E>> + Send>>;

impl<S, B, T> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<T>>,
    S::Future: Send + 'static,
{
    type Response = Response<T>;
    type Error = S::Error;
    type Future = Answer<T, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (requests, host) = (self.requests.clone(), Arc::clone(&self.host));
        let method = request.method().clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            requests.count(&method, &host, answer.as_ref().ok().map(Response::status));
            answer
        })
    }
}
