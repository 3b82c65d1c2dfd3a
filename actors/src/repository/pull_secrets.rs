//! The docker configurations of an object: of its Secret, and of the pull secrets of its `ServiceAccount` (spec 4.1, 4.2).

use std::cell::RefCell;

use oci::DockerConfig;
use reconcile::{Account, Failure, Observation, Source};

use crate::Scope;
use crate::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use crate::failure::authentication;

const DOCKER_CONFIG: (&str, &str) = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson");
const DOCKER_LEGACY: (&str, &str) = ("kubernetes.io/dockercfg", ".dockercfg");

/// What an object hears whose namespace lacks the operator's default `ServiceAccount` (spec 4.6).
const LOCKDOWN: &str = "the specified default service account does not exist in the object namespace. your cluster is \
    subject to multi-tenant workload identity lockdown, reach out to your cluster administrator for help";

/// The configurations in the order in which they count; `None` where there are no pull secrets, which leaves the
/// choice to the provider. The `ServiceAccount` is read before anything else (D38).
pub(super) async fn pull_secrets(
    scope: &Scope,
    source: &Source,
    cluster: &dyn ClusterReader,
    seen: &RefCell<Observation>,
) -> Result<Option<Vec<DockerConfig>>, Failure> {
    let namespace = &scope.key.namespace;
    let account = match &source.service_account {
        Some(account) => Some((account, service_account(namespace, account, cluster).await?)),
        None => None,
    };
    let mut secrets = Vec::new();
    if let Some(name) = &source.secret {
        let secret = cluster.secret(namespace, name).await.map_err(|error| {
            seen.borrow_mut().unreadable_secret = Some(name.clone());
            unusable(&format!("failed to get secret '{namespace}/{name}': {error}"))
        })?;
        secrets.push(secret);
    }
    if let Some((account, read)) = account {
        for name in &read.image_pull_secrets {
            let secret = cluster.secret(namespace, name).await.map_err(|error| {
                let text = match error {
                    ReadError::NotFound(_) => format!("secret '{namespace}/{name}' not found"),
                    ReadError::Unreadable(text) => text,
                };
                let owner = format!("{namespace}/{}", account.name());
                let head = format!("failed to get image pull secret for serviceaccount '{owner}'");
                unusable(&format!("{head}: {text}"))
            })?;
            secrets.push(secret);
        }
    }
    if secrets.is_empty() {
        return Ok(None);
    }
    secrets.iter().filter_map(|secret| docker_config(secret).transpose()).collect::<Result<_, _>>().map(Some)
}

async fn service_account(
    namespace: &str,
    account: &Account,
    cluster: &dyn ClusterReader,
) -> Result<ServiceAccount, Failure> {
    let owner = format!("{namespace}/{}", account.name());
    let read = cluster.service_account(namespace, account.name()).await;
    read.map_err(|error| match (account, error) {
        (Account::Named(_), ReadError::NotFound(_)) => {
            unusable(&format!("serviceaccount '{owner}' not found"))
        }
        (Account::Named(_), ReadError::Unreadable(text)) => {
            unusable(&format!("failed to get serviceaccount '{owner}': {text}"))
        }
        (Account::Default(_), ReadError::NotFound(_)) => {
            authentication(format!("failed to get service account '{owner}': {LOCKDOWN}"))
        }
        (Account::Default(_), ReadError::Unreadable(text)) => {
            authentication(format!("failed to get service account '{owner}': {text}"))
        }
    })
}

/// A Secret of another type, or without its key, is passed over silently, as upstream does (spec 4.2).
fn docker_config(secret: &Secret) -> Result<Option<DockerConfig>, Failure> {
    let malformed = |error: oci::DockerConfigError| unusable(&error.to_string());
    let payload = |(kind, key): (&str, &str)| secret.data.get(key).filter(|_| secret.kind == kind);
    if let Some(bytes) = payload(DOCKER_CONFIG) {
        return DockerConfig::parse_json(bytes).map(Some).map_err(malformed);
    }
    if let Some(bytes) = payload(DOCKER_LEGACY) {
        return DockerConfig::parse_legacy(bytes).map(Some).map_err(malformed);
    }
    Ok(None)
}

/// The failure of a credential that cannot be had.
pub(super) fn unusable(text: &str) -> Failure {
    authentication(format!("failed to get credential: {text}"))
}
