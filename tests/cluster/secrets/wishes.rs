//! Objects that use secrets well, and others that use them badly, each in its own way.

use std::fmt::Write as _;

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use super::CLOSED;
use super::planted::Planted;
use crate::support::api::{Namespace, condition};
use crate::support::manifest::repository;

/// An object, what it needs beside itself, and what becomes of it.
pub(super) struct Wish {
    pub(super) object: Value,
    pub(super) needs: Vec<Value>,
    /// A part of what it says when it fails; `None` where it is Ready.
    failure: Option<&'static str>,
}

impl Wish {
    pub(super) fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap()
    }

    /// Waits until it is as it is meant to be.
    pub(super) async fn comes_true(&self, namespace: &Namespace) {
        let Some(text) = self.failure else {
            namespace.until_ready(self.name()).await;
            return;
        };
        let object = namespace.until(self.name(), "end of its first pass", |object| {
            matches!(condition(object, "Ready")["status"].as_str(), Some("True" | "False"))
        });
        let object = object.await;
        let ready = condition(&object, "Ready");
        let message = ready["message"].as_str().unwrap();
        assert!(ready["status"] == "False" && message.contains(text), "{}: {ready:#}", self.name());
    }
}

/// All of them, for a registry that wants passwords and for one that wants tokens.
pub(super) fn wishes(planted: &mut Planted, open: &str, bearer: &str, proxy: &str) -> Vec<Wish> {
    let mut all = logins(planted, open, bearer);
    all.extend(malformed_logins(planted, open));
    all.extend(places(planted, open));
    all.extend(proxies(planted, open, proxy));
    all.extend(certificates(planted, open));
    all.extend(keys(planted, open));
    all
}

/// An object of this name and a Secret of the same name, which this field of its specification names.
fn wish(name: &str, url: &str, field: &str, secret: (&str, Value), failure: Option<&'static str>) -> Wish {
    let (kind, data) = secret;
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": kind,
        "stringData": data,
    });
    let spec = json!({"ref": {"tag": "v1"}, field: {"name": name}});
    Wish { object: repository(name, url, &spec), needs: vec![secret], failure }
}

/// A pull secret with this entry for a host.
fn pull(host: &str, entry: &Value) -> (&'static str, Value) {
    let config = json!({"auths": {host: entry}}).to_string();
    ("kubernetes.io/dockerconfigjson", json!({".dockerconfigjson": config}))
}

fn pair(password: &str) -> Value {
    json!({"username": "robot", "password": password})
}

fn auth(text: &str) -> Value {
    use base64::Engine as _;
    json!({"auth": base64::engine::general_purpose::STANDARD.encode(text)})
}

fn logins(planted: &mut Planted, open: &str, bearer: &str) -> Vec<Wish> {
    let value = |name: &str| planted.get(name);
    let (password, tokened) = (value("password"), value("password for tokens"));
    let legacy = json!({".dockercfg": json!({open: pair(&value("legacy"))}).to_string()});
    let login = |name: &str, repository: &str, entry: &Value, failure| {
        let host = repository.split('/').next().unwrap();
        wish(name, repository, "secretRef", pull(host, entry), failure)
    };
    let (app, tokens) = (format!("{open}/app"), format!("{bearer}/app"));
    let mut all = vec![
        login("password", &app, &pair(&password), None),
        login("auth", &app, &auth(&format!("robot:{}", value("auth"))), None),
        wish("legacy", &app, "secretRef", ("kubernetes.io/dockercfg", legacy), None),
        login("tokens", &tokens, &pair(&tokened), None),
        login("identity", &tokens, &json!({"identitytoken": value("identity token")}), None),
        login("registry-token", &tokens, &json!({"registrytoken": value("registry token")}), None),
        login(
            "unreadable-token",
            &format!("{bearer}/malformed"),
            &pair(&tokened),
            Some("malformed token response"),
        ),
        login("echo", &format!("{open}/echo"), &pair(&password), Some("DENIED")),
        login("echo-tokens", &format!("{bearer}/echo"), &pair(&tokened), Some("DENIED")),
        login("redirected", &format!("{open}/redirected"), &pair(&password), None),
        login("named", &format!("{open}/named"), &pair(&password), None),
        login("expired", &format!("{open}/expired"), &pair(&password), Some("SignatureDoesNotMatch")),
        login("inside", &format!("{open}/inside"), &pair(&password), Some("SSRF protection")),
        login("nowhere", &format!("{open}/nowhere"), &pair(&password), Some("connection refused")),
    ];
    let mut paged = login("paged", &format!("{open}/paged"), &pair(&password), Some("DENIED"));
    paged.object["spec"]["ref"] = json!({"semver": "1.x"});
    all.push(paged);
    let wrong = planted.grow_odd("wrong password");
    all.push(login("wrong-password", &app, &pair(&wrong), Some("UNAUTHORIZED")));
    all.push(login("wrong-echoed", &format!("{open}/echo"), &pair(&wrong), Some("DENIED")));
    all.push(login("wrong-for-tokens", &tokens, &pair(&wrong), Some("DENIED")));
    let identity = json!({"identitytoken": planted.grow_odd("wrong identity token")});
    all.push(login("wrong-identity", &tokens, &identity, Some("DENIED")));
    let registry = json!({"registrytoken": planted.grow("wrong registry token")});
    all.push(login("wrong-registry-token", &tokens, &registry, Some("UNAUTHORIZED")));
    all
}

