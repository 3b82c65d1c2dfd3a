//! The life of a repository under any sequence of events.
#![expect(clippy::wildcard_enum_match_arm, reason = "the other effects are not asked for")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use reconcile::{
    Backoff, Class, Desired, Disposition, Effect, Event, Failure, Machine, Nudge, Outcome, Policy, Reason,
};

const FIRST: Duration = Duration::from_millis(750);

fn policy() -> Policy {
    let backoff = Backoff { first: FIRST, longest: Duration::from_mins(15) };
    Policy { backoff, jitter_percent: 5 }
}

fn spec(generation: i64) -> Desired {
    Desired {
        uid: "one".into(),
        generation,
        requested_at: None,
        annotations: BTreeMap::new(),
        deleting: false,
        suspended: false,
        interval: Duration::from_mins(1),
        wish: Err(Failure::stall(None, Reason::SpecInvalid, "not asked here".into())),
    }
}

fn seen(desired: Desired) -> Event {
    Event::Observed { desired: Arc::new(desired), initial: false, settled: false }
}

fn started(effects: &[Effect]) -> Option<(u64, Class)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Start { attempt, class } => Some((*attempt, *class)),
        _ => None,
    })
}

fn finished(attempt: u64, outcome: Outcome) -> Event {
    Event::Finished { attempt, outcome, found: None, ran_for: Duration::from_secs(1) }
}

const RETRY: Outcome = Outcome::Failed(Disposition::Retry { not_before: None });
const CANCELLED: Outcome = Outcome::Failed(Disposition::Cancelled);

#[test]
fn a_new_generation_cancels_the_attempt_and_starts_the_next_after_it() {
    let mut machine = Machine::new(policy(), 7);
    let (first, _) = started(&machine.step(seen(spec(1)))).unwrap();

    assert_eq!(machine.step(seen(spec(2))), [Effect::Cancel]);
    let effects = machine.step(finished(first, CANCELLED));

    assert!(!effects.contains(&Effect::Conclude));
    assert_eq!(started(&effects), Some((first + 1, Class::Asked)));
}

#[test]
fn a_request_during_an_attempt_lets_it_end_and_leads_to_another() {
    let mut machine = Machine::new(policy(), 7);
    let (first, _) = started(&machine.step(seen(spec(1)))).unwrap();
    let poked = Desired { requested_at: Some("now".into()), ..spec(1) };

    assert_eq!(machine.step(seen(poked)), []);
    let effects = machine.step(finished(first, Outcome::Succeeded));

    assert!(effects.contains(&Effect::Conclude));
    assert_eq!(started(&effects).map(|(_, class)| class), Some(Class::Asked));
}

#[test]
fn a_stale_answer_ends_no_live_attempt() {
    let mut machine = Machine::new(policy(), 7);
    let (first, _) = started(&machine.step(seen(spec(1)))).unwrap();
    machine.step(finished(first, Outcome::Succeeded));
    let (second, _) = started(&machine.step(Event::Due)).unwrap();

    assert_eq!(machine.step(finished(first, RETRY)), []);
    assert!(machine.step(finished(second, Outcome::Succeeded)).contains(&Effect::Conclude));
}

#[test]
fn a_relist_without_change_touches_nothing() {
    let mut machine = Machine::new(policy(), 7);
    let (first, _) = started(&machine.step(seen(spec(1)))).unwrap();
    machine.step(finished(first, Outcome::Succeeded));

    assert_eq!(machine.step(seen(spec(1))), []);
}

#[test]
fn after_a_start_a_settled_object_is_only_checked_and_then_spread() {
    let mut machine = Machine::new(policy(), 7);
    let event = Event::Observed { desired: Arc::new(spec(1)), initial: true, settled: true };
    let (attempt, class) = started(&machine.step(event)).unwrap();

    assert_eq!(class, Class::Check);
    let effects = machine.step(finished(attempt, Outcome::Checked));
    let Some(Effect::WakeAfter(delay)) = effects.last() else { panic!("no timer in {effects:?}") };
    assert!(*delay <= Duration::from_mins(1));
}

