//! Attempts: one at a time, overtaken by what is newer, failed by what panics.

use actix::{Actor, Addr};
use reconcile::{ConditionKind, Truth};
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::repository::{Repository, SpecObserved};
use sluice_actors::storage::Inspect;
use sluice_actors::testing::Probe;

use crate::support::{DIGEST, Registry, Seen, object, services, stored};

fn repository(registry: Registry) -> (Addr<Repository>, Seen) {
    let (services, seen) = services(registry);
    let (stopped, _) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    (Repository::new(Key::new("team", "app"), services, stopped, naming).start(), seen)
}

fn observed(generation: i64, extra: serde_json::Value) -> SpecObserved {
    SpecObserved { object: object(generation, extra), initial: false }
}

#[actix::test]
async fn an_unchanged_pass_asks_for_the_revision_and_nothing_else() {
    let (repository, mut seen) = repository(Registry::Answers);
    repository.send(observed(1, stored())).await.unwrap();

    let write = seen.write.recv().await.unwrap();
    assert_eq!(write.status.artifact.as_ref().unwrap().revision, format!("v1@{DIGEST}"));
    assert!(write.status.conditions.is(ConditionKind::Ready, Truth::True));
    assert!(!seen.resolve.recv().await.unwrap().expect_new);
    assert!(seen.add.try_recv().is_err(), "the finalizer was there already");
}

#[actix::test]
async fn the_file_that_the_cluster_still_shows_is_named_beside_the_one_last_concluded() {
    let (repository, mut seen) = repository(Registry::Answers);
    repository.send(observed(1, stored())).await.unwrap();
    let first = seen.inspect.recv().await.unwrap();
    let other = json!({"spec": {"ref": {"tag": "v2"}}, "status": {"artifact": {"path": "older"}}});
    let mut shown = stored();
    crate::support::merge(&mut shown, other);

    repository.send(observed(2, shown)).await.unwrap();
    let second = seen.inspect.recv().await.unwrap();

    let paths = |inspect: &Inspect| {
        (inspect.recorded.as_ref().map(|artifact| artifact.path.clone()), inspect.shown.clone())
    };
    assert_eq!(paths(&first), (Some("p".to_owned()), Some("p".to_owned())));
    assert_eq!(paths(&second), (Some("p".to_owned()), Some("older".to_owned())));
}

#[actix::test]
async fn a_new_generation_cancels_the_resolution_in_flight_and_the_newest_is_attempted() {
    let (repository, mut seen) = repository(Registry::Hangs);
    repository.send(observed(1, json!({}))).await.unwrap();
    let first = seen.resolve.recv().await.unwrap();
    for generation in [2, 3] {
        let spec = json!({"spec": {"ref": {"tag": format!("v{generation}")}}});
        repository.do_send(observed(generation, spec));
    }
    let second = seen.resolve.recv().await.unwrap();

    assert!(first.scope.cancel.is_cancelled() && !second.scope.cancel.is_cancelled());
    assert_eq!(second.selector.name(), Some("v3"));
    assert_eq!(second.scope.attempt, first.scope.attempt + 1);
    assert!(seen.write.try_recv().is_err(), "an overtaken attempt writes nothing");
}

#[actix::test]
async fn a_panic_in_an_attempt_is_that_attempts_failure_and_it_is_tried_again() {
    tokio::time::pause();
    let (repository, mut seen) = repository(Registry::Answers);
    repository.send(observed(1, json!({"spec": {"secretRef": {"name": "explosive"}}}))).await.unwrap();
    seen.inspect.recv().await.unwrap();

    let write = seen.write.recv().await.unwrap();
    let ready = write.status.conditions.get(ConditionKind::Ready).unwrap();
    assert_eq!((ready.truth, ready.reason.as_str()), (Truth::False, "InternalError"));
    assert!(!ready.message.contains("explosive"), "the panic's text is for the log");
    seen.inspect.recv().await.unwrap();
    assert!(repository.connected());
}

#[actix::test]
async fn a_suspended_object_gets_its_finalizer_and_no_attempt() {
    let (repository, mut seen) = repository(Registry::Answers);
    let asleep = json!({"metadata": {"finalizers": []}, "spec": {"suspend": true}});
    repository.send(observed(1, asleep)).await.unwrap();

    seen.add.recv().await.unwrap();
    let write = seen.write.recv().await.unwrap();
    assert!(write.status.conditions.is_empty());
    assert!(seen.inspect.try_recv().is_err());
}

#[actix::test]
async fn suspension_cancels_the_attempt_and_starts_no_other() {
    let (repository, mut seen) = repository(Registry::Hangs);
    repository.send(observed(1, json!({}))).await.unwrap();
    let resolve = seen.resolve.recv().await.unwrap();
    repository.send(observed(2, json!({"spec": {"suspend": true}}))).await.unwrap();

    resolve.scope.cancel.cancelled().await;
    seen.write.recv().await.unwrap();
    assert!(seen.inspect.recv().await.is_some() && seen.inspect.try_recv().is_err());
}

#[actix::test]
async fn a_pinned_digest_that_is_stored_asks_no_registry() {
    let (repository, mut seen) = repository(Registry::Answers);
    let mut pinned = stored();
    pinned["spec"] = json!({"ref": {"digest": DIGEST}});
    pinned["status"]["artifact"]["revision"] = json!(DIGEST);
    repository.send(observed(1, pinned)).await.unwrap();

    let write = seen.write.recv().await.unwrap();
    assert!(write.status.conditions.is(ConditionKind::Ready, Truth::True));
    assert!(seen.resolve.try_recv().is_err());
}

#[actix::test]
async fn a_field_that_vanished_at_the_same_generation_stalls_and_keeps_the_artifact() {
    let (services, mut seen) = crate::support::services_after("ref.branch", 1);
    let (stopped, _) = Probe::start_with(|_| async {});
    let (named, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, named).start();
    repository.send(observed(1, stored())).await.unwrap();

    let write = seen.write.recv().await.unwrap();
    let stalled = write.status.conditions.get(ConditionKind::Stalled).unwrap();
    assert_eq!(stalled.reason, "FieldPruned");
    assert!(stalled.message.contains("spec.ref.branch"), "{}", stalled.message);
    assert!(write.status.artifact.is_some() && seen.resolve.try_recv().is_err());
}
