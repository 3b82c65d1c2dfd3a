//! What a Registry tells of its queue.

use std::num::NonZeroUsize;
use std::time::Duration;

use sluice_actors::registry::Rank;

use crate::support::{ASKED, Fleet, ROUTINE, SECOND, Wish, busy, end};

#[actix::test]
async fn a_wait_is_as_long_as_the_turn_was_not_there() {
    let mut fleet = Fleet::with(NonZeroUsize::MIN);
    let held = fleet.ask("first", ASKED).turn().await;
    let waiting = fleet.ask("second", ASKED);
    fleet.census().await;
    tokio::time::advance(3 * SECOND).await;

    drop(held);
    let _turn = waiting.turn().await;

    assert_eq!(fleet.measured.waits(), [Duration::ZERO, 3 * SECOND]);
}

#[actix::test]
async fn who_waits_is_told_by_rank_until_the_turn_or_the_attempt_is_over() {
    let mut fleet = Fleet::with(NonZeroUsize::MIN);
    let held = fleet.occupy(1).await;
    let asked = [fleet.ask("a", ASKED), fleet.ask("b", ASKED)];
    let routine = fleet.ask("c", ROUTINE);
    let _retry = fleet.ask("d", Rank::Retry);
    let _resumed = fleet.ask("e", Rank::Resumed);
    fleet.census().await;
    let queued = |fleet: &Fleet| Rank::ALL.map(|rank| fleet.measured.queued(rank));
    assert_eq!(queued(&fleet), [1, 2, 1, 1]);

    routine.cancel.cancel();
    assert!(routine.answer().await.is_err());
    fleet.census().await;
    assert_eq!(queued(&fleet), [1, 2, 1, 0]);

    drop(held);
    fleet.census().await;
    assert_eq!(queued(&fleet), [0, 2, 1, 0]);
    drop(asked);
}

#[actix::test]
async fn a_host_that_is_down_has_who_waits_for_it_parked() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    fleet.ask("a", ASKED).refusal().await;

    assert_eq!(fleet.measured.standing().parked, 4);
    assert_eq!(fleet.measured.standing().cooling, 0);
}

#[actix::test]
async fn a_cool_down_is_told_until_it_is_over() {
    let mut fleet = Fleet::new();
    let wish = Wish::of(ASKED).by("token");
    end(fleet.wish("a", wish.clone()).turn().await, busy(30));
    fleet.wish("b", wish).refusal().await;
    assert_eq!((fleet.measured.standing().cooling, fleet.measured.standing().parked), (1, 1));

    fleet.after(30 * SECOND).await;

    assert_eq!((fleet.measured.standing().cooling, fleet.measured.standing().parked), (0, 0));
}

#[actix::test]
async fn a_registry_that_ends_lets_go_of_its_recorder() {
    let mut fleet = Fleet::new();
    drop(fleet.ask("a", ASKED).turn().await);
    fleet.census().await;
    assert_eq!(fleet.measured.hosts(), ["ghcr.io"]);

    tokio::time::sleep(Duration::from_mins(10) + SECOND).await;

    assert!(fleet.measured.hosts().is_empty());
}
