//! Nothing that a delivery says becomes an address that is dialled.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::issuer::{Issuer, Key};
use super::proofs::{bearer, claims};
use super::senders::{KINDS, Kind, Proof, about, fixture, fixtures};
use super::sending::each;
use super::stage::{Headers, Stage, play, request};
use crate::serve::tests::client::exchange;

/// An address that nobody has a reason to dial, and who does.
struct Trap {
    address: SocketAddr,
    caught: mpsc::Receiver<SocketAddr>,
}

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (catch, caught) = mpsc::channel();
        std::thread::spawn(move || {
            // It ends with the first one who comes when nobody looks any more.
            while catch.send(listener.accept().unwrap().1).is_ok() {}
        });
        Self { address, caught }
    }

    /// How it may stand in a field: as a URL, as a host, as a repository.
    fn spellings(&self) -> [String; 4] {
        let address = self.address;
        [
            format!("http://{address}/here"),
            address.to_string(),
            format!("{address}/example/app"),
            format!("oci://{address}/example/app"),
        ]
    }

    /// Nobody has dialled it; that the last one is seen shows that others would have been.
    fn is_untouched(&self) {
        let ours = TcpStream::connect(self.address).unwrap();
        let first = self.caught.recv().unwrap();
        assert_eq!(first, ours.local_addr().unwrap(), "somebody dialled what a delivery said");
    }
}

