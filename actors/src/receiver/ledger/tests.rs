//! Rates, names and echoes, with times of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use reconcile::Nudge;
use reference::Digest;
use tokio::time::Instant;

use super::{APART, BURST, ECHO, Ledger, REMEMBERED};
use crate::Key;

const WITHOUT_DIGEST: Nudge = Nudge { digest: None, tag: None, early: false };

fn with_digest(number: u8) -> Nudge {
    Nudge { digest: Some(Digest::sha256_from_bytes([number; 32])), ..Nudge::default() }
}

fn concerned(nudge: Nudge) -> BTreeMap<Key, Nudge> {
    BTreeMap::from([(Key::new("a", "app"), nudge)])
}

#[test]
fn a_delivery_is_known_when_it_comes_again_and_only_the_latest_are() {
    let mut ledger = Ledger::default();
    assert!(!ledger.knows("first"));
    assert!(ledger.knows("first"));

    for number in 0..REMEMBERED {
        assert!(!ledger.knows(&number.to_string()));
    }

    assert!(ledger.knows(&(REMEMBERED - 1).to_string()));
    assert!(!ledger.knows("first"), "the oldest one is forgotten");
    assert!(ledger.known.len() <= REMEMBERED);
}

#[test]
fn a_burst_is_taken_and_then_so_many_a_second() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    for _ in 0..BURST {
        assert_eq!(ledger.take(now), Ok(()));
    }

    let early = ledger.take(now).unwrap_err();
    assert!(early <= APART, "{early:?}");
    assert!(ledger.take(now).is_err(), "what was refused takes nobody's place");
    assert_eq!(ledger.take(now + early), Ok(()));
    assert!(ledger.take(now + early).is_err());

    let second = now + early + Duration::from_secs(1);
    let taken = (0..200).filter(|_| ledger.take(second).is_ok()).count();
    assert_eq!(taken, 100);
}

#[test]
fn whom_a_delivery_above_the_rate_concerns_is_woken_once_it_allows() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let early = Duration::from_millis(10);

    assert!(ledger.wake(concerned(with_digest(1)), Some(early), now).is_empty());
    assert!(ledger.wake(concerned(with_digest(1)), Some(early), now).is_empty());

    assert_eq!(ledger.next(), Some(now + early));
    assert!(ledger.due(now).is_empty());
    assert_eq!(ledger.due(now + early), [(Key::new("a", "app"), with_digest(1))]);
    assert_eq!(ledger.next(), None);
}

#[test]
fn of_different_pushes_that_wait_none_hides_the_other() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let early = Some(Duration::from_millis(10));
    ledger.wake(concerned(with_digest(1)), early, now);
    ledger.wake(concerned(with_digest(2)), early, now);

    let due = ledger.due(now + Duration::from_millis(10));

    assert_eq!(due, [(Key::new("a", "app"), WITHOUT_DIGEST)]);
}

#[test]
fn an_object_is_woken_once_by_the_echoes_of_one_push_and_once_more_when_they_end() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    assert_eq!(ledger.wake(concerned(WITHOUT_DIGEST), None, now).len(), 1);
    for echo in 1..6 {
        let at = now + Duration::from_millis(100 * echo);
        assert!(ledger.wake(concerned(WITHOUT_DIGEST), None, at).is_empty());
    }

    assert_eq!(ledger.next(), Some(now + ECHO));
    assert_eq!(ledger.due(now + ECHO).len(), 1);
    assert_eq!(ledger.wake(concerned(WITHOUT_DIGEST), None, now + ECHO).len(), 1);
}

#[test]
fn pushes_that_say_what_they_are_never_wait_for_one_another() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());

    for number in 0..10 {
        assert_eq!(ledger.wake(concerned(with_digest(number)), None, now).len(), 1);
    }
}
