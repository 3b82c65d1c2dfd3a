//! The Fetcher, offered what another repository of the origin has led to (D24).

use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use artifact::digest::Algorithm;
use artifact::store::{PrivateLink, Settings, Store};
use oci::Descriptor;
use reconcile::{Failure, Operation};
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::fetcher::{Fetch, Fetched, Fetcher};
use sluice_actors::testing::scope;
use tempfile::TempDir;

use crate::registry::{LAYER, Registry};

/// A store with what was made of another repository's layer.
struct Scene {
    store: Arc<Store>,
    _root: TempDir,
}

impl Scene {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(root.path(), Settings::default()).unwrap());
        let key = artifact::store::Key::new("team", "other").unwrap();
        let write = |out: &mut dyn std::io::Write| {
            out.write_all(b"archive")?;
            Ok::<_, std::io::Error>((Algorithm::Sha256.digest_of(&b"archive"[..])?, 7))
        };
        let revision = format!("sha256:{}", "a".repeat(64));
        let published = store.publish(&key, &revision, write, || true).unwrap();
        store.remember("recipe", &published.path, &published.digest);
        Self { store, _root: root }
    }

    fn elsewhere(&self) -> PrivateLink {
        self.store.recall("recipe").unwrap()
    }

    async fn fetch(&self, registry: &Registry, elsewhere: Option<PrivateLink>) -> Result<Fetched, Failure> {
        let scope = scope(&Key::new("team", "app"), Duration::from_secs(30));
        let fetch = Fetch {
            scope,
            line: registry.line(),
            url: "oci://here/app".to_owned(),
            repository: registry.repository(),
            layer: layer(),
            operation: Operation::Copy,
            elsewhere,
        };
        Fetcher::new(Arc::clone(&self.store), None).start().send(fetch).await.unwrap()
    }
}

fn layer() -> Descriptor {
    let digest = Algorithm::Sha256.digest_of(LAYER.as_bytes()).unwrap().to_string();
    serde_json::from_value(json!({"digest": digest, "size": LAYER.len()})).unwrap()
}

fn requests(methods: &[&str]) -> Vec<String> {
    methods.iter().map(|method| format!("{method} /v2/app/blobs/{}", layer().digest)).collect()
}

#[actix::test]
async fn what_another_repository_led_to_is_taken_where_this_one_has_the_layer() {
    let (scene, registry) = (Scene::new(), Registry::of_layer(true).await);

    let fetched = scene.fetch(&registry, Some(scene.elsewhere())).await;

    assert!(matches!(fetched, Ok(Fetched::Elsewhere(_))));
    assert_eq!(registry.seen(), requests(&["HEAD"]));
}

#[actix::test]
async fn what_another_repository_led_to_is_not_given_to_one_that_lacks_the_layer() {
    let (scene, registry) = (Scene::new(), Registry::of_layer(false).await);

    let failure = scene.fetch(&registry, Some(scene.elsewhere())).await.unwrap_err();

    assert!(failure.message.contains("404"), "{}", failure.message);
    assert_eq!(registry.seen(), requests(&["HEAD", "GET"]));
}

#[actix::test]
async fn where_nothing_is_known_of_the_layer_it_is_transferred_at_once() {
    let (scene, registry) = (Scene::new(), Registry::of_layer(true).await);

    let fetched = scene.fetch(&registry, None).await.unwrap();

    assert!(matches!(fetched, Fetched::Memory(bytes) if bytes == LAYER));
    assert_eq!(registry.seen(), requests(&["GET"]));
}
