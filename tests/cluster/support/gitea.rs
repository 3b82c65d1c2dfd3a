//! Gitea itself, as a process with an organization of its own, and what a test pushes to its container registry.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::manifest::pull_secret;
use super::ports;
use super::process::Process;
use super::tools::Tools;

const START_LIMIT: Duration = Duration::from_mins(1);

/// Who pushes and pulls, with a token as the password.
const USER: &str = "publisher";
/// Nobody sees it without signing in.
const ORGANIZATION: &str = "platform";

/// A Gitea with everything that it knows in one directory.
pub(crate) struct Gitea {
    tools: Tools,
    directory: PathBuf,
    port: u16,
    token: String,
    client: reqwest::Client,
    _process: Process,
}

impl Gitea {
    /// Starts the one of the testbed in this directory.
    pub(crate) async fn start(testbed: &Path, tools: &Tools, directory: &Path) -> Self {
        let port = ports::free();
        let configuration = directory.join("app.ini");
        std::fs::write(&configuration, configured(&testbed.join("gitea-files"), directory, port)).unwrap();
        let command = |arguments: &[&str]| {
            let mut command = Command::new(testbed.join("gitea"));
            command.args(arguments).arg("--config").arg(&configuration);
            command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
            command.env("HOME", directory).env("TMPDIR", directory);
            command
        };
        output(command(&["migrate"])).await;
        let user =
            ["admin", "user", "create", "--admin", "--username", USER, "--email", "publisher@example.com"];
        let proof = ["--random-password", "--must-change-password=false", "--access-token"];
        let rights = ["--access-token-scopes=all"];
        let made = output(command(&[user.as_slice(), &proof, &rights].concat())).await;
        let token = made.split_whitespace().last().expect("it prints the token last").to_owned();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut process = Process::start("gitea", command(&["web"]), directory);
        let health = format!("http://127.0.0.1:{port}/api/healthz");
        let healthy = async |_: &Process| client.get(&health).send().await.ok()?.error_for_status().ok();
        process.wait_for("health", START_LIMIT, healthy).await;
        let (tools, directory) = (tools.clone(), directory.to_owned());
        let gitea = Self { tools, directory, port, token, client, _process: process };
        gitea.make("orgs", &json!({"username": ORGANIZATION, "visibility": "private"})).await;
        gitea
    }

    /// From now on it tells this URL of the organization's packages, signed with this secret.
    pub(crate) async fn notify(&self, url: &str, secret: &str) {
        let config = json!({"url": url, "content_type": "json", "secret": secret});
        let hook = json!({"type": "gitea", "active": true, "events": ["package"], "config": config});
        self.make(&format!("orgs/{ORGANIZATION}/hooks"), &hook).await;
    }

    /// `HOST/REPOSITORY` of an image of the organization.
    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{ORGANIZATION}/{name}", self.host())
    }

    /// A Secret by which the organization's images can be pulled.
    pub(crate) fn pull_secret(&self, name: &str) -> Value {
        pull_secret(name, &self.host(), USER, &self.token)
    }

    /// Pushes one file as `flux push artifact` does; returns the digest of the manifest.
    pub(crate) async fn push(&self, name: &str, tag: &str, content: &str) -> String {
        let source = tempfile::tempdir_in(&self.directory).unwrap();
        std::fs::write(source.path().join("a.yaml"), content).unwrap();
        let url = format!("oci://{}:{tag}", self.image(name));
        let credentials = format!("{USER}:{}", self.token);
        let path = source.path().to_str().unwrap();
        let of = ["--path", path, "--source", "https://example.com/app.git", "--revision", "main@sha1:1"];
        let arguments = [&["push", &url, "--insecure", "--creds", &credentials], of.as_slice()].concat();
        let pushed = self.tools.run(&arguments).await;
        let digest = pushed.unwrap_or_else(|error| panic!("pushing {url}: {error}"));
        digest.lines().last().unwrap_or_default().to_owned()
    }

    /// By name: clients refuse to fetch a token from an address of a private network or of loopback.
    fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    async fn make(&self, what: &str, of: &Value) {
        let url = format!("http://127.0.0.1:{}/api/v1/{what}", self.port);
        let answer = self.client.post(url).bearer_auth(&self.token).json(of).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{what}: {status}: {}", answer.text().await.unwrap_or_default());
    }
}

fn configured(files: &Path, directory: &Path, port: u16) -> String {
    format!(
        "WORK_PATH = {directory}\nI_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\n\
         [server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = {port}\nSTATIC_ROOT_PATH = {files}\n\
         OFFLINE_MODE = true\nDISABLE_SSH = true\n\
         [database]\nDB_TYPE = sqlite3\nSQLITE_JOURNAL_MODE = WAL\nSQLITE_TIMEOUT = 30000\n\
         [security]\nINSTALL_LOCK = true\n\
         [webhook]\nALLOWED_HOST_LIST = loopback\n\
         [i18n]\nLANGS = en-US\nNAMES = English\n",
        directory = directory.display(),
        files = files.display(),
    )
}

/// What a command prints.
async fn output(command: Command) -> String {
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "gitea: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
