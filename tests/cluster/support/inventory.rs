//! What there is of the kinds that helm or the operator could make, and the definition of `OCIRepository`.

use std::collections::BTreeSet;

use kube::api::{Api, DeleteParams, DynamicObject, ListParams};
use kube::runtime::{conditions, wait};
use kube::{Client, ResourceExt as _};

use super::api::{LIMIT, resource};

pub(crate) const DEFINITION: &str = "ocirepositories.source.toolkit.fluxcd.io";

/// In a namespace; events go by themselves.
const NAMESPACED: [(&str, &str); 9] = [
    ("apps/v1", "Deployment"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
    ("v1", "PersistentVolumeClaim"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("coordination.k8s.io/v1", "Lease"),
];
const CLUSTER_WIDE: [(&str, &str); 2] =
    [("rbac.authorization.k8s.io/v1", "ClusterRole"), ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding")];

/// A cluster and a namespace of it.
pub(crate) struct Inventory {
    client: Client,
    namespace: String,
}

impl Inventory {
    /// What this client sees.
    pub(crate) fn of(client: Client, namespace: &str) -> Self {
        Self { client, namespace: namespace.to_owned() }
    }

    /// `KIND/NAME` of what is there and stays.
    pub(crate) async fn objects(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (api_version, kind) in NAMESPACED {
            let api =
                Api::namespaced_with(self.client.clone(), &self.namespace, &resource(api_version, kind));
            found.extend(present(kind, &api).await);
        }
        for (api_version, kind) in CLUSTER_WIDE {
            let everywhere = Api::all_with(self.client.clone(), &resource(api_version, kind));
            let mut names = present(kind, &everywhere).await;
            names.retain(|name| name.contains(&format!("/{}-", self.namespace)));
            found.extend(names);
        }
        found
    }

    /// All definitions.
    pub(crate) fn definitions(&self) -> Api<DynamicObject> {
        let kind = resource("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        Api::all_with(self.client.clone(), &kind)
    }

    /// That of `OCIRepository`.
    pub(crate) async fn definition(&self) -> DynamicObject {
        self.definitions().get(DEFINITION).await.unwrap()
    }

    /// Asks for its end; returns what tells it from a later one.
    pub(crate) async fn ask_for_the_end_of_the_definition(&self) -> String {
        let uid = self.definition().await.uid().unwrap();
        self.definitions().delete(DEFINITION, &DeleteParams::default()).await.unwrap();
        uid
    }

    /// Waits for the end of the definition that was told by this.
    pub(crate) async fn until_without_definition(&self, uid: &str) {
        let gone = conditions::is_deleted(uid);
        let wait = wait::await_condition(self.definitions(), DEFINITION, gone);
        let Ok(ended) = tokio::time::timeout(LIMIT, wait).await else {
            let left = self.definitions().get_opt(DEFINITION).await;
            panic!("the definition does not end within {LIMIT:?}: {left:#?}");
        };
        ended.unwrap();
    }
}

async fn present(kind: &str, api: &Api<DynamicObject>) -> Vec<String> {
    let mut objects = api.list(&ListParams::default()).await.unwrap().items;
    objects.retain(|object| object.metadata.deletion_timestamp.is_none());
    let names = objects.iter().map(|object| format!("{kind}/{}", object.name_any()));
    names.collect()
}

/// A set of these lines.
pub(crate) fn names(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