#[test]
fn failures_back_off_and_a_new_specification_forgets_them() {
    let mut machine = Machine::new(policy(), 7);
    let mut attempt = started(&machine.step(seen(spec(1)))).unwrap().0;
    for doublings in 0..4_u32 {
        let effects = machine.step(finished(attempt, RETRY));
        assert_eq!(effects.last(), Some(&Effect::WakeAfter(FIRST * 2_u32.pow(doublings))));
        attempt = started(&machine.step(Event::Due)).unwrap().0;
    }
    machine.step(finished(attempt, RETRY));
    let attempt = started(&machine.step(seen(spec(2)))).unwrap().0;
    assert_eq!(machine.step(finished(attempt, RETRY)).last(), Some(&Effect::WakeAfter(FIRST)));
}

#[test]
fn no_registry_makes_an_object_sleep_longer_than_the_longest_back_off() {
    let mut machine = Machine::new(policy(), 7);
    let attempt = started(&machine.step(seen(spec(1)))).unwrap().0;
    let year = Some(Duration::from_hours(24 * 365));
    let effects = machine.step(finished(attempt, Outcome::Failed(Disposition::Retry { not_before: year })));
    assert_eq!(effects.last(), Some(&Effect::WakeAfter(Duration::from_mins(15))));
}

#[test]
fn a_stalled_object_sleeps_until_it_is_asked_for() {
    let mut machine = Machine::new(policy(), 7);
    let attempt = started(&machine.step(seen(spec(1)))).unwrap().0;
    let effects = machine.step(finished(attempt, Outcome::Failed(Disposition::Stall)));
    assert_eq!(effects, [Effect::Conclude, Effect::Sleep]);

    let poked = Desired { requested_at: Some("again".into()), ..spec(1) };
    assert!(started(&machine.step(seen(poked))).is_some());
}

#[test]
fn an_object_that_failed_goes_when_its_host_recovers_and_a_stalled_one_does_not() {
    for outcome in [RETRY, Outcome::Failed(Disposition::Park { not_before: None })] {
        let mut machine = Machine::new(policy(), 7);
        let attempt = started(&machine.step(seen(spec(1)))).unwrap().0;
        machine.step(finished(attempt, outcome));
        assert_eq!(started(&machine.step(Event::HostRecovered)).map(|(_, class)| class), Some(Class::Retry));
    }

    let mut stalled = Machine::new(policy(), 7);
    let attempt = started(&stalled.step(seen(spec(1)))).unwrap().0;
    stalled.step(finished(attempt, Outcome::Failed(Disposition::Stall)));
    assert_eq!(stalled.step(Event::HostRecovered), []);
}

#[test]
fn an_object_that_waits_for_its_host_asks_long_after_an_announced_end_and_has_no_back_off_behind_it() {
    let longest = Duration::from_mins(15);
    let mut machine = Machine::new(policy(), 7);
    let mut attempt = started(&machine.step(seen(spec(1)))).unwrap().0;
    for (announced, rest) in [
        (None, longest),
        (Some(Duration::from_secs(20)), longest + Duration::from_secs(20)),
        (Some(Duration::MAX), 2 * longest),
    ] {
        let park = Outcome::Failed(Disposition::Park { not_before: announced });
        let refused = machine.step(finished(attempt, park));
        assert_eq!(refused.last(), Some(&Effect::WakeAfter(rest)));
        let (next, class) = started(&machine.step(Event::Due)).unwrap();
        assert_eq!(class, Class::Retry);
        attempt = next;
    }

    assert_eq!(machine.step(finished(attempt, RETRY)).last(), Some(&Effect::WakeAfter(FIRST)));
    let attempt = started(&machine.step(Event::HostRecovered)).unwrap().0;
    assert_eq!(machine.step(finished(attempt, RETRY)).last(), Some(&Effect::WakeAfter(2 * FIRST)));
}

