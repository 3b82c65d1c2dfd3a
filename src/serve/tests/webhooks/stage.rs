//! A webhook server, the hooks behind it, and objects that follow something.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use actix::{Actor, Addr, Recipient};
use reconcile::Nudge as Told;
use serde_json::{Value, json};
use sluice_actors::receiver::{
    Deliver, Equipment, Hook, HookChanged, Hooks, Lead, Receiver, Refused, Webhook,
};
use sluice_actors::testing::Probe;
use sluice_actors::translate::desired;
use sluice_actors::watcher::Nudge;
use sluice_actors::{Key, Known, Object, Sources};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

use super::cluster::Cluster;
use crate::metrics::Deliveries;
use crate::serve::hooks;
use crate::serve::listening::Running;
use crate::serve::tests::client::{Answer, exchange, parse, read_head};
use crate::webhooks::Desk;

/// The operator's own namespace.
pub(super) const HOME: &str = "flux-system";

pub(super) type Headers = Vec<(String, String)>;

pub(super) struct Stage {
    pub(super) server: SocketAddr,
    pub(super) cluster: Arc<Cluster>,
    pub(super) hooks: Arc<Hooks>,
    pub(super) sources: Arc<Sources>,
    pub(super) receiver: Addr<Receiver>,
    pub(super) deliveries: Deliveries,
    running: Running,
    watcher: Recipient<Nudge>,
    nudges: UnboundedReceiver<Nudge>,
}

/// Plays a scene on a replica that leads and knows all hooks and objects.
pub(super) fn play<F: Future<Output = ()>>(scene: impl FnOnce(Stage) -> F) {
    crate::arbiter().block_on(async {
        let stage = Stage::early();
        stage.sources.complete();
        stage.list().await;
        scene(stage).await;
    });
}

impl Stage {
    /// As it is before the first lists of hooks and objects are complete; to be called on an arbiter.
    pub(super) fn early() -> Self {
        let (cluster, known) = (Arc::<Cluster>::default(), Arc::<Known>::default());
        let (hooks, sources) = (Arc::<Hooks>::default(), Arc::<Sources>::default());
        known.complete();
        let equipment = Equipment {
            reader: Arc::clone(&cluster) as _,
            writer: Arc::clone(&cluster) as _,
            hooks: Arc::clone(&hooks),
            sources: Arc::clone(&sources),
            known,
            home: Some(HOME.to_owned()),
        };
        let receiver = Receiver::new(Arc::new(equipment)).start();
        let (watcher, nudges) = Probe::start_with(|_| async {});
        receiver.do_send(Lead(Some(watcher.clone())));
        let deliveries = Deliveries::new().unwrap();
        let desk = desk(&hooks, &sources, receiver.clone().recipient(), &receiver, &cluster, &deliveries);
        let listening = hooks::hooks("127.0.0.1:0", desk).unwrap();
        let server = listening.address;
        let running = listening.start();
        Self { server, cluster, hooks, sources, receiver, deliveries, running, watcher, nudges }
    }

    /// What the server asks.
    pub(super) fn desk(&self) -> Desk {
        self.desk_before(self.receiver.clone().recipient())
    }

    /// The same, where this works off what is delivered.
    pub(super) fn desk_before(&self, deliver: Recipient<Deliver>) -> Desk {
        desk(&self.hooks, &self.sources, deliver, &self.receiver, &self.cluster, &self.deliveries)
    }

    /// The first list of hooks is complete.
    pub(super) async fn list(&self) {
        self.receiver.send(HookChanged::RelistFinished).await.unwrap();
    }

    /// The cluster shows a hook no more.
    pub(super) async fn remove(&self, key: &Key) {
        self.receiver.send(HookChanged::Deleted(key.clone())).await.unwrap();
    }

    /// Another replica leads from now on.
    pub(super) async fn resign(&self) {
        self.receiver.send(Lead(None)).await.unwrap();
    }

    /// A hook, and a Secret with this token; returns its path when its status shows it.
    pub(super) async fn hook(&self, namespace: &str, name: &str, token: &str, spec: &Value) -> String {
        let key = Key::new(namespace, name);
        self.cluster.token(&key, token);
        self.applied(namespace, name, spec).await;
        self.cluster
            .until(|shown| {
                let status = shown.statuses.get(&key)?;
                assert_ne!(status["conditions"][0]["status"], "False", "{status}");
                status["path"].as_str().map(str::to_owned)
            })
            .await
    }

    /// The cluster shows a hook.
    pub(super) async fn applied(&self, namespace: &str, name: &str, spec: &Value) {
        let uid = format!("uid-of-{namespace}-{name}");
        let object =
            json!({ "metadata": { "namespace": namespace, "name": name, "uid": uid }, "spec": spec });
        let webhook = Webhook::parse(&object).unwrap();
        self.receiver.send(HookChanged::Applied(Arc::new(webhook))).await.unwrap();
    }

