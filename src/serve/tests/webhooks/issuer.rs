//! An identity provider on loopback: it says where its keys are, hands them out, and counts who asks.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(super) struct Issuer {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
    /// Somebody was asked who will not answer.
    left: Arc<Notify>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    keys: Vec<Value>,
    asked: Vec<String>,
    /// What is said in the place of its configuration.
    configuration: Option<(u16, String)>,
    silent: bool,
}

/// A key that the provider may sign with.
pub(super) struct Key {
    pub(super) name: String,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(super) fn new(name: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { name: name.to_owned(), pair }
    }

    /// As a JSON Web Key.
    pub(super) fn public(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.name, "x": x, "y": y })
    }

    /// A token of these claims.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({ "alg": "ES256", "kid": self.name, "typ": "JWT" }), claims)
    }

    pub(super) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Issuer {
    /// One that has these keys.
    pub(super) async fn with(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keys = keys.iter().map(|key| key.public()).collect();
        let state = Arc::new(Mutex::new(State { keys, ..State::default() }));
        let left = Arc::new(Notify::new());
        let serving = tokio::spawn(serve(listener, url.clone(), Arc::clone(&state), Arc::clone(&left)));
        Self { url, state, left, serving }
    }

    /// It has these keys from now on.
    pub(super) fn rotate(&self, keys: &[&Key]) {
        self.state.lock().unwrap().keys = keys.iter().map(|key| key.public()).collect();
    }

    /// It takes requests and answers none from now on; ends with the first of them.
    pub(super) async fn leave_waiting(&self) {
        self.state.lock().unwrap().silent = true;
        self.left.notified().await;
    }

    /// It says this in the place of its configuration, or fails with a status.
    pub(super) fn say(&self, status: u16, configuration: &str) {
        self.state.lock().unwrap().configuration = Some((status, configuration.to_owned()));
    }

    /// The paths that it was asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Claims that a hook of [`super::senders::Kind`] takes at present.
    pub(super) fn claims(&self) -> Value {
        let now = Timestamp::now().as_second();
        json!({
            "iss": self.url, "aud": "hook", "sub": "sender", "email": "sender", "email_verified": true,
            "iat": now - 10, "nbf": now - 10, "exp": now + 600,
        })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, url: String, state: Arc<Mutex<State>>, left: Arc<Notify>) {
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match connection.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        if state.lock().unwrap().silent {
            left.notify_one();
            std::future::pending::<()>().await;
        }
        let (status, body) = {
            let mut state = state.lock().unwrap();
            state.asked.push(path.clone());
            match (path.as_str(), &state.configuration) {
                ("/.well-known/openid-configuration", Some(said)) => said.clone(),
                ("/.well-known/openid-configuration", None) => {
                    (200, json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }).to_string())
                }
                ("/keys", _) => (200, json!({ "keys": state.keys }).to_string()),
                _ => (404, String::new()),
            }
        };
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        // Who has asked may be gone.
        drop(connection.write_all(answer.as_bytes()).await);
    }
}
