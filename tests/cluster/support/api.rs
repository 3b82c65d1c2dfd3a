//! One namespace of the API server, as `kubectl` would use it.

use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::ApiResource;
use kube::runtime::watcher;
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

/// What a test waits for at most; nothing that is right takes as long, even on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

const MANAGER: &str = "cluster-tests";

/// A namespace of its own for one test.
#[derive(Clone)]
pub(crate) struct Namespace {
    client: Client,
    /// Its name.
    pub(crate) name: String,
}

impl Namespace {
    /// Makes it.
    pub(crate) async fn create(client: Client, name: &str) -> Self {
        let namespace = Self { client, name: name.to_owned() };
        let kinds = Api::<DynamicObject>::all_with(namespace.client.clone(), &resource("v1", "Namespace"));
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        kinds.patch(name, &PatchParams::apply(MANAGER), &Patch::Apply(object)).await.unwrap();
        namespace
    }

    /// Applies an object as it is written.
    pub(crate) async fn apply(&self, manifest: &Value) {
        let text = |value: &Value| value.as_str().expect("a manifest names its kind").to_owned();
        let api = self.of(&text(&manifest["apiVersion"]), &text(&manifest["kind"]));
        let name = text(&manifest["metadata"]["name"]);
        api.patch(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(manifest)).await.unwrap();
    }

    /// Changes part of an `OCIRepository`; returns its new generation.
    pub(crate) async fn change(&self, name: &str, patch: Value) -> i64 {
        let changed =
            self.repositories().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        changed.metadata.generation.expect("the API server counts generations")
    }

    /// Changes part of the status of an `OCIRepository`, as another operator would.
    pub(crate) async fn change_status(&self, name: &str, patch: Value) {
        let parameters = PatchParams::default();
        drop(self.repositories().patch_status(name, &parameters, &Patch::Merge(patch)).await.unwrap());
    }

    /// Asks for a reconciliation with this token.
    pub(crate) async fn poke(&self, name: &str, token: &str) {
        let annotations = json!({"reconcile.fluxcd.io/requestedAt": token});
        self.change(name, json!({"metadata": {"annotations": annotations}})).await;
    }

    /// Asks for a reconciliation and waits until it was made.
    pub(crate) async fn poked(&self, name: &str, token: &str) -> Value {
        self.poke(name, token).await;
        let what = format!("reconciliation as requested with {token}");
        self.until(name, &what, |object| {
            object["status"]["lastHandledReconcileAt"] == token && is_settled(object)
        })
        .await
    }

    /// Deletes an `OCIRepository` without waiting.
    pub(crate) async fn delete(&self, name: &str) {
        drop(self.repositories().delete(name, &DeleteParams::default()).await.unwrap());
    }

    /// Waits until the object is in a state, and returns it; an absent object is null.
    pub(crate) async fn until(&self, name: &str, what: &str, holds: impl FnMut(&Value) -> bool) -> Value {
        Self::until_of(&self.name, self.repositories(), name, what, holds).await
    }

    /// Waits until a `RegistryWebhook` is in a state, and returns it.
    pub(crate) async fn until_hook(
        &self,
        name: &str,
        what: &str,
        holds: impl FnMut(&Value) -> bool,
    ) -> Value {
        let hooks = self.of("sluice.dev/v1alpha1", "RegistryWebhook");
        Self::until_of(&self.name, hooks, name, what, holds).await
    }

