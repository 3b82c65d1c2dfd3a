//! While all processors are busy: who has to wait for one, and who need not.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use artifact::store::{Settings, Store};
use sluice_actors::storage::{Address, Claim, Claimed, Inspect, Processors, RecipeKey, Storage};

use super::{FIRST, SECOND, Scene, app, scope};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(10);

/// A scene and its processors.
fn scene() -> (Scene, Arc<Processors>) {
    let root = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(root.path(), Settings::default()).unwrap());
    let storage = Storage::new(Arc::clone(&store), Address::new("here"), artifact::Limits::default());
    let processors = storage.processors();
    (Scene { root, store, storage: storage.start() }, processors)
}

fn claim(digest: &str) -> Claim {
    let recipe = RecipeKey { of_repository: digest.to_owned(), of_origin: format!("any {digest}") };
    Claim { scope: scope(&app()), recipe }
}

async fn one_waits(processors: &Processors) {
    let waiting = async {
        while processors.waiting() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap();
}

#[actix::test]
async fn only_a_claim_of_what_was_made_before_waits_for_a_processor() {
    let (scene, processors) = scene();
    scene.publish(&app(), FIRST).await.unwrap();
    let busy: Vec<_> = std::iter::from_fn(|| processors.spare()).collect();

    let new = tokio::time::timeout(SOON, scene.storage.send(claim(SECOND))).await.unwrap();
    assert!(matches!(new.unwrap(), Ok(Claimed::Build(_))));

    let known = tokio::task::spawn_local(scene.storage.send(claim(FIRST)));
    one_waits(&processors).await;
    drop(busy);
    assert!(matches!(known.await.unwrap().unwrap(), Ok(Claimed::Built(_))));
}

#[actix::test]
async fn an_attempt_that_is_overtaken_waits_no_longer() {
    let (scene, processors) = scene();
    let _busy: Vec<_> = std::iter::from_fn(|| processors.spare()).collect();
    let scope = scope(&app());
    let inspect = Inspect { scope: scope.clone(), recorded: None, shown: None };
    let inspected = tokio::task::spawn_local(scene.storage.send(inspect));
    one_waits(&processors).await;

    scope.cancel.cancel();

    let inspected = tokio::time::timeout(SOON, inspected).await.unwrap();
    assert!(inspected.unwrap().unwrap().is_err_and(|failure| failure.is_cancelled()));
    assert_eq!(processors.waiting(), 0);
}
