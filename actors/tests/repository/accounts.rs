//! Whose pull secrets an object uses where the operator has a default `ServiceAccount`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix::{Actor, Addr};
use async_trait::async_trait;
use oci::{Credential, Identity};
use reconcile::{ConditionKind, Truth};
use serde_json::{Value, json};
use sluice_actors::cluster::{ClusterReader, ReadError, Secret, ServiceAccount};
use sluice_actors::repository::Services;
use sluice_actors::watcher::{DependencyChanged, ObjectChanged, Watcher};
use sluice_actors::{Dependency, DependencyKind};

use crate::support::{Registry, Seen, object, services, stored};

const LOCKED: &str = "failed to get service account 'team/tenant': the specified default service account does not exist \
    in the object namespace. your cluster is subject to multi-tenant workload identity lockdown, reach out to your \
    cluster administrator for help";

/// Each Secret holds its own name as the password; each account lists its pull secrets.
#[derive(Default)]
struct Namespace {
    accounts: Mutex<BTreeMap<&'static str, Vec<&'static str>>>,
    secrets: Vec<&'static str>,
    forbidden: bool,
    reads: Mutex<Vec<String>>,
}

#[async_trait]
impl ClusterReader for Namespace {
    async fn secret(&self, _: &str, name: &str) -> Result<Secret, ReadError> {
        self.reads.lock().unwrap().push(format!("secret {name}"));
        if !self.secrets.contains(&name) {
            return Err(ReadError::NotFound(format!("secrets {name:?} not found")));
        }
        let config = json!({"auths": {"ghcr.io": {"username": "robot", "password": name}}});
        Ok(Secret {
            kind: "kubernetes.io/dockerconfigjson".into(),
            data: [(".dockerconfigjson".to_owned(), config.to_string().into_bytes())].into(),
            version: "1".into(),
        })
    }

    async fn service_account(&self, _: &str, name: &str) -> Result<ServiceAccount, ReadError> {
        self.reads.lock().unwrap().push(format!("account {name}"));
        if self.forbidden {
            return Err(ReadError::Unreadable("serviceaccounts is forbidden".to_owned()));
        }
        let found = self.accounts.lock().unwrap().get(name).cloned();
        let secrets =
            found.ok_or_else(|| ReadError::NotFound(format!("serviceaccounts {name:?} not found")))?;
        Ok(ServiceAccount {
            image_pull_secrets: secrets.into_iter().map(str::to_owned).collect(),
            version: "1".into(),
            ..ServiceAccount::default()
        })
    }
}

struct Scene {
    watcher: Addr<Watcher>,
    namespace: Arc<Namespace>,
    seen: Seen,
}

impl Scene {
    /// An operator with the default account `tenant` shows this object.
    async fn of(namespace: Namespace, spec: Value) -> Self {
        let namespace = Arc::new(namespace);
        let (services, seen) = services(Registry::Answers);
        let cluster = Arc::clone(&namespace) as Arc<dyn ClusterReader>;
        let default_account = Some("tenant".into());
        let services = Services { cluster, default_account, ..(*services).clone() };
        let watcher = Watcher::new(Arc::new(services)).start();
        for changed in [
            ObjectChanged::RelistStarted,
            ObjectChanged::RelistFinished,
            ObjectChanged::Applied(object(1, json!({"spec": spec, "status": stored()["status"]}))),
        ] {
            watcher.send(changed).await.unwrap();
        }
        Self { watcher, namespace, seen }
    }

    /// With whose password the registry was asked.
    async fn asked_with(&mut self) -> Identity {
        self.seen.resolve.recv().await.unwrap().line.identity
    }

    /// What the object says after an attempt that failed on its credential. Its artifact stays.
    async fn refusal(&mut self) -> String {
        let status = self.seen.write.recv().await.unwrap().status;
        let failed = status.conditions.get(ConditionKind::FetchFailed).unwrap();
        assert_eq!((failed.truth, failed.reason.as_str()), (Truth::True, "AuthenticationFailed"));
        assert!(status.artifact.is_some() && self.seen.resolve.try_recv().is_err());
        failed.message.clone()
    }

