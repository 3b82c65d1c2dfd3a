//! The rules, one look at a time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::LeaseSpec;
use tokio::time::Instant;

use super::LEASE;
use crate::lease::candidate::Candidate;

fn ours() -> Candidate {
    Candidate::new("host_1".to_owned(), LEASE)
}

fn time() -> Timestamp {
    "2026-07-22T12:00:00Z".parse().unwrap()
}

fn another(renewed: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some("host_2".to_owned()),
        lease_duration_seconds: Some(35),
        lease_transitions: Some(4),
        acquire_time: Some(renewed.into()),
        renew_time: Some(renewed.into()),
        ..LeaseSpec::default()
    }
}

#[test]
fn a_lease_that_is_not_there_is_ours_without_a_transition() {
    let bid = ours().bid(None, Instant::now(), time()).unwrap();

    assert_eq!(bid.holder_identity.as_deref(), Some("host_1"));
    assert_eq!((bid.lease_duration_seconds, bid.lease_transitions), (Some(35), Some(0)));
    assert_eq!((bid.acquire_time, bid.renew_time), (Some(time().into()), Some(time().into())));
}

#[test]
fn what_another_holds_is_waited_for_from_when_we_saw_it_whatever_its_clock_says() {
    for skew in [SignedDuration::from_hours(-20), SignedDuration::from_hours(20)] {
        let (mut candidate, seen, now) = (ours(), another(time() + skew), Instant::now());

        assert_eq!(candidate.bid(Some(&seen), now, time()), None);
        assert_eq!(candidate.bid(Some(&seen), now + LEASE - Duration::from_millis(1), time()), None);
        let bid = candidate.bid(Some(&seen), now + LEASE, time()).unwrap();

        assert_eq!((bid.holder_identity.as_deref(), bid.lease_transitions), (Some("host_1"), Some(5)));
        assert_eq!(bid.acquire_time, Some(time().into()));
    }
}

#[test]
fn a_renewal_of_another_begins_the_wait_anew() {
    let (mut candidate, now) = (ours(), Instant::now());
    candidate.bid(Some(&another(time())), now, time());
    let later = now + LEASE - Duration::from_secs(1);
    let renewed = another(time() + SignedDuration::from_secs(34));

    assert_eq!(candidate.bid(Some(&renewed), later, time()), None);
    assert_eq!(candidate.bid(Some(&renewed), now + LEASE, time()), None);
    assert!(candidate.bid(Some(&renewed), later + LEASE, time()).is_some());
}

#[test]
fn another_that_promised_less_is_waited_for_less() {
    let (mut candidate, now) = (ours(), Instant::now());
    let seen = LeaseSpec { lease_duration_seconds: Some(3), ..another(time()) };
    candidate.bid(Some(&seen), now, time());

    assert!(candidate.bid(Some(&seen), now + Duration::from_secs(3), time()).is_some());
}

#[test]
fn what_was_given_back_is_taken_at_once() {
    let seen = Candidate::farewell(&another(time()), time());
    assert_eq!((seen.holder_identity.as_deref(), seen.lease_duration_seconds), (Some(""), Some(1)));

    let bid = ours().bid(Some(&seen), Instant::now(), time()).unwrap();

    assert_eq!((bid.lease_duration_seconds, bid.lease_transitions), (Some(35), Some(5)));
}

#[test]
fn a_renewal_moves_one_time_and_keeps_what_others_added() {
    let mut candidate = ours();
    let mut held = candidate.bid(None, Instant::now(), time()).unwrap();
    held.lease_transitions = Some(9);
    held.strategy = Some("OldestEmulationVersion".to_owned());
    let later = time() + SignedDuration::from_secs(5);

    let bid = candidate.bid(Some(&held), Instant::now(), later).unwrap();

    let expected = LeaseSpec { renew_time: Some(later.into()), ..held };
    assert_eq!(bid, expected);
}

#[test]
fn nonsense_in_a_lease_is_a_lease_that_nobody_holds() {
    let seen = LeaseSpec {
        holder_identity: Some("host_2".to_owned()),
        lease_duration_seconds: Some(i32::MIN),
        lease_transitions: Some(i32::MAX),
        ..LeaseSpec::default()
    };

    let bid = ours().bid(Some(&seen), Instant::now(), time()).unwrap();

    assert_eq!(bid.lease_transitions, Some(i32::MAX));
}
