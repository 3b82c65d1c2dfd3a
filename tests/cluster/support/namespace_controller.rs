//! What Kubernetes does about a deleted namespace; the testbed has no controllers.

use std::collections::BTreeSet;

use super::waiting::{if_so, until};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams};
use kube::discovery::{Discovery, Scope, verbs};
use kube::{Client, ResourceExt as _};
use serde_json::json;

/// A namespace that was deleted.
pub(crate) struct Leaving {
    client: Client,
    name: String,
    kinds: Vec<Api<DynamicObject>>,
}

impl Leaving {
    /// Deletes it: nothing new can be made in it.
    pub(crate) async fn begin(client: Client, name: &str) -> Self {
        let kinds = Discovery::new(client.clone()).run().await.unwrap();
        let kinds = kinds.groups().flat_map(kube::discovery::ApiGroup::recommended_resources);
        let kinds = kinds.filter(|(_, capabilities)| {
            capabilities.scope == Scope::Namespaced
                && capabilities.supports_operation(verbs::DELETE_COLLECTION)
        });
        let kinds = kinds.map(|(kind, _)| Api::namespaced_with(client.clone(), name, &kind)).collect();
        let namespaces: Api<Namespace> = Api::all(client.clone());
        namespaces.delete(name, &DeleteParams::default()).await.unwrap();
        Self { client, name: name.to_owned(), kinds }
    }

    /// Deletes everything in it, of every kind; returns the names of what stays.
    pub(crate) async fn emptied(&self) -> BTreeSet<String> {
        let mut left = BTreeSet::new();
        for kind in &self.kinds {
            let all = ListParams::default();
            drop(kind.delete_collection(&DeleteParams::default(), &all).await.unwrap());
            left.extend(kind.list(&all).await.unwrap().items.iter().map(DynamicObject::name_any));
        }
        left
    }

    /// Empties it until nothing stays, and then lets it go.
    pub(crate) async fn end(self) {
        until(&format!("end of all that is in {}", self.name), async || {
            let left = self.emptied().await;
            if_so(left.is_empty(), left)
        })
        .await;
        let done = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.name},
            "spec": {"finalizers": []},
        });
        let path = format!("/api/v1/namespaces/{}/finalize", self.name);
        let request = http::Request::put(path).header("content-type", "application/json");
        let request = request.body(done.to_string().into_bytes()).unwrap();
        self.client.request_text(request).await.unwrap();
        let namespaces: Api<Namespace> = Api::all(self.client);
        assert_eq!(namespaces.get_opt(&self.name).await.unwrap(), None);
    }
}
