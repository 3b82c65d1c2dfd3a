//! Arguments and environment become a [`Config`]: types instead of strings, all problems told at once.

mod arguments;
mod election;
mod selector;
mod value;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use artifact::digest::Algorithm;
use clap::Parser as _;
use reconcile::{Backoff, Policy};
use url::Url;

pub use arguments::{Cli, Command, DemoArguments, LogEncoding, LogLevel, RunArguments, TriggerArguments};
pub use election::{Election, ElectionArguments};

/// What the operator does and where.
#[derive(Clone, Debug)]
pub struct Config {
    /// A folder of manifests in the cluster's place.
    pub manifests: Option<PathBuf>,
    /// The storage root.
    pub storage_path: PathBuf,
    /// Where the file server listens.
    pub storage_address: String,
    /// Where consumers find it.
    pub advertised: String,
    /// How artifacts are kept.
    pub store: artifact::store::Settings,
    /// How often stored artifacts are read again (D30); `None`: never.
    pub scrub_interval: Option<Duration>,
    /// The largest artifact, unpacked, in bytes.
    pub artifact_max_size: Option<u64>,
    /// Where metrics are served; `None` where they are not.
    pub metrics_address: Option<String>,
    /// Where health is served; `None` where it is not.
    pub health_address: Option<String>,
    /// Where webhooks are taken; `None` where none are.
    pub webhook_address: Option<String>,
    /// The operator's own namespace, where it is known.
    pub home: Option<String>,
    /// Where events are posted.
    pub events: Option<Url>,
    /// The only namespace that is watched; `None` for all.
    pub namespace: Option<String>,
    /// The label selector of the watch.
    pub selector: Option<String>,
    /// Which Lease decides who leads; `None` where this is the only replica.
    pub election: Option<Election>,
    /// Intervals and back-off.
    pub policy: Policy,
    /// The `ServiceAccount` of objects that name none.
    pub default_account: Option<Arc<str>>,
    /// Docker's configuration file of this process: for what the pull secrets of an object do not cover (D8).
    pub docker_config: Option<Arc<Path>>,
    /// Feature gates that were set; none has an effect here (D38).
    pub idle_gates: Vec<String>,
    /// Turns at one registry.
    pub registry_concurrency: NonZeroUsize,
    /// Shown in a metric (D41).
    pub concurrent: usize,
    /// What is logged.
    pub log_level: LogLevel,
    /// How it is written.
    pub log_encoding: LogEncoding,
}

impl Config {
    /// What `sluice run` does with these flags and no environment.
    ///
    /// # Errors
    /// What cannot be used of them, in one text.
    pub fn of_flags(flags: &[(&str, &str)]) -> anyhow::Result<Self> {
        let words = flags.iter().map(|(flag, value)| format!("{flag}={value}"));
        let cli = Cli::try_parse_from(["sluice", "run"].into_iter().map(str::to_owned).chain(words))?;
        let Command::Run(arguments) = cli.command else {
            anyhow::bail!("the arguments of `run` were read as another command")
        };
        Self::new(&arguments, &|_| None).map_err(|problems| anyhow::anyhow!(problems.join("; ")))
    }

    /// Reads arguments, with `environment` for what they leave open.
    ///
    /// # Errors
    /// One sentence for each thing that cannot be used.
    pub fn new(
        arguments: &RunArguments,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<String>> {
        let mut problems = arguments.problems();
        let mut read = |value: Result<Choice, String>| match value {
            Ok(choice) => Some(choice),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let text = |flag: &Option<String>, variable: &str, default: &str| {
            value::given(flag.as_ref(), variable, default, environment)
        };
        let storage_address = text(&arguments.storage_addr, "STORAGE_ADDRESS", ":9090");
        let advertised = text(&arguments.storage_adv_addr, "STORAGE_ADV_ADDR", "");
        let metrics_address = text(&arguments.metrics_addr, "METRICS_ADDR", ":8080");
        let events = text(&arguments.events_addr, "EVENTS_ADDR", "");
        let algorithm = read(value::algorithm(&arguments.artifact_digest_algo).map(Choice::Algorithm));
        let events = read(value::events_address(&events).map(Choice::Events));
        let advertised = read(value::advertised(advertised, &storage_address, environment).map(Choice::Text));
        let namespace = read(value::namespace(arguments, environment).map(Choice::Namespace));
        let election = read(election::election(arguments, environment).map(Choice::Election));
        if !problems.is_empty() {
            return Err(problems);
        }
        let (Some(Choice::Algorithm(algorithm)), Some(Choice::Events(events))) = (algorithm, events) else {
            return Err(problems);
        };
        let (Some(Choice::Text(advertised)), Some(Choice::Namespace(namespace))) = (advertised, namespace)
        else {
            return Err(problems);
        };
        let Some(Choice::Election(election)) = election else {
            return Err(problems);
        };
        Ok(Self {
            manifests: arguments.manifests.clone(),
            storage_path: value::given(arguments.storage_path.as_ref(), "STORAGE_PATH", "/data", environment),
            storage_address,
            advertised,
            store: artifact::store::Settings {
                retention_ttl: arguments.artifact_retention_ttl,
                retention_records: arguments.artifact_retention_records,
                algorithm,
                ..artifact::store::Settings::default()
            },
            scrub_interval: Some(arguments.scrub_interval).filter(|interval| !interval.is_zero()),
            artifact_max_size: Some(arguments.artifact_max_size).filter(|bytes| *bytes > 0),
            metrics_address: value::listener(&metrics_address),
            health_address: value::listener(&arguments.health_addr),
            webhook_address: arguments.webhook_addr.as_deref().and_then(value::listener),
            home: election::home(environment),
            events,
            namespace,
            selector: Some(arguments.watch_label_selector.clone()).filter(|selector| !selector.is_empty()),
            election,
            policy: Policy {
                backoff: Backoff { first: arguments.min_retry_delay, longest: arguments.max_retry_delay },
                jitter_percent: arguments.interval_jitter_percentage,
            },
            default_account: Some(arguments.default_service_account.as_str())
                .filter(|name| !name.is_empty())
                .map(Arc::from),
            docker_config: value::docker_config(environment),
            idle_gates: value::gates(&arguments.feature_gates).map(str::to_owned).collect(),
            registry_concurrency: arguments.registry_concurrency,
            concurrent: arguments.concurrent,
            log_level: arguments.log_level,
            log_encoding: arguments.log_encoding,
        })
    }

    /// The longest that a registry may ask us to wait (D22).
    #[must_use]
    pub fn max_retry_delay(&self) -> Duration {
        self.policy.backoff.longest
    }
}

enum Choice {
    Algorithm(Algorithm),
    Events(Option<Url>),
    Text(String),
    Namespace(Option<String>),
    Election(Option<Election>),
}

#[cfg(test)]
mod tests;