#[test]
fn the_end_of_one_life_retires_no_other() {
    let deleted = |uid: &str| seen(Desired { uid: uid.into(), deleting: true, ..spec(1) });
    let retired = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Retire { attempt } => Some(*attempt),
            _ => None,
        })
    };
    let mut machine = Machine::new(policy(), 7);
    let first = retired(&machine.step(deleted("one"))).unwrap();
    assert_eq!(machine.step(deleted("two")), []);

    let effects = machine.step(Event::Retired { attempt: first, complete: true });

    let second = retired(&effects).expect("the second life has a finalizer, too");
    assert_eq!(machine.step(Event::Retired { attempt: second, complete: true }), [Effect::Sleep]);
    assert_eq!(retired(&machine.step(deleted("two"))), None);
}

#[test]
fn a_changed_dependency_and_a_damaged_artifact_wake_whatever_waits() {
    let park = Outcome::Failed(Disposition::Park { not_before: None });
    let stall = Outcome::Failed(Disposition::Stall);
    for outcome in [Outcome::Succeeded, Outcome::Checked, RETRY, park, stall] {
        for (event, class) in
            [(Event::DependencyChanged, Class::Dependency), (Event::ArtifactDamaged, Class::Routine)]
        {
            let mut machine = Machine::new(policy(), 7);
            let attempt = started(&machine.step(seen(spec(1)))).unwrap().0;
            machine.step(finished(attempt, outcome));
            let effects = machine.step(event);
            assert_eq!(started(&effects), Some((attempt + 1, class)), "after {outcome:?}");
        }
    }
}

#[test]
fn what_happens_during_an_attempt_leads_to_one_more_as_urgent_as_the_most_urgent_of_it() {
    let poked = Desired { requested_at: Some("now".into()), ..spec(1) };
    for (events, class) in [
        (vec![Event::DependencyChanged, Event::DependencyChanged], Class::Dependency),
        (vec![Event::DependencyChanged, seen(poked.clone())], Class::Asked),
        (vec![seen(poked), Event::DependencyChanged], Class::Asked),
        (vec![Event::ArtifactDamaged, Event::ArtifactDamaged], Class::Routine),
        (vec![Event::ArtifactDamaged, Event::DependencyChanged], Class::Dependency),
        (vec![Event::DependencyChanged, Event::ArtifactDamaged], Class::Dependency),
    ] {
        let mut machine = Machine::new(policy(), 7);
        let (first, _) = started(&machine.step(seen(spec(1)))).unwrap();
        for event in events {
            assert_eq!(machine.step(event), []);
        }
        let effects = machine.step(finished(first, Outcome::Succeeded));
        assert_eq!(started(&effects), Some((first + 1, class)));
        let effects = machine.step(finished(first + 1, Outcome::Succeeded));
        assert_eq!(started(&effects), None);
    }
}

#[test]
fn a_wish_that_never_got_an_attempt_is_counted_and_one_that_was_cancelled_is_not() {
    let mut machine = Machine::new(policy(), 7);
    started(&machine.step(seen(spec(1)))).unwrap();
    assert_eq!(machine.step(seen(spec(2))), [Effect::Cancel]);

    assert_eq!(machine.step(seen(spec(2))), [], "shown once more");
    assert_eq!(machine.step(seen(spec(3))), [Effect::Coalesced]);
}

#[test]
fn neither_a_changed_dependency_nor_a_damaged_artifact_is_anything_to_a_suspended_object() {
    let mut machine = Machine::new(policy(), 7);
    machine.step(seen(Desired { suspended: true, ..spec(1) }));
    assert_eq!(machine.step(Event::DependencyChanged), []);
    assert_eq!(machine.step(Event::ArtifactDamaged), []);
}