/// Places of all texts in a value.
fn texts(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::String(_) => vec![at.to_owned()],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(number, item)| texts(item, &format!("{at}/{number}")))
            .collect(),
        Value::Object(members) => {
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            members.iter().flat_map(|(name, item)| texts(item, &format!("{at}/{}", escaped(name)))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The members by which other programs are told where to call.
fn with_addresses(mut value: Value, address: &str) -> Value {
    let target = if value.is_array() { &mut value[0] } else { &mut value };
    for name in [
        "callback_url",
        "callbackUrl",
        "validationUrl",
        "SubscribeURL",
        "jpd_origin",
        "docker_url",
        "html_url",
        "homepage",
        "repo_url",
        "resource_url",
        "package_url",
        "url",
        "issuer",
        "jwks_uri",
        "jku",
        "x5u",
        "push_endpoint",
        "source",
        "dataschema",
        "redirect",
    ] {
        if target.get(name).is_none_or(Value::is_string) {
            target[name] = address.into();
        }
    }
    value
}

/// A body around what Pub/Sub has encoded, or the value itself.
fn unwrapped(kind: &Kind, body: &[u8]) -> (Value, Option<Value>) {
    let value: Value = serde_json::from_slice(body).unwrap();
    let data = value["message"]["data"].as_str().filter(|_| kind.name == "gcr");
    match data.map(|data| serde_json::from_slice(&STANDARD.decode(data).unwrap()).unwrap()) {
        Some(event) => (event, Some(value)),
        None => (value, None),
    }
}

fn wrapped(value: &Value, envelope: Option<&Value>) -> Vec<u8> {
    let Some(envelope) = envelope else {
        return value.to_string().into_bytes();
    };
    let mut envelope = envelope.clone();
    envelope["message"]["data"] = STANDARD.encode(value.to_string()).into();
    envelope.to_string().into_bytes()
}

/// Deliveries in which the address stands where anything stood: in one place each, and in all.
fn bodies(kind: &Kind, body: &[u8], trap: &Trap, each: bool) -> Vec<Vec<u8>> {
    let (value, envelope) = unwrapped(kind, body);
    let places = texts(&value, "");
    let mut bodies = Vec::new();
    for spelling in trap.spellings() {
        let mut all = value.clone();
        for place in &places {
            *all.pointer_mut(place).unwrap() = spelling.clone().into();
            if each {
                let mut one = value.clone();
                *one.pointer_mut(place).unwrap() = spelling.clone().into();
                bodies.push(wrapped(&one, envelope.as_ref()));
            }
        }
        bodies.push(wrapped(&all, envelope.as_ref()));
        bodies.push(wrapped(&with_addresses(value.clone(), &spelling), envelope.as_ref()));
    }
    bodies
}

fn headers(trap: &Trap) -> Headers {
    let url = &trap.spellings()[0];
    let mut headers: Headers = [
        "WebHook-Request-Callback",
        "WebHook-Request-Origin",
        "Origin",
        "Referer",
        "Location",
        "Content-Location",
        "X-Original-URL",
        "X-Callback-Url",
        "X-Goog-Channel-Uri",
        "X-Nexus-Webhook-Url",
        "Ce-Source",
        "Ce-Dataschema",
    ]
    .map(|name| (name.to_owned(), url.clone()))
    .to_vec();
    let address = trap.address;
    headers.push(("Link".to_owned(), format!("<{url}>; rel=\"hub\"")));
    headers.push(("X-Forwarded-Host".to_owned(), address.to_string()));
    headers.push(("Forwarded".to_owned(), format!("host={address};proto=http")));
    headers
}

async fn send(stage: &Stage, kind: &Kind, path: &str, name: &str, body: &[u8], proof: Headers, trap: &Trap) {
    let headers = [proof, about(name), headers(trap)].concat();
    let status = stage.post(path, &headers, body).await.status;
    assert!([200, 202, 400, 401, 429].contains(&status), "{}: {status}", kind.push);
}

#[test]
fn no_field_and_no_header_of_a_delivery_is_an_address_that_anybody_dials() {
    let trap = Trap::set();
    each(async |mut stage, sending| {
        let (kind, path) = (sending.kind, &sending.path);
        let folder = fixtures().join(kind.name.split('-').next().unwrap());
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .map(|name| format!("{}/{name}", kind.name.split('-').next().unwrap()))
            .collect();
        names.push(kind.push.to_owned());

        for name in &names {
            let each = name == kind.push || name.contains("validation");
            for body in bodies(kind, &fixture(name), &trap, each) {
                let proof = sending.proof(&body);
                send(&stage, kind, path, name, &body, proof, &trap).await;
            }
        }

        let counts = stage.counts(path).await;
        assert!(!counts.contains_key("unauthenticated"), "{}: {counts:?}", kind.push);
        assert!(counts["accepted"] > 0, "{}: {counts:?}", kind.push);
        drop(stage.woken().await);
    });
    trap.is_untouched();
}

#[test]
fn no_claim_and_no_header_of_a_token_is_an_address_that_anybody_dials() {
    let trap = Trap::set();
    for kind in KINDS.iter().filter(|kind| matches!(kind.proof, Proof::Token { .. })) {
        play(async |stage| {
            let (key, stranger) = (Key::new("one"), Key::new("two"));
            let issuer = Issuer::with(&[&key]).await;
            let path = kind.hook(&stage, "a", "hook", &issuer).await;
            for spelling in trap.spellings() {
                let mut claims = claims(kind, &issuer);
                for name in ["iss", "aud", "jku", "jwks_uri", "x5u", "azp", "_claim_sources"] {
                    claims[name] = spelling.clone().into();
                }
                for signer in [&key, &stranger] {
                    let header = json!({
                        "alg": "ES256", "kid": signer.name, "jku": spelling, "x5u": spelling, "iss": spelling,
                        "jwk": signer.public(),
                    });
                    let proof = bearer(&signer.token_with(&header, &claims));
                    send(&stage, kind, &path, kind.push, &kind.body(), proof, &trap).await;
                }
            }

            let counts = stage.counts(&path).await;
            assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("unauthenticated".to_owned(), 8)]);
            assert!(issuer.asked().len() <= 2, "{:?}", issuer.asked());
        });
    }
    trap.is_untouched();
}

#[test]
fn neither_a_handshake_nor_another_form_of_the_target_is_an_address_that_anybody_dials() {
    let trap = Trap::set();
    play(async |stage| {
        let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
        let path = stage.hook("a", "hook", "token", &spec).await;
        let url = format!("http://{}{path}", trap.address);
        for (method, target) in
            [("OPTIONS", path.as_str()), ("POST", &url), ("GET", &url), ("CONNECT", &trap.spellings()[1])]
        {
            drop(exchange(stage.server, &request(method, target, &headers(&trap), b"{}")).await);
        }
    });
    trap.is_untouched();
}
