//! Leader election: upstream's flags, and the Lease that they mean (spec 8.5).

use std::time::Duration;

use clap::Args;
use sha2::{Digest, Sha256};

use super::RunArguments;
use super::value::{duration, truth};

/// Upstream's name; a label selector adds to it, so that shards do not wait for each other.
const LEASE: &str = "source-controller-leader-election";
/// Where a pod finds its namespace.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// How the leader is elected.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct ElectionArguments {
    /// Give the Lease back at the end, so that another replica need not wait until it expires.
    #[arg(long, default_value = "true", value_parser = truth, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub leader_election_release_on_cancel: bool,
    /// How long the Lease holds after each renewal; whole seconds count.
    #[arg(long, default_value = "35s", value_parser = duration)]
    pub leader_election_lease_duration: Duration,
    /// How long the leader tries to renew the Lease before it gives up.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub leader_election_renew_deadline: Duration,
    /// The time between two looks at the Lease.
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub leader_election_retry_period: Duration,
}

/// Which Lease decides who writes, and how long it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Election {
    /// The namespace of the Lease.
    pub namespace: String,
    /// Its name.
    pub lease: String,
    /// How long it holds after a renewal, in whole seconds.
    pub duration: Duration,
    /// How long after a renewal the next one must have succeeded.
    pub renew_deadline: Duration,
    /// Between two looks at it.
    pub retry_period: Duration,
    /// Whether it is given back at the end.
    pub release: bool,
}

/// The election that the arguments ask for; a folder of manifests has none, because it belongs to one process.
pub(super) fn election(
    arguments: &RunArguments,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Election>, String> {
    if !arguments.enable_leader_election || arguments.manifests.is_some() {
        return Ok(None);
    }
    let namespace = home(environment);
    let missing = "--enable-leader-election needs the namespace of the Lease: that of the pod's service account, or the \
                   environment variable RUNTIME_NAMESPACE";
    let flags = &arguments.election;
    Ok(Some(Election {
        namespace: namespace.ok_or_else(|| missing.to_owned())?,
        lease: lease(&arguments.watch_label_selector),
        duration: Duration::from_secs(flags.leader_election_lease_duration.as_secs()),
        renew_deadline: flags.leader_election_renew_deadline,
        retry_period: flags.leader_election_retry_period,
        release: flags.leader_election_release_on_cancel,
    }))
}

/// The operator's own namespace, where it is known.
pub(super) fn home(environment: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    namespace(fs_err::read_to_string(OWN_NAMESPACE).ok(), environment)
}

/// The namespace of the Lease: the pod's own, unless `KUBECONFIG` leads to another cluster, where that says nothing.
fn namespace(pods: Option<String>, environment: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let named = environment("RUNTIME_NAMESPACE");
    let is_elsewhere = environment("KUBECONFIG").is_some();
    let namespace = if is_elsewhere { named.or(pods) } else { pods.or(named) };
    namespace.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Durations with which nobody could lead, or two at once.
pub(super) fn problems(flags: &ElectionArguments) -> Vec<String> {
    let (lease, deadline) = (flags.leader_election_lease_duration, flags.leader_election_renew_deadline);
    let (retry, write) = (flags.leader_election_retry_period, crate::cluster::TIME_LIMIT);
    let rules = [
        (retry.is_zero(), "--leader-election-retry-period must be longer than 0".to_owned()),
        (
            deadline <= retry.mul_f64(1.2),
            "--leader-election-renew-deadline must be longer than 1.2 times --leader-election-retry-period"
                .to_owned(),
        ),
        (
            lease <= deadline,
            "--leader-election-lease-duration must be longer than --leader-election-renew-deadline"
                .to_owned(),
        ),
        (
            lease <= retry + write,
            format!(
                "--leader-election-lease-duration must be longer than --leader-election-retry-period and {} s, the \
                 time limit of a write, together",
                write.as_secs()
            ),
        ),
    ];
    rules.into_iter().filter(|(broken, _)| *broken).map(|(_, text)| text).collect()
}

/// With a selector, the name ends with the first four bytes of its digest.
fn lease(selector: &str) -> String {
    if selector.is_empty() {
        return LEASE.to_owned();
    }
    let digest: [u8; 32] = Sha256::digest(selector).into();
    let [first, second, third, fourth, ..] = digest;
    let suffix = u32::from_be_bytes([first, second, third, fourth]);
    format!("{LEASE}-{suffix:08x}")
}

#[cfg(test)]
mod tests {
    use super::namespace;

    #[test]
    fn the_pods_namespace_counts_unless_another_cluster_is_named() {
        let environment = |variables: &'static [(&'static str, &'static str)]| {
            move |name: &str| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            }
        };
        let named = environment(&[("RUNTIME_NAMESPACE", "named")]);
        let elsewhere = environment(&[("RUNTIME_NAMESPACE", "named"), ("KUBECONFIG", "/config")]);
        let pods = || Some("pods\n".to_owned());

        assert_eq!(namespace(pods(), &named).as_deref(), Some("pods"));
        assert_eq!(namespace(None, &named).as_deref(), Some("named"));
        assert_eq!(namespace(pods(), &elsewhere).as_deref(), Some("named"));
        assert_eq!(namespace(pods(), &environment(&[("KUBECONFIG", "/config")])).as_deref(), Some("pods"));
        assert_eq!(namespace(None, &environment(&[])), None);
    }
}
