//! The definition of OCIRepository: ours, or that of source-controller 1.9 in its place.

use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::api::{Namespace, resource};
use crate::support::manifest::documents_below;
use crate::support::waiting::{if_so, until};

const NAME: &str = "ocirepositories.source.toolkit.fluxcd.io";
const UPSTREAM: &str = include_str!("../../../crds/tests/fixtures/upstream_1_9.json");

/// Whose it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Definition {
    Ours,
    Upstreams,
}

impl Definition {
    /// Puts it in the place of the one that is there, and waits until the API server goes by it.
    pub(super) async fn install(self, client: &Client, namespace: &Namespace) {
        let manifest: Value = match self {
            Self::Ours => documents_below("crds/yaml").remove(0),
            Self::Upstreams => serde_json::from_str(UPSTREAM).unwrap(),
        };
        let kind = resource("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        let definitions = Api::<DynamicObject>::all_with(client.clone(), &kind);
        let parameters = PatchParams::apply("handover").force();
        definitions.patch(NAME, &parameters, &Patch::Apply(&manifest)).await.unwrap();
        until("definition that is served", async || {
            if_so(served(client, namespace).await == self, "the one before")
        })
        .await;
    }
}

/// Only ours knows branches.
async fn served(client: &Client, namespace: &Namespace) -> Definition {
    let kind = resource("source.toolkit.fluxcd.io/v1", "OCIRepository");
    let objects = Api::<DynamicObject>::namespaced_with(client.clone(), &namespace.name, &kind);
    let probe = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "probe"},
        "spec": {"url": "oci://example.com/app", "interval": "1h", "ref": {"branch": "main"}},
    });
    let parameters = PatchParams::apply("handover").dry_run().validation_strict();
    match objects.patch("probe", &parameters, &Patch::Apply(&probe)).await {
        Ok(_) => Definition::Ours,
        Err(error) => {
            assert!(error.to_string().contains("branch"), "{error}");
            Definition::Upstreams
        }
    }
}
