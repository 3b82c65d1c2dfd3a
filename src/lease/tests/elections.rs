//! Whole elections.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{LEASE, Table, stand};
use crate::cluster::Leadership;

/// The time limit of a write.
const WRITE: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn who_comes_second_leads_as_soon_as_the_first_has_given_the_lease_back() {
    let table = Table::default();
    let (first, first_held) = stand(&table, "first", true);
    first.won().await;
    let (second, second_held) = stand(&table, "second", true);
    assert!(timeout(LEASE * 10, second.won()).await.is_err(), "both lead");
    assert!(first_held.holds_for(WRITE) && !second_held.holds_for(Duration::ZERO));
    assert!(timeout(Duration::ZERO, first.lost()).await.is_err());

    first.leave().await;
    assert!(!first_held.holds_for(Duration::ZERO));
    let left = Instant::now();
    second.won().await;

    assert!(left.elapsed() <= Duration::from_secs(5), "{:?}", left.elapsed());
    assert_eq!(table.spec().lease_transitions, Some(1));
    assert!(second_held.holds_for(WRITE));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = ["first became leader", "first stopped leading", "second became leader"];
    assert_eq!(table.told(), told);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_not_given_back_is_waited_for() {
    let table = Table::default();
    let (first, _) = stand(&table, "first", false);
    first.won().await;
    let (second, _) = stand(&table, "second", false);
    first.leave().await;
    let left = Instant::now();

    second.won().await;

    assert!(left.elapsed() >= LEASE, "{:?}", left.elapsed());
    assert_eq!(table.spec().holder_identity.as_deref(), Some("second"));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_cannot_renew_stops_writing_then_leading_before_another_may_lead() {
    let table = Table::default();
    let (leader, held) = stand(&table, "first", true);
    leader.won().await;
    let renewed = Instant::now();
    table.set_unreachable(true);

    tokio::time::sleep(Duration::from_millis(24_999)).await;
    assert!(held.holds_for(WRITE), "there is time for one more write");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!held.holds_for(WRITE), "a write may end after the lease");
    leader.lost().await;

    assert!(renewed.elapsed() < LEASE, "{:?}", renewed.elapsed());
    assert!(!held.holds_for(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_is_shorter_than_the_deadline_costs_nothing() {
    let table = Table::default();
    let (leader, held) = stand(&table, "first", true);
    leader.won().await;
    table.set_unreachable(true);
    tokio::time::sleep(Duration::from_secs(24)).await;
    table.set_unreachable(false);

    assert!(timeout(LEASE * 10, leader.lost()).await.is_err(), "the lease was lost");
    assert!(held.holds_for(WRITE));
    assert_eq!(table.spec().lease_transitions, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_edited_is_read_again_and_stays_ours() {
    let table = Table::default();
    let (leader, held) = stand(&table, "first", true);
    leader.won().await;
    tokio::time::sleep(LEASE).await;
    assert_eq!(table.reads(), 1, "a renewal is one request");

    table.edit(|lease| lease.metadata.labels = Some([("team".to_owned(), "flux".to_owned())].into()));

    assert!(timeout(LEASE * 2, leader.lost()).await.is_err(), "the lease was lost");
    assert_eq!(table.reads(), 2);
    assert!(held.holds_for(WRITE));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_another_took_is_lost_at_the_next_look() {
    let table = Table::default();
    let (leader, held) = stand(&table, "first", true);
    leader.won().await;
    let taken = Instant::now();
    table.edit(|lease| lease.spec.as_mut().unwrap().holder_identity = Some("second".to_owned()));

    leader.lost().await;

    assert!(taken.elapsed() <= Duration::from_secs(5), "{:?}", taken.elapsed());
    assert!(!held.holds_for(Duration::ZERO));
    leader.leave().await;
    assert_eq!(table.spec().holder_identity.as_deref(), Some("second"), "it is not ours to give back");
}
