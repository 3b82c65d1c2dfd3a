//! The command line: upstream's flags by upstream's names (spec 8.7), and a few of our own.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::election::{self, ElectionArguments};
use super::value::{byte_size, duration, truth};

/// Resolves, verifies, fetches, stores and serves the artifacts of `OCIRepository` objects.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator, on a cluster or on a folder of manifests.
    Run(Box<RunArguments>),
    /// Tell a `RegistryWebhook` of a push, so that it is pulled at once.
    Trigger(TriggerArguments),
    /// Show what the operator does, with a registry of its own and no cluster.
    Demo(DemoArguments),
}

/// Arguments of `sluice demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// End after the tour instead of going on until Ctrl-C.
    #[arg(long)]
    pub once: bool,
}

/// Arguments of `sluice trigger`.
#[derive(Debug, Args)]
pub struct TriggerArguments {
    /// The repository that was pushed to, such as `oci://ghcr.io/example/app`.
    pub url: String,
    /// The tag that was pushed.
    #[arg(long)]
    pub tag: String,
    /// The address of a hook of type `generic-hmac`: that of the webhook server, and `status.path`.
    #[arg(long, value_name = "URL")]
    pub hook: String,
    /// A file that holds what the hook's Secret holds.
    #[arg(long, value_name = "FILE")]
    pub secret_file: PathBuf,
    /// A file of certificates in PEM that the hook's server may be signed by, beside those of the system.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Wait until every object that follows the tag is Ready or has failed; the exit status says which.
    #[arg(long)]
    pub wait: bool,
    /// How long all of it may take.
    #[arg(long, default_value = "5m", value_parser = duration)]
    pub timeout: Duration,
}

/// How loud the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each variant is upstream's own word")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Error,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each variant is upstream's own word")]
pub enum LogEncoding {
    Json,
    Console,
}

/// Arguments of `sluice run`. Of a flag that is given twice the later one counts.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct RunArguments {
    /// Work on the manifests in this folder instead of on a cluster.
    #[arg(long, value_name = "DIR")]
    pub manifests: Option<PathBuf>,

    /// Where artifacts are kept; the directory must exist (default `/data`; variable `STORAGE_PATH`).
    #[arg(long)]
    pub storage_path: Option<PathBuf>,
    /// Where the file server listens (default `:9090`; variable `STORAGE_ADDRESS`).
    #[arg(long)]
    pub storage_addr: Option<String>,
    /// The address of the file server in artifact URLs, with or without a scheme; by default made of --storage-addr
    /// (variable `STORAGE_ADV_ADDR`).
    #[arg(long)]
    pub storage_adv_addr: Option<String>,
    /// How long a superseded artifact is kept.
    #[arg(long, default_value = "1m", value_parser = duration)]
    pub artifact_retention_ttl: Duration,
    /// How many artifacts of an object are kept.
    #[arg(long, default_value_t = 2)]
    pub artifact_retention_records: usize,
    /// The digest of stored files: sha1, sha256, sha384, sha512 or blake3.
    #[arg(long, default_value = "sha256")]
    pub artifact_digest_algo: String,
    /// How often all stored artifacts are slowly read again, to find damage that nothing else shows; 0 is never.
    #[arg(long, default_value = "24h", value_parser = duration)]
    pub scrub_interval: Duration,
    /// The largest artifact when unpacked, such as 50Mi; 0 is no limit.
    #[arg(long, default_value = "0", value_parser = byte_size)]
    pub artifact_max_size: u64,

    /// Where metrics are served; 0 turns them off (default `:8080`; variable `METRICS_ADDR`).
    #[arg(long)]
    pub metrics_addr: Option<String>,
    /// Where events are posted; empty turns it off (variable `EVENTS_ADDR`).
    #[arg(long)]
    pub events_addr: Option<String>,
    /// Where health is served; 0 turns it off.
    #[arg(long, default_value = ":9440")]
    pub health_addr: String,

    /// Where registries' webhooks are taken, such as `:9292`; without it none are.
    #[arg(long)]
    pub webhook_addr: Option<String>,

    /// Watch all namespaces; else only the operator's own, named in the environment.
    #[arg(long, default_value = "true", value_parser = truth, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub watch_all_namespaces: bool,
    /// Watch only objects that this label selector matches.
    #[arg(long, default_value = "")]
    pub watch_label_selector: String,

    /// Shown in a metric; bounds are per registry (see --registry-concurrency).
    #[arg(long, default_value_t = 2)]
    pub concurrent: usize,
    /// How many attempts may speak with one registry at a time.
    #[arg(long, default_value = "16")]
    pub registry_concurrency: NonZeroUsize,
    /// The first delay after a failure.
    #[arg(long, default_value = "750ms", value_parser = duration)]
    pub min_retry_delay: Duration,
    /// The longest delay after failures.
    #[arg(long, default_value = "15m", value_parser = duration)]
    pub max_retry_delay: Duration,
    /// By how much an interval is moved, in percent of itself.
    #[arg(long, default_value_t = 5)]
    pub interval_jitter_percentage: u8,

    /// Have one replica of several lead: it alone watches, serves and writes.
    #[arg(long, default_value = "false", value_parser = truth, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub enable_leader_election: bool,
    /// How it is elected.
    #[command(flatten)]
    pub election: ElectionArguments,

    /// The `ServiceAccount`, in each object's own namespace, of objects that name none; where it is missing they fail.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub default_service_account: String,

    /// What is logged.
    #[arg(long, value_enum, default_value = "info")]
    pub log_level: LogLevel,
    /// How it is written.
    #[arg(long, value_enum, default_value = "json")]
    pub log_encoding: LogEncoding,
    /// Upstream's feature gates, `Name=true,...`.
    #[arg(long, default_value = "")]
    pub feature_gates: String,

    /// Flags of upstream that have no effect here.
    #[command(flatten)]
    pub inert: InertArguments,
}

