//! The Watcher and its Repositories.

use actix::Actor;
use reconcile::ConditionKind;
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::repository::{Ending, RepositoryStopped};
use sluice_actors::watcher::{ObjectChanged, StopWatching, Watcher};

use crate::support::{Registry, object, services};

#[actix::test]
async fn an_object_that_a_list_does_not_show_is_gone() {
    let (services, mut seen) = services(Registry::Hangs);
    let watcher = Watcher::new(services).start();
    watcher.send(ObjectChanged::Applied(object(1, json!({})))).await.unwrap();
    seen.resolve.recv().await.unwrap();

    watcher.send(ObjectChanged::RelistStarted).await.unwrap();
    watcher.send(ObjectChanged::RelistFinished).await.unwrap();

    assert_eq!(seen.forget.recv().await.unwrap().key, Key::new("team", "app"));
}

#[actix::test]
async fn a_relist_that_shows_the_same_objects_touches_none() {
    let (services, mut seen) = services(Registry::Hangs);
    let watcher = Watcher::new(services).start();
    watcher.send(ObjectChanged::Applied(object(1, json!({})))).await.unwrap();
    let resolve = seen.resolve.recv().await.unwrap();

    watcher.send(ObjectChanged::RelistStarted).await.unwrap();
    watcher.send(ObjectChanged::Applied(object(1, json!({})))).await.unwrap();
    watcher.send(ObjectChanged::RelistFinished).await.unwrap();

    assert!(!resolve.scope.cancel.is_cancelled());
    assert!(seen.inspect.recv().await.is_some() && seen.inspect.try_recv().is_err());
}

#[actix::test]
async fn a_repository_that_panicked_says_so_on_its_object_and_is_started_anew_after_a_pause() {
    tokio::time::pause();
    let (services, mut seen) = services(Registry::Hangs);
    let watcher = Watcher::new(services).start();
    watcher.send(ObjectChanged::Applied(object(1, json!({})))).await.unwrap();
    seen.inspect.recv().await.unwrap();
    let begun = tokio::time::Instant::now();

    let key = Key::new("team", "app");
    watcher.send(RepositoryStopped { key, how: Ending::Panicked }).await.unwrap();

    let write = seen.write.recv().await.unwrap();
    assert_eq!(write.status.conditions.get(ConditionKind::Ready).unwrap().reason, "InternalError");
    seen.inspect.recv().await.unwrap();
    assert!((750..760).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
}

#[actix::test]
async fn a_stop_ends_when_every_attempt_has_ended() {
    let (services, mut seen) = services(Registry::Hangs);
    let watcher = Watcher::new(services).start();
    watcher.send(ObjectChanged::Applied(object(1, json!({})))).await.unwrap();
    let resolve = seen.resolve.recv().await.unwrap();

    watcher.send(StopWatching).await.unwrap().unwrap();

    assert!(resolve.scope.cancel.is_cancelled());
    watcher.send(ObjectChanged::Applied(object(2, json!({})))).await.unwrap();
    assert!(seen.inspect.recv().await.is_some() && seen.inspect.try_recv().is_err());
}