    async fn until_of(
        namespace: &str,
        api: Api<DynamicObject>,
        name: &str,
        what: &str,
        mut holds: impl FnMut(&Value) -> bool,
    ) -> Value {
        let mut last = Value::Null;
        let wait = async {
            let mut states = std::pin::pin!(watcher::watch_object(api, name));
            while let Some(state) = states.next().await {
                // A watch that fails is begun anew by its next poll.
                let Ok(state) = state else {
                    tokio::time::sleep(super::process::POLL).await;
                    continue;
                };
                last = state.map_or(Value::Null, |object| serde_json::to_value(object).unwrap());
                if holds(&last) {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(LIMIT, wait).await.is_ok();
        assert!(in_time, "{namespace}/{name}: no {what} within {LIMIT:?}; it is {last:#}");
        last
    }

    /// Waits until the object is Ready with an artifact of this revision.
    pub(crate) async fn until_revision(&self, name: &str, revision: &str) -> Value {
        let what = format!("artifact of {revision}");
        self.until(name, &what, |object| {
            is_ready(object) && object["status"]["artifact"]["revision"] == revision
        })
        .await
    }

    /// Waits until the object is Ready.
    pub(crate) async fn until_ready(&self, name: &str) -> Value {
        self.until(name, "Ready", is_ready).await
    }

    /// Waits until the object has failed or stalled for this reason, given by its Ready condition's text.
    pub(crate) async fn until_failed(&self, name: &str, text: &str) -> Value {
        let failed = |object: &Value| {
            let ready = condition(object, "Ready");
            ready["status"] == "False"
                && ready["message"].as_str().is_some_and(|message| message.contains(text))
        };
        self.until(name, &format!("failure with '{text}'"), failed).await
    }

    /// The `OCIRepository` as it is now.
    pub(crate) async fn object(&self, name: &str) -> Value {
        serde_json::to_value(self.repositories().get(name).await.unwrap()).unwrap()
    }

    /// Reasons and messages of the events about an object, in no order.
    pub(crate) async fn events(&self, name: &str) -> Vec<(String, String)> {
        let events = self.of("v1", "Event").list(&ListParams::default()).await.unwrap();
        let about = events.into_iter().filter(|event| event.data["involvedObject"]["name"] == name);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        about.map(|event| (text(&event.data["reason"]), text(&event.data["message"]))).collect()
    }

    /// Every object of a kind in the namespace, as it is.
    pub(crate) async fn all(&self, api_version: &str, kind: &str) -> Vec<Value> {
        let objects = self.of(api_version, kind).list(&ListParams::default()).await.unwrap();
        objects.into_iter().map(|object| serde_json::to_value(object).unwrap()).collect()
    }

    /// Waits for an event about an object for this reason, and returns it.
    pub(crate) async fn until_event(&self, name: &str, reason: &str) -> Value {
        let chosen =
            watcher::Config::default().fields(&format!("involvedObject.name={name},reason={reason}"));
        let wait = async {
            let mut events = std::pin::pin!(watcher::watcher(self.of("v1", "Event"), chosen));
            while let Some(event) = events.next().await {
                if let Ok(watcher::Event::InitApply(event) | watcher::Event::Apply(event)) = event {
                    return serde_json::to_value(event).unwrap();
                }
            }
            panic!("a watch does not end");
        };
        let in_time = tokio::time::timeout(LIMIT, wait).await;
        in_time.unwrap_or_else(|_| panic!("{}/{name}: no event {reason} within {LIMIT:?}", self.name))
    }

    fn repositories(&self) -> Api<DynamicObject> {
        self.of("source.toolkit.fluxcd.io/v1", "OCIRepository")
    }

    fn of(&self, api_version: &str, kind: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.name, &resource(api_version, kind))
    }
}

/// Installs the definitions of `crds/yaml`, and waits until the API server serves them.
pub(crate) async fn install_definitions(client: &Client) {
    install(client, |_| true).await;
}

/// The same with the one of this name.
pub(crate) async fn install_definition(client: &Client, name: &str) {
    install(client, |found| found == name).await;
}

async fn install(client: &Client, wanted: impl Fn(&str) -> bool) {
    let kind = resource("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let definitions = Api::<DynamicObject>::all_with(client.clone(), &kind);
    for document in super::manifest::documents_below("crds/yaml") {
        let manifest: DynamicObject = serde_json::from_value(document).unwrap();
        let name = manifest.name_any();
        if !wanted(&name) {
            continue;
        }
        definitions.patch(&name, &PatchParams::apply(MANAGER), &Patch::Apply(&manifest)).await.unwrap();
        let established = |definition: Option<&DynamicObject>| {
            definition
                .is_some_and(|definition| condition(&definition.data, "Established")["status"] == "True")
        };
        let wait = kube::runtime::wait::await_condition(definitions.clone(), &name, established);
        tokio::time::timeout(LIMIT, wait).await.expect("definitions are established at once").unwrap();
    }
}

/// The condition of this type, or null.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array();
    let found =
        conditions.and_then(|conditions| conditions.iter().find(|condition| condition["type"] == kind));
    found.unwrap_or(&Value::Null)
}

/// Nothing is in progress and the newest spec was seen.
pub(crate) fn is_settled(object: &Value) -> bool {
    object["status"]["observedGeneration"] == object["metadata"]["generation"]
        && condition(object, "Reconciling").is_null()
}

/// Ready as `kubectl wait` and kstatus understand it.
pub(crate) fn is_ready(object: &Value) -> bool {
    is_settled(object) && condition(object, "Ready")["status"] == "True"
}

/// URL and digest of the artifact.
pub(crate) fn artifact(object: &Value) -> (&str, &str) {
    let field = |name: &str| object["status"]["artifact"][name].as_str().unwrap_or_default();
    (field("url"), field("digest"))
}

/// How the API server names a kind.
pub(crate) fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let plural = match kind {
        "OCIRepository" => "ocirepositories".to_owned(),
        other => format!("{}s", other.to_lowercase()),
    };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        plural,
    }
}
