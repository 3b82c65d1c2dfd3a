//! From the names of Secrets and service accounts to an origin, a credential and trust material.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use oci::{Credential, DockerConfig, Origin, ProxySettings, TlsMaterial};
use reconcile::{Failure, Observation, Provider, Source, Trust};

use super::pull_secrets::{pull_secrets, unusable};
use super::transport::{proxy_settings, tls_material};
use crate::Scope;
use crate::cluster::{ClusterReader, ReadError, Secret};
use crate::failure::{authentication, verification};
use crate::verifier::Material;

/// How an attempt may speak with its registry, and what it checks signatures with.
pub(super) struct Access {
    pub(super) origin: Origin,
    pub(super) repository: Arc<str>,
    pub(super) credential: Arc<Credential>,
    /// `None` where the object trusts without a signature; a failure here is one of the verification.
    pub(super) material: Option<Result<Material, Failure>>,
    url: String,
}

impl Access {
    /// The failure of an origin that no client can be made for.
    pub(super) fn unusable(&self, error: &oci::Error) -> Failure {
        authentication(format!("failed to generate transport for '{}': {error}", self.url))
    }
}

/// Reads what the specification names; payloads are dropped with the attempt (D53).
pub(super) async fn dereference(
    scope: &Scope,
    source: &Source,
    cluster: &dyn ClusterReader,
    docker_config: Option<&Path>,
    seen: &RefCell<Observation>,
) -> Result<Access, Failure> {
    let reading = async {
        let configs = pull_secrets(scope, source, cluster, seen).await?;
        let origin = Origin {
            plain_http: source.insecure,
            proxy: proxy(scope, source, cluster).await?,
            tls: tls(scope, source, cluster).await?,
            ..Origin::new(source.repository.api_host())
        };
        let credential = credential(source, configs.as_deref(), docker_config).await?;
        let material = match &source.trust {
            None => None,
            Some(trust) => Some(material(scope, trust, cluster).await),
        };
        let repository = source.repository.path().into();
        Ok(Access { origin, repository, credential: Arc::new(credential), material, url: source.url.clone() })
    };
    let in_time = async {
        let read = tokio::time::timeout(scope.budget.total(), reading).await;
        read.unwrap_or_else(|_| {
            let text = "failed to get credential: the cluster did not answer within spec.timeout";
            Err(authentication(text.to_owned()))
        })
    };
    scope.unless_cancelled(in_time).await
}

/// That of a pull secret, else that of the process, which counts only where there are pull secrets at all (spec 4.2, D8).
async fn credential(
    source: &Source,
    configs: Option<&[DockerConfig]>,
    docker_config: Option<&Path>,
) -> Result<Credential, Failure> {
    let select = |configs: &[DockerConfig]| {
        oci::docker_config::select(configs, source.repository.registry(), source.repository.path())
    };
    if let Some(configs) = configs {
        if let Some(selected) = select(configs) {
            return Ok(selected);
        }
        let own = own_docker_config(docker_config).await?;
        return Ok(own.and_then(|own| select(&[own])).unwrap_or_default());
    }
    let provider = match source.provider {
        Provider::Generic => return Ok(Credential::Anonymous),
        Provider::Aws => "aws",
        Provider::Azure => "azure",
        Provider::Gcp => "gcp",
    };
    Err(unusable(&format!(
        "login with provider '{provider}' is not supported by this version; name a pull secret in spec.secretRef"
    )))
}

async fn own_docker_config(path: Option<&Path>) -> Result<Option<DockerConfig>, Failure> {
    let Some(path) = path else {
        return Ok(None);
    };
    let unreadable = |why: &dyn std::fmt::Display| {
        unusable(&format!("the operator's docker config file '{}' cannot be used: {why}", path.display()))
    };
    match tokio::fs::read(path).await {
        Ok(bytes) => DockerConfig::parse_json(&bytes).map(Some).map_err(|error| unreadable(&error)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unreadable(&error.kind())),
    }
}

async fn proxy(
    scope: &Scope,
    source: &Source,
    cluster: &dyn ClusterReader,
) -> Result<Option<ProxySettings>, Failure> {
    let Some(name) = &source.proxy else {
        return Ok(None);
    };
    let failed = |text: String| authentication(format!("failed to get proxy address: {text}"));
    let (owner, secret) = named(scope, name, cluster).await.map_err(failed)?;
    proxy_settings(&owner, &secret).map(Some).map_err(failed)
}

async fn tls(
    scope: &Scope,
    source: &Source,
    cluster: &dyn ClusterReader,
) -> Result<Option<TlsMaterial>, Failure> {
    let Some(name) = &source.certificates else {
        return Ok(None);
    };
    let failed =
        |text: String| authentication(format!("failed to generate transport for '{}': {text}", source.url));
    let (owner, secret) = named(scope, name, cluster).await.map_err(failed)?;
    tls_material(&owner, &secret).map(Some).map_err(failed)
}

async fn named(scope: &Scope, name: &str, cluster: &dyn ClusterReader) -> Result<(String, Secret), String> {
    let owner = format!("{}/{name}", scope.key.namespace);
    match cluster.secret(&scope.key.namespace, name).await {
        Ok(secret) => Ok((owner, secret)),
        Err(ReadError::NotFound(_)) => Err(format!("secret '{owner}' not found")),
        Err(ReadError::Unreadable(text)) => Err(format!("failed to get secret '{owner}': {text}")),
    }
}

async fn material(scope: &Scope, trust: &Trust, cluster: &dyn ClusterReader) -> Result<Material, Failure> {
    let provider = trust.display();
    let namespace = &scope.key.namespace;
    let refused = |text: &str| verification(&provider, text);
    let root = match &trust.trusted_root {
        None => None,
        Some(name) => {
            let unreadable = |text: String| {
                refused(&format!("failed to read trusted root from secret '{namespace}/{name}': {text}"))
            };
            let secret =
                cluster.secret(namespace, name).await.map_err(|error| unreadable(error.to_string()))?;
            let key = "trusted_root.json";
            let missing = || unreadable(format!("'{key}' not found in secret '{namespace}/{name}'"));
            Some(secret.data.get(key).cloned().ok_or_else(missing)?)
        }
    };
    let secret = match &trust.secret {
        None => None,
        Some(name) => {
            Some(cluster.secret(namespace, name).await.map_err(|error| refused(&error.to_string()))?)
        }
    };
    let data = secret.map(|secret| secret.data).unwrap_or_default();
    let fingerprint = verify::fingerprint(&trust.provider, root.as_deref(), &data);
    let keys = data.into_iter().filter(|(name, _)| name.strip_suffix(".pub").is_some());
    let keys = keys.map(|(name, pem)| verify::PublicKey { name, pem }).collect();
    Ok(Material { keys, fingerprint })
}
