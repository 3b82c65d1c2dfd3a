//! etcd and kube-apiserver on loopback, with an audit log of every write.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::net::TcpStream;

use super::audit::{self, Write};
use super::certificates::Certificates;
use super::ports;
use super::process::Process;

/// On two cores, beside a compiler.
const START_LIMIT: Duration = Duration::from_mins(2);

/// Of the tests themselves; an operator has a service account.
const TOKENS: &str = "admin-token,admin,admin,system:masters\n";

/// Files by which somebody finds an API server have a number each.
static KUBECONFIGS: AtomicUsize = AtomicUsize::new(0);

/// One API server and its etcd.
pub(crate) struct ControlPlane {
    directory: PathBuf,
    binaries: Binaries,
    certificates: Certificates,
    port: u16,
    etcd_url: String,
    api: Process,
    _etcd: Process,
}

/// One binary that is both servers, or a directory with one of each.
#[derive(Clone)]
pub(crate) enum Binaries {
    One(PathBuf),
    Directory(PathBuf),
}

impl ControlPlane {
    /// Starts both, with nothing installed.
    pub(crate) async fn start(directory: &Path, binaries: Binaries) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let certificates = Certificates::make(directory);
        std::fs::write(directory.join("tokens.csv"), TOKENS).unwrap();
        std::fs::write(directory.join("audit-policy.yaml"), audit::POLICY).unwrap();

        let client_port = ports::free();
        let etcd_url = format!("http://127.0.0.1:{client_port}");
        let peer_url = format!("http://127.0.0.1:{}", ports::free());
        let mut etcd = Process::start("etcd", etcd(&binaries, directory, &etcd_url, &peer_url), directory);
        etcd.wait_for("listener", START_LIMIT, async |_| {
            TcpStream::connect(("127.0.0.1", client_port)).await.ok()
        })
        .await;

        let port = ports::free();
        let api =
            Process::start("apiserver", api(&binaries, directory, &certificates, &etcd_url, port), directory);
        let mut plane = Self {
            directory: directory.to_owned(),
            binaries,
            certificates,
            port,
            etcd_url,
            api,
            _etcd: etcd,
        };
        let server = plane.url();
        plane.write_kubeconfig("admin", &server, "admin-token");
        plane.wait_until_ready().await;
        plane
    }

    /// Ends the API server, as an upgrade does; etcd goes on.
    pub(crate) fn stop_api(&mut self) {
        self.api.kill();
    }

    /// Starts it again, at the same address.
    pub(crate) async fn start_api(&mut self) {
        let command = api(&self.binaries, &self.directory, &self.certificates, &self.etcd_url, self.port);
        self.api = Process::start("apiserver", command, &self.directory);
        self.wait_until_ready().await;
    }

    /// The same with the definitions of `crds/yaml`.
    pub(crate) async fn with_definitions(self) -> Self {
        super::api::install_definitions(&self.client().await).await;
        self
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// What its certificate is signed by.
    pub(crate) fn authority(&self) -> &Path {
        &self.certificates.authority
    }

    /// A client with every permission; belongs to the runtime that it is made in.
    pub(crate) async fn client(&self) -> Client {
        client_of(&self.admin_kubeconfig()).await
    }

    /// The file by which somebody with every permission finds this API server.
    pub(crate) fn admin_kubeconfig(&self) -> PathBuf {
        self.directory.join("admin.kubeconfig")
    }

    /// A file by which the bearer of this token finds it at this address.
    pub(crate) fn kubeconfig_of(&self, name: &str, server: &str, token: &str) -> PathBuf {
        let number = KUBECONFIGS.fetch_add(1, Ordering::Relaxed);
        self.write_kubeconfig(&format!("{name}-{number}"), server, token)
    }

    /// The writes of operators in this namespace, in order.
    pub(crate) fn writes(&self, namespace: &str) -> Vec<Write> {
        audit::writes(&self.directory.join("audit.log"), namespace)
    }

    async fn wait_until_ready(&mut self) {
        let client = self.client().await;
        let ready = async |_: &Process| {
            let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
            client.request_text(request).await.ok()
        };
        self.api.wait_for("readiness", START_LIMIT, ready).await;
    }

    fn write_kubeconfig(&self, name: &str, server: &str, token: &str) -> PathBuf {
        let path = self.directory.join(format!("{name}.kubeconfig"));
        let authority = self.certificates.authority.display();
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             clusters: [{{name: c, cluster: {{server: '{server}', certificate-authority: '{authority}'}}}}]\n\
             users: [{{name: u, user: {{token: {token}}}}}]\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// The client that a kubeconfig describes.
pub(crate) async fn client_of(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let config =
        kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

fn etcd(binaries: &Binaries, directory: &Path, client_url: &str, peer_url: &str) -> Command {
    let data = directory.join("etcd");
    match binaries {
        Binaries::One(path) => {
            let mut command = Command::new(path);
            command.arg("etcd").arg(data).args([client_url, peer_url]);
            command
        }
        Binaries::Directory(path) => {
            let mut command = Command::new(path.join("etcd"));
            command.arg("--data-dir").arg(data).args(["--listen-client-urls", client_url]);
            command.args(["--advertise-client-urls", client_url, "--listen-peer-urls", peer_url]);
            command.args(["--initial-advertise-peer-urls", peer_url, "--unsafe-no-fsync"]);
            command.arg("--initial-cluster").arg(format!("default={peer_url}"));
            command
        }
    }
}

fn api(
    binaries: &Binaries,
    directory: &Path,
    certificates: &Certificates,
    etcd_url: &str,
    port: u16,
) -> Command {
    let mut command = Command::new(match binaries {
        Binaries::One(path) => path.clone(),
        Binaries::Directory(path) => path.join("kube-apiserver"),
    });
    let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
    command.args([
        format!("--etcd-servers={etcd_url}"),
        format!("--secure-port={port}"),
        format!("--service-account-issuer=https://127.0.0.1:{port}/"),
        file("tls-cert-file", &certificates.server),
        file("tls-private-key-file", &certificates.server_key),
        file("client-ca-file", &certificates.authority),
        file("service-account-key-file", &certificates.account_public_key),
        file("service-account-signing-key-file", &certificates.account_key),
        file("token-auth-file", &directory.join("tokens.csv")),
        file("audit-policy-file", &directory.join("audit-policy.yaml")),
        file("audit-log-path", &directory.join("audit.log")),
    ]);
    command.args([
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--authorization-mode=RBAC",
        "--disable-admission-plugins=ServiceAccount",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=none",
    ]);
    command
}
