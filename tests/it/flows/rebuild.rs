//! What is fetched and built again for the same revision, and what is not (upstream's tables of passes without news).

use reconcile::{LayerSelector, Operation, Status};
use serde_json::{Value, json};

use super::images::{DOCKER_LAYER, Image};
use super::place::{Place, repository, unpacked};
use super::registry::Registry;

/// An object of 6.1.5, and the number of its changes.
struct Stage {
    registry: Registry,
    place: Place,
    changes: usize,
}

impl Stage {
    fn set() -> Self {
        let registry = Registry::open();
        registry.push(&Image::podinfo("6.1.5"), &["6.1.5"]);
        let place = Place::with(&[app(&registry, &json!({}))]);
        Self { registry, place, changes: 0 }
    }

    /// Gives the object these fields, or asks for a pass where they are the same; what comes of it.
    async fn change(&mut self, more: &Value) -> Status {
        self.changes += 1;
        let token = self.changes.to_string();
        let mut app = app(&self.registry, more);
        app["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": token});
        self.place.apply(&app);
        self.place
            .until("app", |object| {
                object.is_some_and(|object| {
                    object.status().0.last_handled_reconcile_at.as_deref() == Some(token.as_str())
                })
            })
            .await;
        self.place.settled("app").await
    }

    fn downloads(&self) -> usize {
        self.registry.asked("GET /v2/podinfo/blobs/")
    }
}

fn app(registry: &Registry, more: &Value) -> Value {
    let mut more = more.clone();
    more["ref"] = json!({"tag": "6.1.5"});
    repository("app", &registry.url(), &more)
}

#[actix::test]
async fn a_revision_is_fetched_once_and_again_only_for_other_rules() {
    let mut stage = Stage::set();
    let first = stage.place.settled("app").await;
    assert_eq!(stage.downloads(), 1);
    assert!(!first.artifact.as_ref().unwrap().metadata.is_empty());

    assert_eq!(stage.change(&json!({})).await.artifact, first.artifact);
    assert_eq!(stage.downloads(), 1);

    let ignoring = stage.change(&json!({"ignore": "hpa.yaml"})).await;
    let (before, after) = (first.artifact.unwrap(), ignoring.artifact.clone().unwrap());
    assert_eq!((&after.revision, &after.path), (&before.revision, &before.path));
    assert_ne!(after.digest, before.digest);
    assert_eq!(ignoring.observed_ignore.as_deref(), Some("hpa.yaml"));
    let names: Vec<String> =
        unpacked(&stage.place.artifact(&ignoring)).into_iter().map(|file| file.0).collect();
    assert_eq!(names, ["kustomize/deployment.yaml"]);
    assert_eq!(stage.place.latest("app"), stage.place.artifact(&ignoring));
    assert_eq!(stage.downloads(), 2);

    let again = stage.change(&json!({"ignore": "hpa.yaml"})).await;
    assert_eq!((again.artifact, stage.downloads()), (ignoring.artifact, 2));
    stage.place.leave().await;
}

#[actix::test]
async fn what_is_made_of_the_layer_follows_the_selector_and_is_recorded() {
    let mut stage = Stage::set();
    let image = Image::podinfo("6.1.5");
    stage.place.settled("app").await;
    let selected = |operation: Option<Operation>| {
        Some(LayerSelector { media_type: Some(DOCKER_LAYER.to_owned()), operation })
    };

    let by_type = stage.change(&json!({"layerSelector": {"mediaType": DOCKER_LAYER}})).await;
    assert_eq!(by_type.observed_layer_selector, selected(None));

    let copy = json!({"layerSelector": {"mediaType": DOCKER_LAYER, "operation": "copy"}});
    let copied = stage.change(&copy).await;
    assert_eq!(copied.observed_layer_selector, selected(Some(Operation::Copy)));
    assert_eq!(stage.place.artifact(&copied), image.layer);
    let downloads = stage.downloads();
    assert_eq!(stage.change(&copy).await.artifact, copied.artifact);
    assert_eq!(stage.downloads(), downloads);

    let extract = json!({"layerSelector": {"mediaType": DOCKER_LAYER, "operation": "extract"}});
    let extracted = stage.change(&extract).await;
    assert_eq!(extracted.observed_layer_selector, selected(Some(Operation::Extract)));
    assert_ne!(stage.place.artifact(&extracted), image.layer);
    assert_eq!(unpacked(&stage.place.artifact(&extracted)), unpacked(&image.layer));
    stage.place.leave().await;
}
