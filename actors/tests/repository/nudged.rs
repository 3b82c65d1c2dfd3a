//! What a push that a webhook told of asks the registry.

use actix::{Actor, Addr};
use reconcile::Nudge;
use reference::Digest;
use sluice_actors::Key;
use sluice_actors::repository::{Nudged, Repository, SpecObserved};
use sluice_actors::resolver::Freshness;
use sluice_actors::testing::Probe;
use tokio::time::Instant;

use crate::support::{DIGEST, Registry, Seen, object, services, stored};

/// A Repository whose first pass has found [`DIGEST`].
async fn settled() -> (Addr<Repository>, Seen) {
    let (services, mut seen) = services(Registry::Answers);
    let (stopped, _) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    repository.send(SpecObserved { object: object(1, stored()), initial: false }).await.unwrap();
    seen.resolve.recv().await.unwrap();
    seen.write.recv().await.unwrap();
    (repository, seen)
}

const PUSHED: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn of(digest: &str, early: bool) -> Nudge {
    Nudge { digest: Some(Digest::parse(digest).unwrap()), tag: None, early }
}

#[actix::test]
async fn a_push_is_asked_for_at_once_and_an_answer_sent_after_it_will_do() {
    let (repository, mut seen) = settled().await;
    let at = Instant::now();

    repository.send(Nudged { told: of(PUSHED, false), at }).await.unwrap();

    let resolve = seen.resolve.recv().await.unwrap();
    assert!(resolve.expect_new, "the manifest comes along (D47)");
    assert_eq!(resolve.freshness, Freshness::SentAfter(at));
}

#[actix::test]
async fn a_push_of_what_is_there_asks_nothing() {
    let (repository, mut seen) = settled().await;

    repository.send(Nudged { told: of(DIGEST, true), at: Instant::now() }).await.unwrap();
    repository.send(Nudged { told: of(PUSHED, false), at: Instant::now() }).await.unwrap();

    assert_eq!(seen.resolve.recv().await.unwrap().scope.attempt, 2, "only the other push was looked for");
}

#[actix::test]
async fn a_second_look_wants_an_answer_that_was_sent_after_the_first() {
    tokio::time::pause();
    let (repository, mut seen) = settled().await;
    let at = Instant::now();
    repository.send(Nudged { told: of(PUSHED, true), at }).await.unwrap();
    assert_eq!(seen.resolve.recv().await.unwrap().freshness, Freshness::SentAfter(at));

    let second = seen.resolve.recv().await.unwrap();

    let Freshness::SentAfter(moment) = second.freshness else { panic!("{:?}", second.freshness) };
    assert!(moment >= at && moment < Instant::now(), "others may ask meanwhile, and that will do");
}
