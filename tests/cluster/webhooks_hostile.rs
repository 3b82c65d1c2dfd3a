//! Webhooks under attack: a flood of junk, and hooks that reach for what is not theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::support::api::{Namespace, condition, is_ready};
use crate::support::bench::Bench;
use crate::support::manifest::{repository, secret};
use crate::support::operator::Operator;
use crate::support::registry::Notified;
use crate::support::scene::Scene;
use crate::webhooks::{hook, woke};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_flood_of_junk_starts_nothing_and_keeps_no_real_delivery_out),
        bench.trial(a_hook_reaches_its_own_namespace_and_only_the_operators_own_reaches_all),
    ]
}

const TOKEN: &str = "what-only-the-registry-knows";
/// What the flood may cost: bodies that are read before they can be checked, and connections.
const MOST_MEMORY_KIB: u64 = 32 << 10;
/// All requests of a flood, and how many a second; a busy machine may make fewer.
const MOST_REQUESTS: usize = 100_000;
const A_SECOND: u32 = 10_000;
const FLOOD: Duration = Duration::from_secs(10);
/// Connections of a flood at one time.
const SENDERS: usize = 48;
/// Requests that are written together.
const TOGETHER: usize = 50;
const LARGE: usize = 3 << 20;

/// Applies a hook and its Secret; returns its path.
async fn hooked(namespace: &Namespace, name: &str, kind: &str, more: &Value) -> String {
    namespace.apply(&secret(name, "token", TOKEN)).await;
    namespace.apply(&hook(name, kind, more)).await;
    let object = namespace.until_hook(name, "Ready", is_ready).await;
    object["status"]["path"].as_str().unwrap().to_owned()
}

/// Where junk goes.
struct Target {
    address: String,
    shared: String,
    signed: String,
    sent: AtomicUsize,
    answered: AtomicUsize,
    begun: Instant,
}

impl Target {
    /// The next junk: bytes, and how many requests they are.
    fn junk(&self, number: usize) -> (Vec<u8>, usize) {
        let post = |path: &str, more: &str| {
            format!("POST {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n\r\n").into_bytes()
        };
        match number % 40 {
            0 => (post("/hook/unknown", "Transfer-Encoding: chunked\r\n\r\n5\r\nbegun"), 1),
            1 => {
                let head = post(&self.signed, &format!("X-Signature: sha256=00\r\nContent-Length: {LARGE}"));
                let large = if number % 400 == 1 { LARGE } else { 1_000 };
                ([head, vec![b'x'; large]].concat(), 1)
            }
            2 => (vec![0x16; 300], 1),
            3 => (post(&self.shared, &format!("X-Long: {}", "a".repeat(200_000))), 1),
            4..20 => (post(&format!("/hook/{number:064x}"), "Content-Length: 2\r\n\r\n{}"), 1),
            20..36 => (post(&self.shared, "Authorization: Bearer guessed\r\nContent-Length: 2\r\n\r\n{}"), 1),
            _ => {
                let kept = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", self.shared).repeat(TOGETHER);
                (kept.into_bytes(), TOGETHER)
            }
        }
    }

    /// Sends junk until there was enough of it.
    async fn flood(self: Arc<Self>, mut number: usize) {
        while self.begun.elapsed() < FLOOD {
            number += SENDERS;
            let (junk, requests) = self.junk(number);
            let sent = self.sent.fetch_add(requests, Ordering::Relaxed);
            if sent >= MOST_REQUESTS {
                return;
            }
            let due = Duration::from_secs(sent.try_into().unwrap()) / A_SECOND;
            tokio::time::sleep_until(self.begun + due).await;
            // Whatever the server makes of it; what it leaves open is left by us.
            drop(timeout(Duration::from_secs(2), self.send(&junk, requests)).await);
        }
    }
}

impl Target {
    /// Sends what makes so many requests, and reads until all are answered or nothing more comes.
    async fn send(&self, junk: &[u8], requests: usize) -> std::io::Result<()> {
        let mut connection = TcpStream::connect(&self.address).await?;
        let (mut answers, mut sends) = connection.split();
        // A refused sender may not be read to its end.
        let write = async { drop(sends.write_all(junk).await) };
        let read = async {
            let (mut answer, mut answered) = (vec![0; 16 << 10], 0);
            while answered < requests {
                let read = answers.read(&mut answer).await?;
                if read == 0 {
                    break;
                }
                let heads = answer[..read].windows(9).filter(|part| part == b"HTTP/1.1 ").count();
                self.answered.fetch_add(heads, Ordering::Relaxed);
                answered += heads;
            }
            Ok(())
        };
        tokio::join!(write, read).1
    }
}

/// Sends junk for ten seconds while something else goes on; returns how many requests were answered.
async fn flooded(target: Target, meanwhile: impl Future<Output = ()>) -> usize {
    let target = Arc::new(target);
    let mut senders: JoinSet<()> = (0..SENDERS).map(|number| Arc::clone(&target).flood(number)).collect();
    meanwhile.await;
    while senders.join_next().await.is_some() {}
    target.answered.load(Ordering::Relaxed)
}

