//! Deletion and disappearance.

use std::future::ready;
use std::time::Duration;

use actix::Actor;
use artifact::store::Error;
use reconcile::{Reason, Severity};
use serde_json::json;
use sluice_actors::repository::{Ending, ObjectVanished, Repository, Services, SpecObserved};
use sluice_actors::status_writer::Announce;
use sluice_actors::storage::Purge;
use sluice_actors::testing::Probe;
use sluice_actors::{End, Key, failure};
use tokio::time::Instant;

use crate::owner::next;
use crate::recorded::Record;
use crate::support::{Registry, object, services, stored};

fn dying() -> serde_json::Value {
    json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
}

#[actix::test]
async fn deletion_ends_the_attempt_then_removes_files_then_the_finalizer() {
    let (services, mut seen) = services(Registry::Hangs);
    let (stopped, mut endings) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    let observed = |generation, extra| SpecObserved { object: object(generation, extra), initial: false };
    repository.send(observed(1, json!({}))).await.unwrap();
    let resolve = seen.resolve.recv().await.unwrap();

    repository.send(observed(2, dying())).await.unwrap();
    seen.purge.recv().await.unwrap();
    assert!(resolve.scope.cancel.is_cancelled());
    seen.remove.recv().await.unwrap();
    repository.send(ObjectVanished).await.unwrap();

    seen.forget.recv().await.unwrap();
    assert_eq!(endings.recv().await.unwrap().how, Ending::Finished);
    assert!(seen.write.try_recv().is_err(), "nothing is written for an object that only we held");
}

#[actix::test]
async fn an_object_that_others_hold_loses_its_artifact_from_the_status_and_is_retired_once() {
    let (services, mut seen) = services(Registry::Answers);
    let (stopped, _endings) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    let mut held = dying();
    held["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io", "example.com/keep"]);
    held["status"] = stored()["status"].clone();
    repository.send(SpecObserved { object: object(2, held.clone()), initial: false }).await.unwrap();

    assert_eq!(seen.write.recv().await.unwrap().status.artifact, None);
    seen.remove.recv().await.unwrap();
    held["metadata"]["finalizers"] = json!(["example.com/keep"]);
    repository.send(SpecObserved { object: object(3, held), initial: false }).await.unwrap();
    repository.send(ObjectVanished).await.unwrap();
    seen.forget.recv().await.unwrap();
    assert!(seen.purge.recv().await.is_some() && seen.purge.try_recv().is_err());
}

#[actix::test]
async fn an_object_that_dies_before_it_was_ours_ends_without_a_failure() {
    let (services, mut seen) = services(Registry::Answers);
    let (stopped, _endings) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    let mut held = dying();
    held["metadata"]["finalizers"] = json!(["example.com/keep"]);

    repository.send(SpecObserved { object: object(1, held), initial: true }).await.unwrap();

    seen.purge.recv().await.unwrap();
    assert_eq!(seen.record.recv().await, Some(Record::Begun { again: false }));
    assert_eq!(seen.record.recv().await, Some(Record::Ended(End::Resting)));
    assert!(seen.inspect.try_recv().is_err() && seen.add.try_recv().is_err(), "no attempt, no finalizer");
    let write = seen.write.recv().await.unwrap();
    assert!(write.status.conditions.is_empty() && write.status.artifact.is_none());
}

#[actix::test]
async fn files_that_cannot_be_removed_keep_the_finalizer_and_are_tried_again() {
    tokio::time::pause();
    let (services, mut seen) = services(Registry::Answers);
    let mut obstacles = 2;
    let (purge, mut purges) = Probe::start_with(move |_: &Purge| {
        let refused = Error::Io {
            action: "remove directory",
            path: "ocirepository/team/app".to_owned(),
            source: std::io::ErrorKind::ReadOnlyFilesystem.into(),
        };
        let refused = (obstacles > 0).then(|| failure::purge(&refused));
        obstacles -= 1;
        ready(refused.map_or(Ok(true), Err))
    });
    let (announce, mut events) = Probe::start_with(|_: &Announce| async {});
    let (stopped, _endings) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let services = Services { purge, announce, ..(*services).clone() };
    let repository = Repository::new(Key::new("team", "app"), services.into(), stopped, naming).start();
    let begun = Instant::now();
    repository.send(SpecObserved { object: object(2, dying()), initial: false }).await.unwrap();

    for pause in [750, 1500] {
        next(&mut purges).await;
        let event = next(&mut events).await.announcements.remove(0);
        assert_eq!((event.severity, event.reason), (Severity::Warning, Reason::GarbageCollectionFailed));
        assert_eq!(
            event.message,
            "garbage collection for deleted resource failed: failed to remove directory 'ocirepository/team/app': \
             read-only filesystem or storage medium"
        );
        assert!(seen.remove.try_recv().is_err(), "the finalizer stays");
        tokio::time::advance(Duration::from_millis(pause - 1)).await;
        assert!(purges.try_recv().is_err(), "it was tried again before {pause} ms");
        tokio::time::advance(Duration::from_millis(2)).await;
    }
    next(&mut purges).await;
    next(&mut seen.remove).await;
    assert!(begun.elapsed() < Duration::from_secs(3));
}