#[test]
fn progress_is_shown_two_seconds_after_admission_or_for_a_bare_object_after_ten() {
    let mut machine = Machine::new(policy(), 7);
    started(&machine.step(seen(spec(1)))).unwrap();
    let mut due = |admitted_for: Option<u64>, waited: u64, bare: bool| {
        let (admitted_for, waited) = (admitted_for.map(Duration::from_secs), Duration::from_secs(waited));
        machine.step(Event::ProgressDue { admitted_for, waited, bare })
    };
    assert_eq!(due(None, 9, true), [Effect::ProgressAfter(Duration::from_secs(2))]);
    assert_eq!(due(Some(1), 9, true), [Effect::ProgressAfter(Duration::from_secs(1))]);
    assert_eq!(due(None, 60, false), [Effect::ProgressAfter(Duration::from_secs(2))]);
    assert_eq!(due(None, 10, true), [Effect::ShowProgress]);
    assert_eq!(due(Some(2), 2, false), [Effect::ShowProgress]);
}

#[test]
fn deletion_waits_for_the_attempt_then_retires_once() {
    let mut machine = Machine::new(policy(), 7);
    let attempt = started(&machine.step(seen(spec(1)))).unwrap().0;
    let dying = Desired { deleting: true, ..spec(2) };
    assert_eq!(machine.step(seen(dying.clone())), [Effect::Cancel]);

    let effects = machine.step(finished(attempt, Outcome::Succeeded));
    let Some(Effect::Retire { attempt }) = effects.last().copied() else { panic!("{effects:?}") };
    assert!(!effects.contains(&Effect::Conclude));
    machine.step(Event::Retired { attempt, complete: true });
    assert_eq!(machine.step(seen(Desired { generation: 3, ..dying })), []);
    assert!(machine.step(Event::Gone).contains(&Effect::Finish));
}

#[derive(Clone, Debug)]
enum Stimulus {
    See { generation: i64, uid: u8, deleting: bool, suspended: bool, token: u8, initial: bool },
    Gone,
    Due,
    Recovered,
    Change(bool),
    Nudge,
    Progress(bool),
    FinishCurrent(u8),
    FinishStale(u8),
    RetireCurrent(bool),
}

fn stimulus() -> impl Strategy<Value = Stimulus> {
    prop_oneof![
        6 => (1..4_i64, 0..2_u8, any::<bool>(), any::<bool>(), 0..3_u8, any::<bool>()).prop_map(
            |(generation, uid, deleting, suspended, token, initial)| Stimulus::See {
                generation, uid, deleting: deleting && generation == 3, suspended, token, initial,
            }
        ),
        1 => Just(Stimulus::Gone),
        3 => Just(Stimulus::Due),
        1 => Just(Stimulus::Recovered),
        2 => any::<bool>().prop_map(Stimulus::Change),
        2 => Just(Stimulus::Nudge),
        1 => any::<bool>().prop_map(Stimulus::Progress),
        6 => (0..6_u8).prop_map(Stimulus::FinishCurrent),
        2 => (0..6_u8).prop_map(Stimulus::FinishStale),
        3 => any::<bool>().prop_map(Stimulus::RetireCurrent),
    ]
}

