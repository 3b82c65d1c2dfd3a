//! The registry itself: HTTP/1.1 with connections that stay open, or TLS on top of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::advance;
use tokio_rustls::TlsAcceptor;

use super::reply::{End, Reply};

/// One request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// The target as it was sent, query included.
    pub(crate) target: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// How many requests this connection carried before.
    pub(crate) before: usize,
    /// Whether the other side showed a certificate.
    pub(crate) certificate: bool,
}

impl Seen {
    /// A header, empty if it was not sent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Method, target and authorization, as transcripts show them.
    fn line(&self) -> String {
        let authorization = self.header("authorization");
        let separator = if authorization.is_empty() { "" } else { " " };
        format!("{} {}{separator}{authorization}", self.method, self.target)
    }
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A registry on a loopback port, until it is dropped.
pub(crate) struct Registry {
    host: String,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Registry {
    /// A plain registry; what tries TLS is told so in plain text.
    pub(crate) async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(None, Arc::new(script)).await
    }

    pub(crate) async fn start_tls(
        acceptor: TlsAcceptor,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(acceptor), Arc::new(script)).await
    }

    async fn listen(tls: Option<TlsAcceptor>, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let log = Arc::clone(&seen);
        let connections = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                stream.set_nodelay(true).unwrap();
                let (tls, script, log) = (tls.clone(), Arc::clone(&script), Arc::clone(&log));
                tokio::spawn(connection(stream, tls, script, log));
            }
        });
        Self { host, connections, seen, task }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The connections that were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// What arrived since the last call, in order.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// What arrived since the last call, a line each.
    pub(crate) fn transcript(&self) -> Vec<String> {
        self.take().iter().map(Seen::line).collect()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    script: Arc<Script>,
    log: Arc<Mutex<Vec<Seen>>>,
) {
    match tls {
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let certificate = stream.get_ref().1.peer_certificates().is_some();
                serve(stream, certificate, &*script, &log).await;
            }
        }
        None => serve(stream, false, &*script, &log).await,
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    certificate: bool,
    script: &Script,
    log: &Mutex<Vec<Seen>>,
) {
    let mut stream = BufReader::new(stream);
    for before in 0.. {
        let Some(mut seen) = request(&mut stream).await else {
            return;
        };
        (seen.before, seen.certificate) = (before, certificate);
        log.lock().unwrap().push(seen.clone());
        let reply = script(&seen);
        if reply.end == End::Closed {
            return;
        }
        if send(&mut stream, &reply, seen.method == "HEAD").await.is_err() {
            return;
        }
        match reply.end {
            End::Whole => {}
            End::HangAfter(_) => std::future::pending().await,
            End::CutAfter(_) | End::Closed => return,
        }
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), reply: &Reply, is_head: bool) -> io::Result<()> {
    let wire = reply.wire(is_head);
    if !reply.after.is_zero() {
        advance(reply.after).await;
    }
    let slow = if is_head || reply.byte_after.is_zero() { 0 } else { reply.body.len() };
    let (at_once, one_by_one) = wire.split_at(wire.len() - slow);
    stream.write_all(at_once).await?;
    stream.flush().await?;
    for byte in one_by_one {
        advance(reply.byte_after).await;
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        // The other side is to see the byte before the clock moves on.
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

async fn request(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<Seen> {
    const TLS_HANDSHAKE: u8 = 22;
    if stream.fill_buf().await.ok()?.first()? == &TLS_HANDSHAKE {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok()?;
        stream.flush().await.ok()?;
        return None;
    }
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<_, _> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).unwrap();
    Some(Seen { method, target, headers, body, before: 0, certificate: false })
}
