//! The chart as a test runs it: its objects for one namespace, its account and roles on a control plane, and the command
//! line of its container.

use std::path::PathBuf;

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::api::resource;
use super::chart::only;
use super::controlplane::{ControlPlane, client_of};
use super::waiting::{if_so, until};

const ROLES: &str = "rbac.authorization.k8s.io/v1";

/// What is different from the chart's defaults in a test that says nothing else: it has one namespace of a cluster that
/// others use too, and nobody there takes notifications.
pub(crate) fn of_a_test(more: &Value) -> Value {
    let mut values = json!({"watchAllNamespaces": false, "eventsAddress": ""});
    for (name, value) in more.as_object().expect("values have names") {
        values[name] = value.clone();
    }
    super::chart::values(&values)
}

/// A Lease as short as the time limit of a write allows, for a test that kills the leader: the next one must wait for the
/// Lease to expire.
pub(crate) fn short_lease() -> Value {
    json!({"leaderElection": {"leaseSeconds": 13, "renewSeconds": 10, "retrySeconds": 1}})
}

/// The objects of the chart in one namespace.
pub(crate) struct Release {
    namespace: String,
    objects: Vec<Value>,
}

impl Release {
    /// A release of these objects, which helm has rendered.
    pub(crate) fn new(objects: Vec<Value>) -> Self {
        let namespace = text(&only(&objects, "Deployment")["metadata"]["namespace"]);
        Self { namespace, objects }
    }

    /// Its namespace.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Makes its account with its roles, as helm would, and returns the file by which a pod of it finds the API server.
    pub(crate) async fn place(&self, plane: &ControlPlane) -> PathBuf {
        let client = plane.client().await;
        let parameters = PatchParams::apply("cluster-tests").force();
        let is_of_the_account =
            |object: &&Value| object["kind"] == "ServiceAccount" || object["apiVersion"] == ROLES;
        for object in self.objects.iter().filter(is_of_the_account) {
            let api = kind_of(&client, object);
            api.patch(&text(&object["metadata"]["name"]), &parameters, &Patch::Apply(object)).await.unwrap();
        }
        self.kubeconfig(plane).await
    }

    /// Such a file with a token of its own, as every pod has one; waits until the roles count.
    pub(crate) async fn kubeconfig(&self, plane: &ControlPlane) -> PathBuf {
        self.kubeconfig_through(plane, &plane.url()).await
    }

    /// The same, to what stands before the API server.
    pub(crate) async fn kubeconfig_through(&self, plane: &ControlPlane, server: &str) -> PathBuf {
        let account = text(&self.pod()["serviceAccountName"]);
        let accounts: Api<ServiceAccount> = Api::namespaced(plane.client().await, &self.namespace);
        let question = TokenRequest::default();
        let answer =
            accounts.create_token_request(&account, &PostParams::default(), &question).await.unwrap();
        let token = answer.status.expect("the API server made a token").token;
        let kubeconfig = plane.kubeconfig_of(&format!("{}-{account}", self.namespace), server, &token);
        self.until_permitted(client_of(&kubeconfig).await).await;
        kubeconfig
    }

    /// The arguments of the container.
    pub(crate) fn arguments(&self) -> Vec<String> {
        super::chart::arguments(&self.objects)
    }

    /// The environment of the container, as the kubelet would set it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let variables = self.pod()["containers"][0]["env"].as_array().expect("there is an environment");
        let value = |variable: &Value| match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
            None => text(&variable["value"]),
            Some("metadata.namespace") => self.namespace.clone(),
            Some(path) => panic!("the tests have no kubelet that knows {path}"),
        };
        variables.iter().map(|variable| (text(&variable["name"]), value(variable))).collect()
    }

    fn pod(&self) -> &Value {
        &only(&self.objects, "Deployment")["spec"]["template"]["spec"]
    }

    /// A role counts as a whole, a moment after it is written.
    async fn until_permitted(&self, bearer: Client) {
        let reviews: Api<SelfSubjectAccessReview> = Api::all(bearer);
        let roles = self.objects.iter().filter(|object| object["rules"].is_array());
        for rule in roles.map(|role| &role["rules"][0]) {
            let first = |list: &str| text(&rule[list][0]);
            let question = SelfSubjectAccessReview {
                spec: SelfSubjectAccessReviewSpec {
                    resource_attributes: Some(ResourceAttributes {
                        namespace: Some(self.namespace.clone()),
                        group: Some(first("apiGroups")),
                        resource: Some(first("resources")),
                        verb: Some(first("verbs")),
                        ..ResourceAttributes::default()
                    }),
                    ..SelfSubjectAccessReviewSpec::default()
                },
                ..SelfSubjectAccessReview::default()
            };
            until(&format!("leave for {rule} for the account of {}", self.namespace), async || {
                let answer = reviews.create(&PostParams::default(), &question).await.unwrap();
                let status = answer.status.unwrap_or_default();
                if_so(status.allowed, status)
            })
            .await;
        }
    }
}

fn kind_of(client: &Client, object: &Value) -> Api<DynamicObject> {
    let kind = resource(&text(&object["apiVersion"]), &text(&object["kind"]));
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &kind),
        None => Api::all_with(client.clone(), &kind),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