fn outcome(number: u8) -> Outcome {
    match number {
        0 => Outcome::Succeeded,
        1 => Outcome::Checked,
        2 => RETRY,
        3 => Outcome::Failed(Disposition::Stall),
        4 => Outcome::Failed(Disposition::Park { not_before: Some(Duration::from_secs(3)) }),
        _ => CANCELLED,
    }
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_the_rules(stimuli in proptest::collection::vec(stimulus(), 0..64)) {
        let mut machine = Machine::new(policy(), 99);
        let (mut running, mut retiring, mut ended, mut highest) = (None, None, false, 0);
        let (mut gone, mut owed) = (false, false);
        for stimulus in stimuli {
            let known = machine.desired().cloned();
            let event = match stimulus {
                Stimulus::See { generation, uid, deleting, suspended, token, initial } => {
                    let requested_at = (token > 0).then(|| token.to_string());
                    let uid = uid.to_string();
                    let desired = Desired { uid, deleting, suspended, requested_at, ..spec(generation) };
                    Event::Observed { desired: Arc::new(desired), initial, settled: generation == 1 }
                }
                Stimulus::Gone => Event::Gone,
                Stimulus::Due => Event::Due,
                Stimulus::Recovered => Event::HostRecovered,
                Stimulus::Change(false) => Event::DependencyChanged,
                Stimulus::Change(true) => Event::ArtifactDamaged,
                Stimulus::Nudge => Event::Nudged(Nudge::default()),
                Stimulus::Progress(admitted) => {
                    let admitted_for = admitted.then_some(Duration::from_secs(3));
                    Event::ProgressDue { admitted_for, waited: Duration::from_secs(3), bare: true }
                }
                Stimulus::FinishCurrent(number) => {
                    let Some(attempt) = running.take() else { continue };
                    finished(attempt, outcome(number))
                }
                Stimulus::FinishStale(number) => finished(highest + 10, outcome(number)),
                Stimulus::RetireCurrent(complete) => {
                    let Some(attempt) = retiring.take() else { continue };
                    Event::Retired { attempt, complete }
                }
            };
            let stale = matches!(event, Event::Finished { attempt, .. } if attempt > highest);
            let changed = match event {
                Event::DependencyChanged => Some(Class::Dependency),
                Event::ArtifactDamaged => Some(Class::Routine),
                Event::Nudged(_) => Some(Class::Pushed),
                _ => None,
            };
            let ends = matches!(event, Event::Finished { .. }) && !stale;
            match &event {
                Event::Observed { .. } => gone = false,
                Event::Gone => gone = true,
                _ => {}
            }
            let idle = running.is_none() && retiring.is_none() && !ended && !ends;
            let effects = machine.step(event);
            let runnable = !gone && machine.desired().is_some_and(|desired| desired.runnable());
            let next = started(&effects).map(|(_, class)| class);
            if changed.is_some() {
                prop_assert!(!idle || !runnable || next == changed, "slept on: {effects:?}");
                prop_assert!(idle && runnable || effects.is_empty(), "disturbed: {effects:?}");
                owed |= running.is_some() && runnable;
            }
            if ends && std::mem::take(&mut owed) {
                prop_assert!(!runnable || next.is_some(), "a change was lost: {effects:?}");
            }
            prop_assert!(!ended || effects.is_empty(), "an effect after the end: {effects:?}");
            prop_assert!(!stale || effects.is_empty(), "a stale answer had an effect: {effects:?}");
            let desired = machine.desired().cloned();
            for effect in effects {
                match effect {
                    Effect::Start { attempt, .. } => {
                        prop_assert!(running.is_none() && retiring.is_none(), "two at a time");
                        prop_assert!(attempt > highest, "a number was used twice");
                        prop_assert!(desired.as_ref().is_some_and(|desired| desired.runnable()));
                        highest = attempt;
                        running = Some(attempt);
                    }
                    Effect::Retire { attempt } => {
                        prop_assert!(running.is_none() && retiring.is_none(), "retired beside an attempt");
                        prop_assert!(desired.as_ref().is_some_and(|desired| desired.deleting));
                        highest = attempt;
                        retiring = Some(attempt);
                    }
                    Effect::WakeAfter(delay) => prop_assert!(delay >= FIRST, "woken after {delay:?}"),
                    Effect::Conclude | Effect::ShowProgress | Effect::ShowSuspended => {
                        prop_assert!(known.is_some() || desired.is_some(), "wrote for an unseen object");
                    }
                    Effect::Finish => ended = true,
                    Effect::Cancel => prop_assert!(running.is_some(), "cancelled nothing"),
                    Effect::Coalesced => prop_assert!(running.is_some(), "nothing was in the way of the one before"),
                    Effect::LookAgainAfter(delay) => prop_assert!(false, "nothing early was told: {delay:?}"),
                    Effect::Sleep | Effect::ProgressAfter(_) => {}
                }
            }
        }
    }
}
