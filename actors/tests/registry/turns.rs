//! Turns: how many, in which order, and where they go when nobody takes them.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::time::Duration;

use oci::Origin;
use reconcile::{Class, Disposition};
use sluice_actors::registry::{DEFAULT_CONCURRENCY, Rank};

use crate::support::{ASKED, Asking, Fleet, ROUTINE, SECOND, Wish, busy, end};

const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// Lets each object give its turn back as soon as it has it; the order in which they had it.
async fn order(asking: Vec<(&'static str, Asking)>) -> Vec<&'static str> {
    let order = RefCell::new(Vec::new());
    let turns = asking.into_iter().map(|(name, asking)| {
        let order = &order;
        async move {
            let turn = asking.turn().await;
            order.borrow_mut().push(name);
            drop(turn);
        }
    });
    futures::future::join_all(turns).await;
    order.into_inner()
}

#[actix::test]
async fn sixteen_turns_are_out_and_the_seventeenth_attempt_waits_for_the_first_that_comes_back() {
    let mut fleet = Fleet::new();
    let mut turns = fleet.occupy(16).await;
    assert_eq!(DEFAULT_CONCURRENCY.get(), turns.len());
    let waiting = fleet.ask("a", ASKED);

    let census = fleet.census().await;
    assert_eq!((census.turns, census.waiting), (16, 1));
    drop(turns.pop());
    let _turn = waiting.turn().await;

    let census = fleet.census().await;
    assert_eq!((census.turns, census.waiting), (16, 0));
}

#[actix::test]
async fn the_most_urgent_go_first_and_of_equally_urgent_ones_the_oldest() {
    let mut fleet = Fleet::with(ONE);
    let held = fleet.occupy(1).await;
    let urgencies = [
        ("check", Rank::from(Class::Check)),
        ("routine", ROUTINE),
        ("retry", Rank::from(Class::Retry)),
        ("asked", ASKED),
        ("resumed", Rank::Resumed),
        ("asked later", ASKED),
    ];
    let asking = urgencies.map(|(name, urgency)| (name, fleet.ask(name, urgency))).into();

    drop(held);

    assert_eq!(order(asking).await, ["resumed", "asked", "asked later", "retry", "check", "routine"]);
}

#[actix::test]
async fn every_eighth_turn_goes_to_the_oldest_of_any_class() {
    let mut fleet = Fleet::with(ONE);
    let held = fleet.occupy(1).await;
    let mut asking = vec![("oldest", fleet.ask("oldest", ROUTINE))];
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        asking.push((name, fleet.ask(name, ASKED)));
    }

    drop(held);

    assert_eq!(order(asking).await, ["a", "b", "c", "d", "e", "f", "oldest", "g", "h"]);
}

#[actix::test]
async fn a_cancelled_attempt_gives_up_its_place() {
    let mut fleet = Fleet::with(ONE);
    let held = fleet.occupy(1).await;
    let first = fleet.ask("a", ASKED);
    let second = fleet.ask("b", ASKED);

    assert_eq!(fleet.census().await.waiting, 2);

    first.cancel.cancel();

    assert_eq!(first.refusal().await.disposition, Disposition::Cancelled);
    assert_eq!(fleet.census().await.waiting, 1);
    drop(held);
    assert_eq!(second.turn().await.line.origin.host(), "ghcr.io");
}

#[actix::test]
async fn an_attempt_that_is_cancelled_already_gets_no_place() {
    let mut fleet = Fleet::new();
    let asking = fleet.ask("a", ASKED);

    asking.cancel.cancel();

    assert!(asking.refusal().await.is_cancelled());
    assert_eq!(fleet.census().await.turns, 0);
}

#[actix::test]
async fn a_turn_that_is_granted_to_somebody_who_is_gone_goes_to_the_next() {
    let mut fleet = Fleet::with(ONE);
    let held = fleet.occupy(1).await;
    let gone = fleet.ask("a", ASKED);
    let next = fleet.ask("b", ASKED);
    fleet.census().await;

    gone.cancel.cancel();
    drop(held);

    let _turn = next.turn().await;
    let census = fleet.census().await;
    assert_eq!((census.turns, census.waiting), (1, 0));
}

#[actix::test]
async fn a_turn_whose_receiver_was_dropped_comes_back() {
    let mut fleet = Fleet::with(ONE);
    let asking = fleet.ask("a", ASKED);
    fleet.census().await;
    drop(asking);

    let _turn = fleet.ask("b", ASKED).turn().await;

    assert_eq!(fleet.census().await.turns, 1);
}

#[actix::test]
async fn a_newer_attempt_of_an_object_takes_the_place_of_the_older() {
    let mut fleet = Fleet::with(ONE);
    let held = fleet.occupy(1).await;
    let older = fleet.ask("a", ROUTINE);
    let newer = fleet.ask("a", ASKED);

    assert!(older.refusal().await.is_cancelled());
    assert_eq!(fleet.census().await.waiting, 1);
    drop(held);
    let _turn = newer.turn().await;
}

#[actix::test]
async fn the_turns_of_a_hanging_origin_do_not_hold_those_of_another() {
    let mut fleet = Fleet::new();
    let _hanging = fleet.occupy(16).await;
    let _waiting = [fleet.ask("a", ASKED), fleet.ask("b", ASKED)];

    let turn = fleet.ask_at(&Origin::new("quay.io"), "c", Wish::of(ROUTINE)).turn().await;

    assert_eq!(turn.line.origin.host(), "quay.io");
    assert_eq!(fleet.census().await.waiting, 2);
}

#[actix::test]
async fn a_registry_that_nobody_needs_for_ten_minutes_ends() {
    let mut fleet = Fleet::new();
    let held = fleet.ask("first", ASKED).turn().await;
    fleet.after(Duration::from_hours(1)).await;
    end(held, busy(30));
    fleet.after(599 * SECOND).await;
    let old = fleet.registry();

    tokio::time::sleep(SECOND).await;

    assert!(!old.connected());
    assert!(fleet.registries.each().is_empty());
    let _turn = fleet.ask("a", ASKED).turn().await;
    assert!(fleet.registry().connected());
}
