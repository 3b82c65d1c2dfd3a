//! While all processors are busy: who has to wait for one, and who need not.

use std::sync::Arc;
use std::time::Duration;

use artifact::store::Settings;
use reconcile::Class;
use sluice_actors::storage::{Claimed, Inspect, Processor, Processors};

use super::{FIRST, Purge, SECOND, Scene, Stock, app, claim, scope, turn};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(10);

fn all(processors: &Arc<Processors>) -> Vec<Processor> {
    std::iter::from_fn(|| processors.spare()).collect()
}

async fn one_waits(processors: &Processors) {
    so_many_wait(processors, 1).await;
}

async fn so_many_wait(processors: &Processors, count: usize) {
    let waiting = async {
        while processors.waiting() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap();
}

#[actix::test]
async fn only_a_claim_of_what_was_made_before_waits_for_a_processor() {
    let scene = Scene::new(Settings::default());
    scene.publish(&app(), FIRST).await.unwrap();
    let busy = all(&scene.processors);

    let new = tokio::time::timeout(SOON, scene.storage.send(claim(&app(), SECOND))).await.unwrap();
    assert!(matches!(new.unwrap(), Ok(Claimed::Build(_))));

    let known = claim(&app(), FIRST);
    let budget = Arc::clone(&known.scope.budget);
    budget.admit();
    let known = tokio::task::spawn_local(scene.storage.send(known));
    one_waits(&scene.processors).await;
    assert_eq!(budget.admitted_for(), None);
    drop(busy);
    assert!(matches!(known.await.unwrap().unwrap(), Ok(Claimed::Built(_))));
}

#[actix::test]
async fn an_attempt_that_is_overtaken_waits_no_longer() {
    let scene = Scene::new(Settings::default());
    let _busy = all(&scene.processors);
    let scope = scope(&app());
    let inspect = Inspect { scope: scope.clone(), recorded: None, shown: None, using: None };
    let inspected = tokio::task::spawn_local(scene.storage.send(inspect));
    one_waits(&scene.processors).await;

    scope.cancel.cancel();

    let inspected = tokio::time::timeout(SOON, inspected).await.unwrap();
    assert!(inspected.unwrap().unwrap().is_err_and(|failure| failure.is_cancelled()));
    assert_eq!(scene.processors.waiting(), 0);
}

#[actix::test]
async fn who_waits_for_a_processor_to_publish_does_not_run_until_it_has_one() {
    let scene = Scene::new(Settings::default());
    let busy = all(&scene.processors);
    let scope = scope(&app());
    scope.budget.admit();
    assert!(scope.budget.admitted_for().is_some());

    let waits = async {
        one_waits(&scene.processors).await;
        assert_eq!(scope.budget.admitted_for(), None);
        drop(busy);
    };
    let (published, ()) = tokio::join!(scene.publish_in(scope.clone(), FIRST, turn().0), waits);

    published.unwrap();
    assert!(scope.budget.admitted_for().is_some());
}

#[actix::test]
async fn a_turn_that_comes_with_content_is_kept_until_a_processor_takes_that() {
    let scene = Scene::new(Settings::default());
    let busy = all(&scene.processors);
    let (turn, mut returned) = turn();

    let waits = async {
        one_waits(&scene.processors).await;
        assert!(returned.try_recv().is_err());
        drop(busy);
    };
    let (published, ()) = tokio::join!(scene.publish_in(scope(&app()), FIRST, turn), waits);

    published.unwrap();
    assert!(tokio::time::timeout(SOON, returned.recv()).await.unwrap().is_some());
}

#[actix::test]
async fn what_somebody_asked_for_goes_before_what_is_due() {
    let (scene, artifact) = Scene::stocked().await;
    let mut busy = all(&scene.processors);
    let (mut routine, recorded) = (scope(&app()), Some(artifact));
    routine.class = Class::Routine;
    let inspect = Inspect { scope: routine.clone(), recorded, shown: None, using: None };

    let asks = async {
        so_many_wait(&scene.processors, 2).await;
        let purged = scene.storage.send(Purge { key: app() });
        let one = async {
            so_many_wait(&scene.processors, 3).await;
            drop(busy.pop());
        };
        tokio::join!(purged, one).0
    };
    let publish = scene.publish_in(routine, SECOND, turn().0);
    let (inspected, published, purged) = tokio::join!(scene.storage.send(inspect), publish, asks);

    assert!(purged.unwrap().unwrap());
    assert_eq!(inspected.unwrap().unwrap().stock, Stock::Missing);
    scene.holds(&published.unwrap().artifact).await;
}