/// Flags that upstream knows and that mean nothing here: accepted, so that existing manifests start.
#[derive(Debug, Args)]
#[command(args_override_self = true, next_help_heading = "Accepted without effect")]
pub struct InertArguments {
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub requeue_dependency: Duration,
    #[arg(long, default_value = "reconcile.fluxcd.io/watch=Enabled")]
    pub watch_configs_label_selector: String,
    #[arg(long, default_value_t = 50.0)]
    pub kube_api_qps: f32,
    #[arg(long, default_value_t = 300)]
    pub kube_api_burst: u32,
    #[arg(long, default_value_t = 100)]
    pub token_cache_max_size: i64,
    #[arg(long, default_value = "1h", value_parser = duration)]
    pub token_cache_max_duration: Duration,
    #[arg(long, default_value_t = 52_428_800)]
    pub helm_index_max_size: i64,
    #[arg(long, default_value_t = 10_485_760)]
    pub helm_chart_max_size: i64,
    #[arg(long, default_value_t = 5_242_880)]
    pub helm_chart_file_max_size: i64,
    #[arg(long, default_value_t = 0)]
    pub helm_cache_max_size: i64,
    #[arg(long, default_value = "15m", value_parser = duration)]
    pub helm_cache_ttl: Duration,
    #[arg(long, default_value = "1m", value_parser = duration)]
    pub helm_cache_purge_interval: Duration,
    #[arg(long, default_value = "")]
    pub ssh_kex_algos: String,
    #[arg(long, default_value = "")]
    pub ssh_hostkey_algos: String,
    #[arg(long, default_value = "")]
    pub authorized_artifact_client_spiffe_id: String,
    #[arg(long, default_value = "")]
    pub authorized_event_server_spiffe_id: String,
    #[arg(long, default_value = "")]
    pub spiffe_broker_endpoint: String,
    #[arg(long, default_value = "")]
    pub spiffe_broker_id: String,
}

impl RunArguments {
    /// What cannot be used, apart from what needs the environment.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = super::value::feature_gates(&self.feature_gates);
        if self.interval_jitter_percentage >= 100 {
            let text = "the interval jitter percentage must be a non-negative value and less than 100";
            problems.push(format!("--interval-jitter-percentage: {text}"));
        }
        if self.manifests.is_some() && !self.watch_label_selector.is_empty() {
            let text =
                "--watch-label-selector selects objects of a cluster and cannot be used with --manifests";
            problems.push(text.to_owned());
        }
        if self.manifests.is_some() && !self.watch_all_namespaces {
            let text = "--watch-all-namespaces=false narrows a cluster and cannot be used with --manifests";
            problems.push(text.to_owned());
        }
        if self.manifests.is_some() && self.webhook_addr.is_some() {
            let text = "--webhook-addr needs a cluster, where RegistryWebhook objects are, and cannot be used with --manifests";
            problems.push(text.to_owned());
        }
        problems.extend(super::selector::problem(&self.watch_label_selector));
        if self.min_retry_delay.is_zero() {
            problems.push("--min-retry-delay must be longer than 0".to_owned());
        }
        if self.max_retry_delay < self.min_retry_delay {
            problems.push("--max-retry-delay must not be shorter than --min-retry-delay".to_owned());
        }
        let account = &self.default_service_account;
        if !account.is_empty() && !super::value::is_object_name(account) {
            problems
                .push(format!("--default-service-account: no ServiceAccount can have the name '{account}'"));
        }
        if self.enable_leader_election {
            problems.extend(election::problems(&self.election));
        }
        let spiffe = [
            ("authorized-artifact-client-spiffe-id", &self.inert.authorized_artifact_client_spiffe_id),
            ("authorized-event-server-spiffe-id", &self.inert.authorized_event_server_spiffe_id),
            ("spiffe-broker-endpoint", &self.inert.spiffe_broker_endpoint),
            ("spiffe-broker-id", &self.inert.spiffe_broker_id),
        ];
        for (flag, _) in spiffe.iter().filter(|(_, value)| !value.is_empty()) {
            problems.push(format!(
                "--{flag}: SPIFFE is not supported, and running without the mTLS asked for is refused"
            ));
        }
        problems
    }
}