    /// An object that follows this by this reference.
    pub(super) fn follow(&self, namespace: &str, name: &str, url: &str, reference: &Value) {
        let object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": { "namespace": namespace, "name": name, "uid": name, "generation": 1 },
            "spec": { "url": format!("oci://{url}"), "interval": "1h", "ref": reference },
        });
        let object = Object::parse(&object).unwrap();
        self.sources.follow(&object.key, &desired(&object, None));
    }

    /// Posts this, on a connection of its own.
    pub(super) async fn post(&self, path: &str, headers: &Headers, body: &[u8]) -> Answer {
        parse(&exchange(self.server, &request("POST", path, headers, body)).await)
    }

    /// Posts the head of a body of this length, and none of the body.
    pub(super) async fn announce(&self, path: &str, headers: &Headers, length: usize) -> Answer {
        let headers = [headers.clone(), header("Content-Length", length.to_string())].concat();
        self.answer(head("POST", path, &headers).as_bytes()).await
    }

    /// Posts this in chunks, without an end.
    pub(super) async fn chunk(&self, path: &str, headers: &Headers, body: &[u8]) -> Answer {
        let headers = [headers.clone(), header("Transfer-Encoding", "chunked")].concat();
        let mut request = head("POST", path, &headers).into_bytes();
        for chunk in body.chunks(64 << 10) {
            request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            request.extend_from_slice(chunk);
            request.extend_from_slice(b"\r\n");
        }
        request.truncate(request.len() - 2);
        self.answer(&request).await
    }

    /// Sends this and reads one answer, without waiting for the end of the connection.
    pub(super) async fn answer(&self, request: &[u8]) -> Answer {
        let mut connection = TcpStream::connect(self.server).await.unwrap();
        connection.write_all(request).await.unwrap();
        let head = read_head(&mut connection, "").await;
        let length = parse(&head).header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await.unwrap();
        parse(&[head, body].concat())
    }

    /// Whom the Watcher was told of since this was last asked, once all that was answered is worked off.
    pub(super) async fn nudges(&mut self) -> Vec<Nudge> {
        self.receiver.send(Refused(Key::new("", ""))).await.unwrap();
        let told = Told::default();
        let last = Nudge { key: Key::new("", ""), told, at: tokio::time::Instant::now() };
        self.watcher.send(last.clone()).await.unwrap();
        let mut nudges = Vec::new();
        while let Some(nudge) = self.nudges.recv().await.filter(|nudge| *nudge != last) {
            nudges.push(nudge);
        }
        nudges
    }

    pub(super) async fn woken(&mut self) -> Vec<String> {
        self.nudges().await.into_iter().map(|nudge| nudge.key.to_string()).collect()
    }

    /// The next one that the Watcher is told of.
    pub(super) async fn next_woken(&mut self) -> String {
        self.nudges.recv().await.expect("the probe lives").key.to_string()
    }

    /// What is measured.
    pub(super) fn gather(&self) -> Vec<prometheus::proto::MetricFamily> {
        prometheus::core::Collector::collect(&self.deliveries)
    }

    /// How many of the deliveries to this path ended how, once all that was answered is worked off.
    pub(super) async fn counts(&self, path: &str) -> BTreeMap<String, i64> {
        self.receiver.send(Refused(Key::new("", ""))).await.unwrap();
        self.at(path).tally.counts()
    }

    pub(super) fn at(&self, path: &str) -> Arc<Hook> {
        self.hooks.find(path).expect("there is a hook")
    }

    pub(super) async fn stop(&self) {
        self.running.stop().await;
    }
}

fn desk(
    hooks: &Arc<Hooks>,
    sources: &Arc<Sources>,
    deliver: Recipient<Deliver>,
    receiver: &Addr<Receiver>,
    cluster: &Arc<Cluster>,
    deliveries: &Deliveries,
) -> Desk {
    let refused = receiver.clone().recipient();
    let (hooks, sources) = (Arc::clone(hooks), Arc::clone(sources));
    Desk::new(hooks, sources, deliver, refused, Arc::clone(cluster) as _, deliveries.clone()).unwrap()
}

/// A request as it is sent, for a connection that ends with it.
pub(super) fn request(method: &str, path: &str, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let headers = [headers.clone(), header("Content-Length", body.len().to_string())].concat();
    [head(method, path, &headers).as_bytes(), body].concat()
}

/// The head of such a request.
pub(super) fn head(method: &str, path: &str, headers: &Headers) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    text
}

/// What an answer says of a delivery.
pub(super) fn said(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

pub(super) fn header(name: &str, value: impl Into<String>) -> Headers {
    vec![(name.to_owned(), value.into())]
}
