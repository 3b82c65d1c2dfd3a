//! Every version of every object, as a watch shows it to consumers.

use futures::StreamExt;
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::fixture::Fixture;
use crate::support::api::{LIMIT, resource};

/// Longer than any test.
const WATCH_SECONDS: u32 = 290;

const END: &str = "example.com/end-of-history";

/// A watch that has begun.
pub(super) struct History {
    client: Client,
    versions: watch::Sender<Vec<Value>>,
    watching: JoinHandle<()>,
}

impl History {
    /// Begins with the objects as they are now.
    pub(super) async fn begin(client: Client) -> Self {
        let objects = everywhere(client.clone());
        let now = objects.list(&ListParams::default()).await.unwrap();
        let from = now.metadata.resource_version.unwrap();
        let now: Vec<Value> = now.items.iter().map(|object| serde_json::to_value(object).unwrap()).collect();
        let versions = watch::Sender::new(now);
        let sender = versions.clone();
        let watching = tokio::spawn(async move {
            let parameters = WatchParams::default().timeout(WATCH_SECONDS);
            let mut events = objects.watch(&parameters, &from).await.unwrap().boxed();
            while let Some(event) = events.next().await {
                if let WatchEvent::Added(object) | WatchEvent::Modified(object) = event.unwrap() {
                    let version = serde_json::to_value(&object).unwrap();
                    sender.send_modify(|versions| versions.push(version));
                }
            }
        });
        Self { client, versions, watching }
    }

    /// All versions of the object that the API server has shown until now, the first as it was at the beginning.
    pub(super) async fn of(&self, fixture: &Fixture) -> Vec<Value> {
        let (name, namespace) = (fixture.name(), fixture.namespace());
        let kind = resource("source.toolkit.fluxcd.io/v1", "OCIRepository");
        let objects = Api::<DynamicObject>::namespaced_with(self.client.clone(), namespace, &kind);
        let mark = Patch::Merge(json!({"metadata": {"annotations": {END: "now"}}}));
        objects.patch(name, &PatchParams::default(), &mark).await.unwrap();
        let is_this = |version: &Value| {
            version["metadata"]["name"] == name && version["metadata"]["namespace"] == namespace
        };
        let is_end = |version: &Value| version["metadata"]["annotations"][END] == "now";
        let what = format!("end of {namespace}/{name}");
        let all = self.until(&what, |version| is_this(version) && is_end(version)).await;
        all.into_iter().filter(is_this).take_while(|version| !is_end(version)).collect()
    }

    /// Waits until some version of some object is such a one; returns all versions so far.
    pub(super) async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut versions = self.versions.subscribe();
        let shown = versions.wait_for(|all| all.iter().any(&holds));
        let Ok(shown) = tokio::time::timeout(LIMIT, shown).await else {
            panic!("the watch shows no {what}; it is over: {}", self.watching.is_finished());
        };
        shown.expect("the sender lives in this very history").clone()
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

fn everywhere(client: Client) -> Api<DynamicObject> {
    Api::all_with(client, &resource("source.toolkit.fluxcd.io/v1", "OCIRepository"))
}
