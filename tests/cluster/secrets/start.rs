//! Starts that fail on something that holds a secret.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::planted::Planted;
use crate::support::scene::Scene;

/// A kubeconfig in JSON, which is YAML, of a cluster where nobody listens.
fn kubeconfig(cluster: &Value, user: &Value) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    })
    .to_string()
}

fn start(directory: &Path, kubeconfig: &str, proxy: &str, events: &str) -> Output {
    let file = directory.join("kubeconfig");
    std::fs::write(&file, kubeconfig).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.env_clear().env("KUBECONFIG", &file).env("HTTPS_PROXY", proxy).current_dir(directory);
    command.args(["run", "--log-level=trace", "--metrics-addr=0", "--health-addr=0"]);
    command.arg(format!("--storage-path={}", directory.display()));
    command.arg(format!("--events-addr={events}"));
    command.output().unwrap()
}

pub(super) async fn a_start_that_fails_repeats_no_secret(scene: Scene) {
    let mut planted = Planted::default();
    let server = json!({"server": "https://127.0.0.1:9"});
    let proxied = |proxy: String| json!({"server": "https://127.0.0.1:9", "proxy-url": proxy});
    let token = json!({"token": planted.grow("token")});
    let plain = kubeconfig(&server, &token);
    let mut fails = Vec::new();
    for (name, text, proxy, events, complaint) in [
        (
            "token that is none",
            kubeconfig(&server, &json!({"token": [planted.grow("token in a list")]})),
            String::new(),
            String::new(),
            "is no kubeconfig in YAML",
        ),
        (
            "text",
            format!("token: {}\n\t- broken", planted.grow("token in a text")),
            String::new(),
            String::new(),
            "is no kubeconfig in YAML",
        ),
        (
            "key that is none",
            kubeconfig(&server, &json!({"client-key-data": planted.grow_odd("client key")})),
            String::new(),
            String::new(),
            "failed to load client key",
        ),
        (
            "proxy of kubeconfig",
            kubeconfig(&proxied(format!("ftp://u:{}@proxy", planted.grow("proxy of kubeconfig"))), &token),
            String::new(),
            String::new(),
            "its proxy is no http, https or socks5 URL",
        ),
        (
            "proxy of the environment",
            plain.clone(),
            format!("ftp://u:{}@proxy", planted.grow("proxy of the environment")),
            String::new(),
            "its proxy is no http, https or socks5 URL",
        ),
        (
            "proxy without a scheme",
            plain.clone(),
            planted.grow("proxy without a scheme"),
            String::new(),
            "its proxy is no http, https or socks5 URL",
        ),
        (
            "scheme of the notification address",
            plain.clone(),
            String::new(),
            format!("ftp://u:{}@hook", planted.grow("notification address")),
            "--events-addr",
        ),
        (
            "port of the notification address",
            plain.clone(),
            String::new(),
            format!("http://u:{}", planted.grow("port of the notification address")),
            "--events-addr",
        ),
    ] {
        let directory = scene.folder("start");
        let ended = tokio::task::spawn_blocking(move || start(&directory, &text, &proxy, &events));
        let Output { status, stdout, stderr } = ended.await.unwrap();
        let output = [stdout, stderr].concat();
        let said = String::from_utf8_lossy(&output).into_owned();
        assert!(!status.success() && said.contains(complaint), "{name}: {said}");
        fails.push((name, output));
    }

    let search = planted.search();
    for (name, output) in fails {
        assert_eq!(search.find(&output), [].into(), "{name}");
    }
}