/// Pull secrets that cannot be read, each at the place of a secret.
fn malformed_logins(planted: &mut Planted, open: &str) -> Vec<Wish> {
    let app = format!("{open}/app");
    let mut all = Vec::new();
    let text = "failed to get credential: ";
    for (number, shape) in ["entry", "password", "auth", "no pair", "not base64"].into_iter().enumerate() {
        let value = planted.grow(&format!("malformed {shape}"));
        let entry = match shape {
            "entry" => json!(value),
            "password" => json!({"password": {value: 1}}),
            "auth" => json!({"auth": [value]}),
            "no pair" => auth(&value),
            _ => json!({"auth": format!("%{value}")}),
        };
        let name = format!("malformed-{number}");
        all.push(wish(&name, &app, "secretRef", pull(open, &entry), Some(text)));
    }
    let map = json!({".dockerconfigjson": json!({"auths": planted.grow("malformed map")}).to_string()});
    let map = ("kubernetes.io/dockerconfigjson", map);
    all.push(wish("malformed-map", &app, "secretRef", map, Some(text)));
    // The environment's configuration is read for what this one does not cover, and is malformed too.
    let other = pull("ghcr.io", &pair(&planted.grow("password for another host")));
    all.push(wish("another-host", &app, "secretRef", other, Some("docker config file")));
    all
}

/// Secrets in the address itself, and a host that is reached through the proxy of the environment.
fn places(planted: &mut Planted, open: &str) -> Vec<Wish> {
    let mut all = Vec::new();
    for (name, address) in [
        ("user", format!("robot:{}@{open}/app", planted.grow("password in spec.url"))),
        ("lonely", format!("{}@{open}/app", planted.grow("user in spec.url"))),
        ("query", format!("{open}/app?token={}", planted.grow("query of spec.url"))),
        ("fragment", format!("{open}/app#{}", planted.grow("fragment of spec.url"))),
        ("port", format!("robot:{}/app", planted.grow("port of spec.url"))),
        ("slash", format!("robot:pass/{}@{open}/app", planted.grow("password with a slash in spec.url"))),
    ] {
        let object = repository(&format!("url-{name}"), &address, &json!({"ref": {"tag": "v1"}}));
        all.push(Wish { object, needs: Vec::new(), failure: Some("URL validation failed") });
    }
    for (name, path) in [
        ("path-user", format!("robot:{}@{open}/app", planted.grow("password in artifact.path"))),
        ("path-query", format!("app?token={}", planted.grow("query of artifact.path"))),
    ] {
        let spec = json!({"ref": {"tag": "v1"}, "artifact": {"path": path}});
        let object = repository(name, &format!("{open}/app"), &spec);
        all.push(Wish { object, needs: Vec::new(), failure: Some("URL validation failed") });
    }
    let far = repository("far", "registry.example.com/app", &json!({"ref": {"tag": "v1"}, "timeout": "20s"}));
    all.push(Wish { object: far, needs: Vec::new(), failure: Some("registry.example.com") });
    all
}