    fn reads(&self) -> Vec<String> {
        self.namespace.reads.lock().unwrap().clone()
    }
}

fn password(password: &str) -> Identity {
    Credential::Basic { username: "robot".to_owned(), password: password.to_owned() }.identity()
}

fn holding(accounts: &[(&'static str, &[&'static str])], secrets: &[&'static str]) -> Namespace {
    let accounts = accounts.iter().map(|(name, pull)| (*name, pull.to_vec())).collect();
    Namespace { accounts: Mutex::new(accounts), secrets: secrets.to_vec(), ..Namespace::default() }
}

#[actix::test]
async fn an_object_that_names_no_account_pulls_with_the_default_one_of_its_namespace() {
    let mut scene = Scene::of(holding(&[("tenant", &["shared"])], &["shared"]), json!({})).await;

    assert_eq!(scene.asked_with().await, password("shared"));
    assert_eq!(scene.reads(), ["account tenant", "secret shared"]);
}

#[actix::test]
async fn a_default_account_without_pull_secrets_leaves_an_object_anonymous() {
    let mut scene = Scene::of(holding(&[("tenant", &[])], &[]), json!({})).await;

    assert_eq!(scene.asked_with().await, Identity::ANONYMOUS);
}

#[actix::test]
async fn an_account_that_is_named_takes_the_place_of_the_default_one() {
    let accounts = holding(&[("robot", &["own"])], &["own"]);
    let mut scene = Scene::of(accounts, json!({"serviceAccountName": "robot"})).await;
    assert_eq!(scene.asked_with().await, password("own"));
    assert_eq!(scene.reads(), ["account robot", "secret own"]);

    let mut scene = Scene::of(holding(&[], &[]), json!({"serviceAccountName": "robot"})).await;
    let recorded = "failed to get credential: serviceaccount 'team/robot' not found";
    assert_eq!(scene.refusal().await, recorded);
}

#[actix::test]
async fn a_secret_of_the_object_comes_before_those_of_the_default_account() {
    let accounts = holding(&[("tenant", &["shared"])], &["shared", "own"]);
    let mut scene = Scene::of(accounts, json!({"secretRef": {"name": "own"}})).await;

    assert_eq!(scene.asked_with().await, password("own"));
    assert_eq!(scene.reads(), ["account tenant", "secret own", "secret shared"]);
}

#[actix::test]
async fn where_the_default_account_is_missing_an_object_fails_before_anything_else_is_read() {
    let mut scene = Scene::of(holding(&[], &["own"]), json!({"secretRef": {"name": "own"}})).await;

    assert_eq!(scene.refusal().await, LOCKED);
    assert_eq!(scene.reads(), ["account tenant"]);
}

#[actix::test]
async fn a_default_account_that_appears_wakes_whom_its_absence_failed() {
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let mut scene = Scene::of(holding(&[], &["shared"]), json!({})).await;
    assert_eq!(scene.refusal().await, LOCKED);

    scene.namespace.accounts.lock().unwrap().insert("tenant", vec!["shared"]);
    let dependency = Dependency::new(DependencyKind::ServiceAccount, "team", "tenant");
    let shown = DependencyChanged::Applied { dependency, version: "1".into() };
    scene.watcher.send(shown).await.unwrap();

    assert_eq!(scene.asked_with().await, password("shared"));
    assert!(begun.elapsed().is_zero(), "it waited for its back-off: {:?}", begun.elapsed());
}

#[actix::test]
async fn what_else_fails_with_a_default_account_is_said_of_it_by_name() {
    let forbidden = Namespace { forbidden: true, ..Namespace::default() };
    let mut scene = Scene::of(forbidden, json!({})).await;
    let text = "failed to get service account 'team/tenant': serviceaccounts is forbidden";
    assert_eq!(scene.refusal().await, text);

    let mut scene = Scene::of(holding(&[("tenant", &["gone"])], &[]), json!({})).await;
    let text = "failed to get credential: failed to get image pull secret for serviceaccount 'team/tenant': \
        secret 'team/gone' not found";
    assert_eq!(scene.refusal().await, text);
}
