//! Docker's configuration file of the process, for what pull secrets do not cover (D8).

use std::path::Path;
use std::sync::Arc;

use actix::{Actor, Addr};
use async_trait::async_trait;
use oci::{Credential, Identity};
use reconcile::{ConditionKind, Truth};
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use sluice_actors::repository::{Repository, Services, SpecObserved};
use sluice_actors::testing::Probe;
use tempfile::TempDir;

use crate::support::{Registry, Seen, object, services};

/// A pull secret for the host that it is named for.
struct Cluster;

#[async_trait]
impl ClusterReader for Cluster {
    async fn secret(&self, _: &str, host: &str) -> Result<Secret, ReadError> {
        let config = json!({"auths": {host: {"username": "tenant", "password": "theirs"}}});
        Ok(Secret {
            kind: "kubernetes.io/dockerconfigjson".into(),
            data: [(".dockerconfigjson".to_owned(), config.to_string().into_bytes())].into(),
            version: "1".into(),
        })
    }

    async fn service_account(&self, _: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        Err(ReadError::NotFound(name.to_owned()))
    }
}

struct Scene {
    _repository: Addr<Repository>,
    _directory: TempDir,
    seen: Seen,
}

impl Scene {
    /// An object at ghcr.io with this pull secret, and a process with this configuration file.
    fn of(secret: Option<&str>, own: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        if let Some(own) = own {
            std::fs::write(&path, own).unwrap();
        }
        let (services, seen) = services(Registry::Answers);
        let docker_config = Some(Arc::<Path>::from(path));
        let services = Services { cluster: Arc::new(Cluster), docker_config, ..(*services).clone() };
        let (stopped, _) = Probe::start_with(|_| async {});
        let (naming, _) = Probe::start_with(|_| async {});
        let key = Key::new("team", "app");
        let repository = Repository::new(key, Arc::new(services), stopped, naming).start();
        let spec = json!({"secretRef": secret.map(|name| json!({"name": name}))});
        repository.do_send(SpecObserved { object: object(1, json!({"spec": spec})), initial: false });
        Self { _repository: repository, _directory: directory, seen }
    }

    async fn asked_as(mut self) -> Identity {
        self.seen.resolve.recv().await.unwrap().line.identity
    }
}

const OWN: &str = r#"{"auths": {"ghcr.io": {"username": "operator", "password": "own"}}}"#;

fn basic(username: &str, password: &str) -> Identity {
    Credential::Basic { username: username.to_owned(), password: password.to_owned() }.identity()
}

#[actix::test]
async fn a_pull_secret_that_covers_the_registry_comes_first() {
    assert_eq!(Scene::of(Some("ghcr.io"), Some(OWN)).asked_as().await, basic("tenant", "theirs"));
}

#[actix::test]
async fn what_no_pull_secret_covers_is_asked_for_with_the_file_of_the_process() {
    assert_eq!(Scene::of(Some("quay.io"), Some(OWN)).asked_as().await, basic("operator", "own"));
}

#[actix::test]
async fn without_pull_secrets_or_without_a_file_an_object_is_anonymous() {
    let anonymous = Credential::Anonymous.identity();

    assert_eq!(Scene::of(None, Some(OWN)).asked_as().await, anonymous);
    assert_eq!(Scene::of(Some("quay.io"), None).asked_as().await, anonymous);
}

#[actix::test]
async fn a_file_that_cannot_be_read_is_named_and_nothing_of_it_is_shown() {
    let mut scene = Scene::of(Some("quay.io"), Some(r#"{"auths": {"ghcr.io": {"auth": "c2VjcmV0"}}}"#));

    let status = scene.seen.write.recv().await.unwrap().status;

    let failed = status.conditions.get(ConditionKind::FetchFailed).unwrap();
    assert_eq!((failed.truth, failed.reason.as_str()), (Truth::True, "AuthenticationFailed"));
    let (head, tail) =
        ("the operator's docker config file '", "/config.json' cannot be used: unable to decode auth");
    assert!(failed.message.contains(head) && failed.message.contains(tail), "{}", failed.message);
    assert!(!failed.message.contains("secret'") && !failed.message.contains("c2Vj"), "{}", failed.message);
}