async fn a_flood_of_junk_starts_nothing_and_keeps_no_real_delivery_out(scene: Scene) {
    let operator = scene.operator().await;
    let namespace = &scene.namespace;
    let shared = hooked(namespace, "registry", "distribution", &json!({})).await;
    let signed = hooked(namespace, "pipeline", "generic-hmac", &json!({})).await;
    let mut registry = scene.registry().await;
    let spec = json!({"ref": {"tag": "main"}, "interval": "1h"});
    for name in ["app", "bystander"] {
        registry.push(&format!("{name}:main"), &[("a.yaml", b"number: -1\n")]).await;
        namespace.apply(&repository(name, &format!("{}/{name}", registry.host()), &spec)).await;
        namespace.until_ready(name).await;
    }
    let header = format!("Authorization: Bearer {TOKEN}");
    registry.notify(Notified { url: operator.hook(&shared), header }).await;
    let target = || {
        let address = operator.hook("").trim_start_matches("http://").trim_end_matches('/').to_owned();
        let (shared, signed) = (shared.clone(), signed.clone());
        Target {
            address,
            shared,
            signed,
            sent: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            begun: Instant::now(),
        }
    };
    operator.peak();
    let before = operator.peak();

    let (mark, begun) = (registry.mark(), Instant::now());
    let junk = flooded(target(), std::future::ready(())).await;
    eprintln!("{junk} junk requests were answered in {:?}", begun.elapsed());
    assert_eq!(registry.since(mark), Vec::<String>::new(), "junk starts no attempt");

    let mark = registry.mark();
    let mut times = Vec::new();
    let begun = Instant::now();
    let real = async {
        for number in 0..10 {
            let content = format!("number: {number}\n");
            let digest = registry.push("app:main", &[("a.yaml", content.as_bytes())]).await;
            let pushed = Instant::now();
            namespace.until_revision("app", &format!("main@{digest}")).await;
            times.push(pushed.elapsed());
            tokio::time::sleep_until(begun + Duration::from_secs(number + 1)).await;
        }
    };
    let junk = flooded(target(), real).await;
    let peak = operator.peak();
    eprintln!(
        "{junk} more in {:?}; from push to Ready {times:?}; {before} KiB before and {peak} KiB at most",
        begun.elapsed()
    );

    let about_others = registry.since(mark).into_iter().filter(|line| !line.contains("/v2/app/"));
    assert_eq!(about_others.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(peak <= before + MOST_MEMORY_KIB, "{before} KiB before, {peak} KiB at most");
    let counted = namespace
        .until_hook("registry", "the flood", |hook| {
            hook["status"]["deliveries"]["unauthenticated"].as_i64() > Some(100)
        })
        .await;
    assert_eq!(counted["status"]["deliveries"]["throttled"], Value::Null, "{counted:#}");
    assert!(operator.is_ready().await);
}

/// Posts a push of `main` to this repository.
async fn deliver(operator: &Operator, path: &str, url: &str) -> Value {
    let body = json!({"url": format!("oci://{url}"), "tag": "main"});
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(operator.hook(path)).bearer_auth(TOKEN).body(body.to_string());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 202);
    answer.json().await.unwrap()
}

async fn a_hook_reaches_its_own_namespace_and_only_the_operators_own_reaches_all(scene: Scene) {
    let (plane, home) = scene.another_plane().await;
    let client = plane.client().await;
    let one = Namespace::create(client.clone(), &format!("{}-one", home.name)).await;
    let other = Namespace::create(client, &format!("{}-other", home.name)).await;
    let release = scene.release(&json!({"watchAllNamespaces": true})).await;
    let kubeconfig = release.place(&plane).await;
    let operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    let registry = scene.registry().await;
    let url = format!("{}/app", registry.host());
    let first = format!("main@{}", registry.push("app:main", &[("a.yaml", b"number: 1\n")]).await);
    let spec = json!({"ref": {"tag": "main"}, "interval": "1h"});
    for namespace in [&home, &one, &other] {
        namespace.apply(&repository("app", &url, &spec)).await;
        namespace.until_revision("app", &first).await;
    }
    let narrow = hooked(&one, "narrow", "generic", &json!({})).await;

    let second = format!("main@{}", registry.push("app:main", &[("a.yaml", b"number: 2\n")]).await);
    woke(&deliver(&operator, &narrow, &url).await, 1);
    one.until_revision("app", &second).await;
    for namespace in [&home, &other] {
        assert_eq!(namespace.object("app").await["status"]["artifact"]["revision"], first);
    }

    one.apply(&secret("wide", "token", TOKEN)).await;
    one.apply(&hook("wide", "generic", &json!({"allNamespaces": true}))).await;
    let refused = |hook: &Value| condition(hook, "Ready")["reason"] == "NotAllowed";
    let refused = one.until_hook("wide", "refusal", refused).await;
    assert_eq!(condition(&refused, "Ready")["status"], "False");
    assert_eq!(refused["status"]["path"], Value::Null, "{refused:#}");

    let wide = hooked(&home, "wide", "generic", &json!({"allNamespaces": true})).await;
    let third = format!("main@{}", registry.push("app:main", &[("a.yaml", b"number: 3\n")]).await);
    woke(&deliver(&operator, &wide, &url).await, 3);
    for namespace in [&home, &one, &other] {
        namespace.until_revision("app", &third).await;
    }
}
