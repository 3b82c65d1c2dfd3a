//! `sluice run` as the chart's container runs it, but as a process on a machine that it shares.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, prlimit};

use super::ports;
use super::process::Process;
use super::release::Release;

/// A debug build on two busy cores, and another's Lease that has to expire before.
const START_LIMIT: Duration = Duration::from_mins(2);

/// All of an orderly stop (design: 25 s), and some air.
const STOP_LIMIT: Duration = Duration::from_secs(35);

/// Where nothing is and nothing can be made: the container's file system is read-only but for its volume.
const NOWHERE: &str = "/nonexistent";

/// One operator of a release.
pub(crate) struct Operator {
    directory: PathBuf,
    kubeconfig: PathBuf,
    namespace: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    runner: Vec<String>,
    storage_port: u16,
    health_port: u16,
    metrics_port: u16,
    webhook_port: u16,
    client: reqwest::Client,
    process: Option<Process>,
}

impl Operator {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(directory: &Path, kubeconfig: &Path, release: &Release) -> Self {
        let mut operator = Self::new(directory, kubeconfig, release);
        operator.resume().await;
        operator
    }

    /// One that does not run yet, with an empty storage root.
    pub(crate) fn new(directory: &Path, kubeconfig: &Path, release: &Release) -> Self {
        Self {
            directory: directory.to_owned(),
            kubeconfig: kubeconfig.to_owned(),
            namespace: release.namespace().to_owned(),
            arguments: release.arguments(),
            environment: release.environment(),
            runner: Vec::new(),
            storage_port: ports::free(),
            health_port: ports::free(),
            metrics_port: ports::free(),
            webhook_port: ports::free(),
            client: client(),
            process: None,
        }
    }

    /// Another replica of the same release, which does not run yet. Its artifacts have the same address: that of the Service,
    /// behind which only who leads is ready.
    pub(crate) fn another(&self, directory: &Path, kubeconfig: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            kubeconfig: kubeconfig.to_owned(),
            namespace: self.namespace.clone(),
            arguments: self.arguments.clone(),
            environment: self.environment.clone(),
            runner: self.runner.clone(),
            storage_port: self.storage_port,
            health_port: ports::free(),
            metrics_port: ports::free(),
            webhook_port: ports::free(),
            client: client(),
            process: None,
        }
    }

    /// From now on it is started by another program, which is given its command line and becomes it.
    pub(crate) fn run_by(&mut self, runner: &[&str]) {
        self.runner = runner.iter().map(|argument| (*argument).to_owned()).collect();
    }

    /// No file that it writes may become larger, as if the disk were full; none has a limit without.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        let process = self.process.as_ref().expect("it runs").id();
        prlimit(Some(process), Resource::Fsize, limit).unwrap();
    }

    /// Host and port in the URLs of its artifacts.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.storage_port)
    }

    /// Where deliveries to this path go.
    pub(crate) fn hook(&self, path: &str) -> String {
        loopback(self.webhook_port, path.trim_start_matches('/'))
    }

    /// Starts it again on the same data, and waits until it is ready.
    pub(crate) async fn resume(&mut self) {
        self.launch();
        self.ready().await;
    }

    /// Waits until it is ready.
    pub(crate) async fn ready(&mut self) {
        let (health, storage) = (loopback(self.health_port, "readyz"), loopback(self.storage_port, ""));
        let client = self.client.clone();
        let ready = async |_: &Process| {
            client.get(&health).send().await.ok().filter(|answer| answer.status().is_success())?;
            client.get(&storage).send().await.ok().map(drop)
        };
        self.process.as_mut().expect("it was launched").wait_for("readiness", START_LIMIT, ready).await;
    }

    /// Starts it again without waiting.
    ///
    /// Only what cannot be as in a pod is changed: where it listens, where its volume is, how it finds the API server.
    pub(crate) fn launch(&mut self) {
        std::fs::create_dir_all(self.data()).unwrap();
        let program = env!("CARGO_BIN_EXE_sluice");
        let mut command = match &self.runner[..] {
            [] => Command::new(program),
            [runner, arguments @ ..] => {
                let mut command = Command::new(runner);
                command.args(arguments).arg(program);
                command
            }
        };
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("KUBECONFIG", &self.kubeconfig).env("HOME", NOWHERE).env("TMPDIR", NOWHERE);
        command.env("RUST_BACKTRACE", "1");
        command.args(&self.arguments);
        command.arg(format!("--storage-path={}", self.data().display()));
        command.arg(format!("--storage-addr={}", self.address()));
        command.arg(format!("--storage-adv-addr={}", self.address()));
        command.arg(format!("--health-addr=127.0.0.1:{}", self.health_port));
        command.arg(format!("--metrics-addr=127.0.0.1:{}", self.metrics_port));
        if self.arguments.iter().any(|argument| argument.starts_with("--webhook-addr=")) {
            command.arg(format!("--webhook-addr=127.0.0.1:{}", self.webhook_port));
        }
        self.process = Some(Process::start("operator", command, &self.directory));
    }

    /// Kills it as a power cut would; its data stay.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Asks it to end and returns its exit status.
    pub(crate) async fn terminate(&mut self) -> i32 {
        let mut process = self.process.take().expect("it runs");
        process.terminate(STOP_LIMIT).await
    }

    /// Waits until it ends by itself, and returns its exit status.
    pub(crate) async fn ended(&mut self) -> i32 {
        let mut process = self.process.take().expect("it runs");
        process.ended(START_LIMIT).await
    }

    /// Whether it says that it is ready.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.client.get(loopback(self.health_port, "readyz")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// The most memory that it has had since this was last asked, in KiB (proc(5): `VmHWM`).
    pub(crate) fn peak(&self) -> u64 {
        let process = self.process.as_ref().expect("it runs").id().as_raw_nonzero();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel counts it");
        let peak = peak.trim().trim_end_matches(" kB").parse().unwrap();
        std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
        peak
    }

    /// What it measures.
    pub(crate) async fn metrics(&self) -> String {
        let answer = self.client.get(loopback(self.metrics_port, "metrics")).send().await;
        answer.expect("metrics are served").text().await.expect("they are text")
    }

    /// Its storage root.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// The directory of an object's artifacts.
    pub(crate) fn artifacts(&self, name: &str) -> PathBuf {
        self.data().join("ocirepository").join(&self.namespace).join(name)
    }

    /// Answers to a GET of its file server.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        let url = loopback(self.storage_port, path.trim_start_matches('/'));
        self.client.get(url).send().await.expect("the file server answers")
    }

    /// A file that is to be an artifact has content, but not its name yet.
    pub(crate) fn is_writing_an_artifact(&self) -> bool {
        let has_content = |path: &PathBuf| path.metadata().is_ok_and(|metadata| metadata.len() > 0);
        super::files::below(&self.data().join(".sluice/archives")).iter().any(has_content)
    }

    /// All that it has logged since its first start.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(self.directory.join("operator.log")).unwrap_or_default()
    }
}

/// Made once, because that costs more than to ask with it. No connection is kept: the process may be another one meanwhile.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("nothing of it can fail")
}

fn loopback(port: u16, path: &str) -> String {
    format!("http://127.0.0.1:{port}/{path}")
}

impl Drop for Operator {
    fn drop(&mut self) {
        if let Some(process) = self.process.as_ref().filter(|_| std::thread::panicking()) {
            eprintln!("--- the operator of {} said last:\n{}", self.namespace, process.tail());
        }
    }
}
