//! A registry that asks for patience: of whom, and how long they wait.

use std::num::NonZeroUsize;
use std::time::Duration;

use reconcile::Disposition;
use sluice_actors::registry::Conduct;

use crate::support::{ASKED, Fleet, SECOND, Wish, busy, end};

fn wish_of(token: &str) -> Wish {
    Wish::of(ASKED).by(token)
}

#[actix::test]
async fn patience_that_one_identity_is_asked_for_does_not_hold_another() {
    let mut fleet = Fleet::new();
    end(fleet.wish("first", wish_of("one")).turn().await, busy(30));

    let refused = fleet.wish("a", wish_of("one")).refusal().await;

    assert_eq!(refused.message, "too many requests");
    assert_eq!(refused.disposition, Disposition::Park { not_before: Some(30 * SECOND) });
    let _turn = fleet.wish("b", wish_of("two")).turn().await;
}

#[actix::test]
async fn of_those_who_cool_one_is_called_when_the_announced_time_is_over_and_then_the_others() {
    let mut fleet = Fleet::new();
    end(fleet.wish("first", wish_of("one")).turn().await, busy(30));
    for name in ["a", "b"] {
        fleet.wish(name, wish_of("one")).refusal().await;
    }

    assert_eq!(fleet.after(29 * SECOND).await, [""; 0]);
    assert_eq!(fleet.after(SECOND).await, ["a"]);
    end(fleet.wish("a", wish_of("one")).turn().await, Conduct::Answered);
    assert_eq!(fleet.after(Duration::ZERO).await, ["b"]);
    let _turn = fleet.wish("b", wish_of("one")).turn().await;
}

#[actix::test]
async fn who_waits_in_the_queue_with_the_same_identity_is_parked_and_others_go_on() {
    let mut fleet = Fleet::with(NonZeroUsize::MIN);
    let held = fleet.wish("first", wish_of("one")).turn().await;
    let same = fleet.wish("a", wish_of("one"));
    let other = fleet.wish("b", wish_of("two"));

    end(held, busy(30));

    assert!(matches!(same.refusal().await.disposition, Disposition::Park { not_before: Some(_) }));
    let _turn = other.turn().await;
    assert_eq!(fleet.parked().await, ["a"]);
}

#[actix::test]
async fn a_second_identity_within_a_minute_cools_the_whole_origin() {
    let mut fleet = Fleet::new();
    for token in ["one", "two"] {
        end(fleet.wish("first", wish_of(token)).turn().await, busy(30));
    }

    let refused = fleet.wish("a", wish_of("three")).refusal().await;

    assert_eq!(refused.disposition, Disposition::Park { not_before: Some(30 * SECOND) });
    assert_eq!(fleet.after(30 * SECOND).await, ["a"]);
}

#[actix::test]
async fn a_cool_down_outlives_an_idle_registry() {
    let mut fleet = Fleet::new();
    end(fleet.wish("first", wish_of("one")).turn().await, busy(800));

    tokio::time::sleep(Duration::from_secs(700)).await;

    let refused = fleet.wish("a", wish_of("one")).refusal().await;
    assert!(matches!(refused.disposition, Disposition::Park { not_before: Some(_) }));
}

#[actix::test]
async fn after_a_refusal_half_the_turns_are_out_and_answers_bring_them_back() {
    let mut fleet = Fleet::new();
    end(fleet.wish("first", wish_of("one")).turn().await, busy(1));

    let mut turns = fleet.occupy(8).await;
    let waiting = fleet.ask("a", ASKED);
    let census = fleet.census().await;
    assert_eq!((census.turns, census.waiting), (8, 1));

    for turn in turns.drain(..) {
        end(turn, Conduct::Answered);
    }
    let mut turns = vec![waiting.turn().await];
    turns.extend(fleet.occupy(8).await);
    assert_eq!(fleet.census().await.turns, 9);
}
