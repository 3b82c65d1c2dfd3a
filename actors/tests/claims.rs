//! One builder a recipe; nobody inherits a failure, nobody is forgotten.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

use std::sync::Arc;

use artifact::store::{Key, Settings, Store};
use sluice_actors::storage::{Claimed, Claims, Granted, RecipeKey, Ticket};
use tempfile::TempDir;
use tokio::sync::oneshot::Receiver;

struct Bench {
    store: Arc<Store>,
    claims: Claims,
    _root: TempDir,
}

fn bench() -> Bench {
    let root = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(root.path(), Settings::default()).unwrap());
    let recalled = Arc::clone(&store);
    let claims = Claims::new(Arc::new(move |recipe: &str| recalled.recall(recipe)));
    Bench { store, claims, _root: root }
}

/// What `app` makes of a layer, and any repository of its origin.
fn recipe() -> RecipeKey {
    RecipeKey { of_repository: "recipe".to_owned(), of_origin: "origin".to_owned() }
}

impl Bench {
    fn publish(&self, recipe: &str) {
        let key = Key::new("team", "app").unwrap();
        let digest = format!("sha256:{}", "a".repeat(64));
        let write = |out: &mut dyn std::io::Write| {
            out.write_all(b"bytes")?;
            let digest = artifact::digest::Algorithm::Sha256.digest_of(&b"bytes"[..])?;
            Ok::<_, std::io::Error>((digest, 5))
        };
        let published = self.store.publish(&key, &digest, write, || true).unwrap();
        self.store.remember(recipe, &published.path, &published.digest);
    }

    fn claim(&self) -> Claimed {
        let claimed = self.claims.claim(&recipe());
        let Claimed::Build(ticket) = claimed else {
            return claimed;
        };
        ticket.recall()
    }

    fn build(&self) -> Ticket {
        match self.claim() {
            Claimed::Build(ticket) => ticket,
            Claimed::Built(_) | Claimed::Elsewhere(..) | Claimed::Wait(_) => panic!("the recipe is not free"),
        }
    }

    fn wait(&self) -> Receiver<Granted> {
        match self.claim() {
            Claimed::Wait(place) => place,
            Claimed::Built(_) | Claimed::Elsewhere(..) | Claimed::Build(_) => panic!("nobody builds"),
        }
    }
}

fn ticket(place: &mut Receiver<Granted>) -> Option<Ticket> {
    match place.try_recv() {
        Ok(Granted::Build(ticket)) => Some(ticket),
        Ok(Granted::Built(_)) | Err(_) => None,
    }
}

#[test]
fn the_first_builds_and_what_it_publishes_serves_all_who_wait() {
    let bench = bench();
    let builder = bench.build();
    let mut places = [bench.wait(), bench.wait(), bench.wait()];
    bench.publish("recipe");
    builder.published();

    for place in &mut places {
        assert!(matches!(place.try_recv(), Ok(Granted::Built(_))));
    }
    assert!(matches!(bench.claim(), Claimed::Built(_)));
}

#[test]
fn what_another_repository_led_to_is_offered_with_a_ticket_and_others_wait_for_what_comes_of_it() {
    let bench = bench();
    bench.publish("origin");
    let Claimed::Elsewhere(ticket, _archive) = bench.claim() else { panic!("it is not offered") };
    let mut place = bench.wait();

    bench.publish("recipe");
    ticket.published();

    assert!(matches!(place.try_recv(), Ok(Granted::Built(_))));
    assert!(matches!(bench.claim(), Claimed::Built(_)));
}

#[test]
fn a_cancelled_builder_leaves_its_ticket_to_the_next_alone() {
    let bench = bench();
    let builder = bench.build();
    let (mut next, mut last) = (bench.wait(), bench.wait());
    drop(builder);

    let heir = ticket(&mut next).unwrap();
    assert!(ticket(&mut last).is_none());
    drop(heir);
    assert!(ticket(&mut last).is_some());
}

#[test]
fn a_waiter_that_is_gone_passes_the_ticket_on() {
    let bench = bench();
    let builder = bench.build();
    let gone = bench.wait();
    let mut next = bench.wait();
    drop(gone);
    drop(builder);

    assert!(ticket(&mut next).is_some());
}

#[test]
fn after_a_failed_build_everybody_tries_for_itself() {
    let bench = bench();
    let builder = bench.build();
    let (mut one, mut two) = (bench.wait(), bench.wait());
    builder.failed();

    let (one, two) = (ticket(&mut one).unwrap(), ticket(&mut two).unwrap());
    let third = bench.build();
    drop((one, two, third));
    let mut alone = {
        let _builder = bench.build();
        bench.wait()
    };
    assert!(ticket(&mut alone).is_some());
}

#[test]
fn a_publication_that_cannot_be_recalled_makes_the_waiters_build() {
    let bench = bench();
    let builder = bench.build();
    let mut place = bench.wait();
    builder.published();

    assert!(ticket(&mut place).is_some());
}

#[test]
fn many_waiters_that_are_gone_are_passed_over_at_once() {
    let bench = bench();
    let builder = bench.build();
    let gone: Vec<_> = (0..200_000).map(|_| bench.wait()).collect();
    let mut last = bench.wait();
    drop(gone);
    drop(builder);

    assert!(ticket(&mut last).is_some());
}
