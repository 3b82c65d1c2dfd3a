//! One HTTP server on one address, with the limits that all of ours have.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle, Service};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpMessage, HttpResponse, HttpServer};
use tokio::task::JoinHandle;

use super::address;
use super::unread::Unread;

/// Of one thread. A slow reader costs a descriptor and one chunk; those of the four threads of all servers leave room for
/// registries below a usual limit of 1024 open files, and who comes later waits in the system's queue.
const CONNECTIONS: usize = 192;

/// After a stop, what bodies under way have left: as long as upstream gives them (spec 7.7), in seconds.
const LAST_BODIES_SECONDS: u64 = 5;

/// How long a peer may be silent. Nothing limits how long a body takes: a slow consumer of a large artifact is a consumer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For the head of a request, from its connection on.
    pub(super) head: Duration,
    /// Between two requests of a connection.
    pub(super) idle: Duration,
}

impl Default for Limits {
    /// A head is one packet or two. Clients written in Go keep idle connections for 90 s: whoever is first to close one
    /// may cross a request, so we are second.
    fn default() -> Self {
        Self { head: Duration::from_secs(10), idle: Duration::from_mins(2) }
    }
}

/// Whether a server's handlers read the bodies of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bodies {
    /// None of them does.
    Ignored,
    /// They do, and keep what they leave of one.
    Read,
}

/// A server that listens; it answers once it runs.
pub(super) struct Listening {
    /// Where, with the port that the system chose.
    pub(super) address: SocketAddr,
    server: Server,
}

impl Listening {
    /// Listens at an address in Go syntax, for so many threads. Each of them wakes four times a second to keep the time of
    /// day, idle as it may be.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub(super) fn open<F>(
        address: &str,
        threads: usize,
        limits: Limits,
        bodies: Bodies,
        configure: F,
    ) -> anyhow::Result<Self>
    where
        F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let listener = address::listen(address)?;
        let address = listener.local_addr()?;
        let app = move || {
            App::new().configure(configure.clone()).wrap_fn(move |mut request, service| {
                let unread = (bodies == Bodies::Ignored).then(|| request.take_payload());
                let answered = service.call(request);
                async move {
                    let answer = answered.await?;
                    Ok(match unread {
                        Some(unread) => answer.map_body(|_, body| Unread::of(unread, body)),
                        None => answer,
                    })
                }
            })
        };
        let server = HttpServer::new(app)
            .workers(threads)
            .max_connections(CONNECTIONS)
            .client_request_timeout(limits.head)
            .keep_alive(limits.idle)
            .shutdown_timeout(LAST_BODIES_SECONDS)
            .disable_signals()
            .listen(listener)?
            .run();
        Ok(Self { address, server })
    }

    /// Runs on the pool until it is stopped; must be called within a runtime.
    pub(super) fn start(self) -> Running {
        let handle = self.server.handle();
        Running { handle, task: tokio::spawn(self.server) }
    }
}

/// A server that answers.
pub(super) struct Running {
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// It has ended, though nobody stopped it.
    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Takes no more requests and lets bodies under way end, for at most five seconds.
    pub(super) async fn stop(&self) {
        self.handle.stop(true).await;
    }
}

/// What Go's servers say of a path that they do not know.
pub(super) fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("404 page not found\n")
}