fn proxies(planted: &mut Planted, open: &str, proxy: &str) -> Vec<Wish> {
    let app = format!("{open}/app");
    let unread = "failed to get proxy address: ";
    let mut all = Vec::new();
    let mut add = |name: &str, data: Value, failure| {
        all.push(wish(&format!("proxy-{name}"), &app, "proxySecretRef", ("Opaque", data), Some(failure)));
    };
    let address = format!("http://{CLOSED}");
    let inside = format!("http://robot:{}@{CLOSED}/?q=1", planted.grow("password in a proxy's address"));
    add("inside", json!({"address": inside}), "proxyconnect tcp: dial tcp 127.0.0.1:9");
    let password = planted.grow_odd("password of a proxy");
    let fields = json!({"address": address, "username": "robot", "password": password});
    add("fields", fields, "proxyconnect tcp: dial tcp 127.0.0.1:9");
    let echoed = planted.grow_odd("password that a proxy repeats");
    let fields = json!({"address": format!("http://{proxy}"), "username": "robot", "password": echoed});
    add("echo", fields, "DENIED");
    let echoed =
        format!("http://robot:{}@{proxy}", planted.grow("password in an address that a proxy repeats"));
    add("echo-inside", json!({"address": echoed}), "DENIED");
    let socks = format!("socks5://robot:{}@{CLOSED}", planted.grow("password of a socks proxy"));
    add("socks", json!({"address": socks}), "SOCKS error");
    for (number, head, tail) in [
        (0, "http://robot:", ""),
        (1, "http://robot:", "@[bad"),
        (2, "", ""),
        (3, "ftp://robot:", "@proxy.example.com"),
        (4, "", ":robot@proxy.example.com:3128"),
        (5, "http://proxy.example.com:", ""),
        (6, "http://[", ""),
    ] {
        let value = planted.grow(&format!("malformed proxy {number}"));
        add(&format!("malformed-{number}"), json!({"address": format!("{head}{value}{tail}")}), unread);
    }
    let long = format!("http://{}/{}", planted.grow("long proxy"), "x".repeat(2100));
    add("long", json!({"address": long}), unread);
    all
}

fn certificates(planted: &mut Planted, open: &str) -> Vec<Wish> {
    let app = format!("{open}/app");
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["client".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (key_pem, other_pem) = (key.serialize_pem(), KeyPair::generate().unwrap().serialize_pem());
    for (name, pem) in [("client key", &key_pem), ("another client key", &other_pem)] {
        planted.add(name, pem.lines().nth(2).expect("a key has lines"));
    }
    let pem = certificate.pem();
    let garbled = |planted: &mut Planted, name: &str, label: &str| {
        let mut text = format!("-----BEGIN {label}-----\n");
        let value = planted.grow(name);
        writeln!(text, "{value}\n-----END {label}-----").unwrap();
        text
    };
    let bad_key = garbled(planted, "garbled client key", "PRIVATE KEY");
    let bad_certificate = garbled(planted, "garbled certificate", "CERTIFICATE");
    let bad_authority = garbled(planted, "garbled authority", "CERTIFICATE");
    let bare = planted.grow("client key without PEM");
    let unread = "failed to generate transport for ";
    let mut all = Vec::new();
    for (name, data, failure) in [
        ("good", json!({"ca.crt": pem, "tls.crt": pem, "tls.key": key_pem}), "UNAUTHORIZED"),
        ("mismatched", json!({"tls.crt": pem, "tls.key": other_pem}), unread),
        ("bad-key", json!({"tls.crt": pem, "tls.key": bad_key}), unread),
        ("bare-key", json!({"tls.crt": pem, "tls.key": bare}), unread),
        ("bad-certificate", json!({"tls.crt": bad_certificate, "tls.key": key_pem}), unread),
        ("bad-authority", json!({"ca.crt": bad_authority}), unread),
        ("half", json!({"tls.key": key_pem}), unread),
    ] {
        all.push(wish(&format!("tls-{name}"), &app, "certSecretRef", ("Opaque", data), Some(failure)));
    }
    all
}

/// Keys for signatures, in Secrets that also hold what is nobody's business.
fn keys(planted: &mut Planted, open: &str) -> Vec<Wish> {
    let mut all = Vec::new();
    for (number, shape) in ["garbage", "label", "body"].into_iter().enumerate() {
        let value = planted.grow(&format!("key as {shape}"));
        let pem = match shape {
            "garbage" => value,
            "label" => format!("-----BEGIN {value}-----\nAAAA\n-----END {value}-----\n"),
            _ => format!("-----BEGIN PUBLIC KEY-----\n{value}\n-----END PUBLIC KEY-----\n"),
        };
        let name = format!("key-{number}");
        let mut wish = wish(
            &name,
            &format!("{open}/app"),
            "secretRef",
            pull(open, &pair(&planted.get("password"))),
            Some("failed to verify the signature"),
        );
        let data =
            json!({"cosign.pub": pem, "cosign.password": planted.grow(&format!("cosign password {number}"))});
        let keys = format!("{name}-keys");
        wish.needs.push(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": keys}, "stringData": data,
        }));
        wish.object["spec"]["verify"] = json!({"provider": "cosign", "secretRef": {"name": keys}});
        all.push(wish);
    }
    all
}
