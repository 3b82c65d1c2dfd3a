//! Reads Secrets and service accounts at use; nothing of them is kept (D53).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::core::v1 as api;
use kube::Client;
use kube::api::GetParams;
use serde::de::DeserializeOwned;
use sluice_actors::Key;
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use sluice_actors::flights::Flights;
use tokio::sync::Semaphore;

use super::answer::{Error, text};
use super::core;

/// Reads that are under way at once. Each has a connection to itself, and more would only wait in the server. Who waits here is an
/// attempt, within `spec.timeout`, or a hook.
const UNDER_WAY: usize = 16;

/// After this time a hook, which has no time limit of its own, is told that there is no answer.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Of one object one read is under way, and all who ask meanwhile take the answer to the next: a Secret that is changed may be
/// named by all objects of a namespace. Nobody takes an answer that is older than the question.
type Shared<T> = Flights<Key, Result<T, ReadError>>;

/// The reading end.
#[derive(Clone)]
pub struct Reader {
    client: Client,
    turns: Arc<Semaphore>,
    secrets: Shared<Secret>,
    accounts: Shared<ServiceAccount>,
}

impl Reader {
    /// Reads through this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        let turns = Arc::new(Semaphore::new(UNDER_WAY));
        Self { client, turns, secrets: Flights::default(), accounts: Flights::default() }
    }

    async fn read<T: DeserializeOwned>(
        &self,
        namespace: &str,
        plural: &str,
        name: &str,
    ) -> Result<T, ReadError> {
        check(plural, name)?;
        let request = core(namespace, plural).get(name, &GetParams::default());
        let _turn = self.turns.acquire().await.ok();
        let text = text(&self.client, request).await?;
        Ok(serde_json::from_str(&text).map_err(|_| Error::Unreadable)?)
    }
}

#[async_trait]
impl ClusterReader for Reader {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        let read = Box::pin(async {
            let secret: api::Secret = self.read(namespace, "secrets", name).await?;
            let data = secret.data.unwrap_or_default();
            Ok(Secret {
                kind: secret.type_.unwrap_or_default(),
                data: data.into_iter().map(|(key, value)| (key, value.0)).collect(),
                version: secret.metadata.resource_version.unwrap_or_default().into(),
            })
        });
        share(&self.secrets, namespace, name, read).await
    }

    async fn service_account(&self, namespace: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        let read = Box::pin(async {
            let account: api::ServiceAccount = self.read(namespace, "serviceaccounts", name).await?;
            let secrets = account.image_pull_secrets.unwrap_or_default();
            Ok(ServiceAccount {
                image_pull_secrets: secrets.into_iter().map(|secret| secret.name).collect(),
                annotations: account.metadata.annotations.unwrap_or_default(),
                version: account.metadata.resource_version.unwrap_or_default().into(),
            })
        });
        share(&self.accounts, namespace, name, read).await
    }
}

async fn share<T: Clone>(
    shared: &Shared<T>,
    namespace: &str,
    name: &str,
    read: impl Future<Output = Result<T, ReadError>>,
) -> Result<T, ReadError> {
    let lead = async { Ok::<_, Infallible>(read.await) };
    let joined = shared.join_unsent(Key::new(namespace, name), lead);
    let Ok(answer) = tokio::time::timeout(LONGEST_WAIT, joined).await.unwrap_or_else(|_| {
        let text = format!("the API server did not answer within {} s", LONGEST_WAIT.as_secs());
        Ok(Err(ReadError::Unreadable(text)))
    });
    answer
}

/// A name comes from a tenant, or from who sends a delivery, and becomes part of a path: it may not lead to another one.
pub(super) fn check(plural: &str, name: &str) -> Result<(), ReadError> {
    if name.is_empty() {
        return Err(ReadError::Unreadable("resource name may not be empty".to_owned()));
    }
    if matches!(name, "." | "..") || name.contains(['/', '%']) {
        return Err(ReadError::Unreadable(format!("invalid resource name {name:?}")));
    }
    let harmless = |character: char| character.is_ascii_alphanumeric() || "-._~".contains(character);
    if !name.chars().all(harmless) {
        return Err(ReadError::NotFound(format!("{plural} {name:?} not found")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_turn_for_ever() {
        let begun = tokio::time::Instant::now();

        let read = share::<Secret>(&Flights::default(), "apps", "pull", std::future::pending()).await;

        assert_eq!(begun.elapsed(), LONGEST_WAIT);
        assert_eq!(read.unwrap_err().to_string(), "the API server did not answer within 60 s");
    }
}
