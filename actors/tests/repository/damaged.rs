//! An artifact that the scrub finds damaged: its object is due at once, unless it is suspended.

use std::time::Duration;

use actix::{Actor, Addr};
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::storage::ArtifactDamaged;
use sluice_actors::watcher::{ObjectChanged, Watcher};
use tokio::time::Instant;

use crate::support::{Registry, Seen, merge, object, services, stored};

async fn watched(look: serde_json::Value) -> (Addr<Watcher>, Seen) {
    tokio::time::pause();
    let (services, seen) = services(Registry::Answers);
    let watcher = Watcher::new(services).start();
    watcher.send(ObjectChanged::Applied(object(1, look))).await.unwrap();
    (watcher, seen)
}

fn damaged(name: &str) -> ArtifactDamaged {
    ArtifactDamaged { key: Key::new("team", name) }
}

#[actix::test]
async fn its_object_looks_at_the_store_at_once_and_no_other_does() {
    let (watcher, mut seen) = watched(stored()).await;
    seen.inspect.recv().await.unwrap();
    seen.write.recv().await.unwrap();
    let before = Instant::now();

    watcher.send(damaged("another")).await.unwrap();
    watcher.send(damaged("app")).await.unwrap();

    assert_eq!(seen.inspect.recv().await.unwrap().scope.attempt, 2);
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    seen.write.recv().await.unwrap();
    seen.inspect.recv().await.unwrap();
    assert!(before.elapsed() > Duration::from_secs(30), "the next look is that of the interval");
}

#[actix::test]
async fn a_suspended_object_is_left_until_it_is_resumed() {
    let mut suspended = stored();
    merge(&mut suspended, json!({"spec": {"suspend": true}}));
    let (watcher, mut seen) = watched(suspended).await;

    watcher.send(damaged("app")).await.unwrap();
    watcher.send(ObjectChanged::Applied(object(2, stored()))).await.unwrap();

    let inspect = seen.inspect.recv().await.unwrap();
    assert_eq!(inspect.scope.attempt, 1, "nothing was looked at before");
}
