//! What a webhook told is found at the registry: at once, once, and never lost.
#![expect(clippy::wildcard_enum_match_arm, reason = "the other effects are not asked for")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use reconcile::{
    Backoff, Class, Desired, Disposition, Effect, Event, Failure, Found, Machine, Nudge, Outcome, Policy,
    Reason,
};
use reference::Digest;

fn machine() -> Machine {
    let backoff = Backoff { first: Duration::from_millis(750), longest: Duration::from_mins(15) };
    Machine::new(Policy { backoff, jitter_percent: 0 }, 7)
}

fn observed(generation: i64, suspended: bool) -> Event {
    let wish = Err(Failure::stall(None, Reason::SpecInvalid, "not asked here".into()));
    let desired = Desired {
        uid: "one".into(),
        generation,
        requested_at: None,
        annotations: BTreeMap::new(),
        deleting: false,
        suspended,
        interval: Duration::from_hours(1),
        wish,
    };
    Event::Observed { desired: Arc::new(desired), initial: false, settled: false }
}

fn content(number: u8) -> Digest {
    Digest::sha256_from_bytes([number; 32])
}

fn nudge(number: u8) -> Nudge {
    Nudge { digest: Some(content(number)), ..Nudge::default() }
}

fn told(number: u8) -> Event {
    Event::Nudged(nudge(number))
}

fn told_early(number: u8) -> Event {
    Event::Nudged(Nudge { early: true, ..nudge(number) })
}

const TOLD_OF_SOMETHING: Event = Event::Nudged(Nudge { digest: None, tag: None, early: false });

fn showed(attempt: u64, found: Found) -> Event {
    let found = Some(found);
    Event::Finished { attempt, outcome: Outcome::Succeeded, found, ran_for: Duration::ZERO }
}

fn found(attempt: u64, number: u8) -> Event {
    showed(attempt, Found { digest: content(number), tag: None })
}

fn failed(attempt: u64, disposition: Disposition) -> Event {
    Event::Finished { attempt, outcome: Outcome::Failed(disposition), found: None, ran_for: Duration::ZERO }
}

fn started(effects: &[Effect]) -> Option<(u64, Class)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Start { attempt, class } => Some((*attempt, *class)),
        _ => None,
    })
}

fn pause(effects: &[Effect]) -> Option<Duration> {
    effects.iter().find_map(|effect| match effect {
        Effect::LookAgainAfter(pause) => Some(*pause),
        _ => None,
    })
}

/// A machine whose first attempt has found the content of this number.
fn resting_on(number: u8) -> Machine {
    let mut machine = machine();
    let (first, _) = started(&machine.step(observed(1, false))).expect("it was never looked at");
    machine.step(found(first, number));
    machine
}

#[test]
fn a_push_is_looked_for_at_once() {
    let mut machine = resting_on(1);

    let effects = machine.step(told(2));

    assert_eq!(started(&effects).map(|(_, class)| class), Some(Class::Pushed));
}

#[test]
fn several_deliveries_of_one_push_are_one_attempt() {
    let mut machine = resting_on(1);
    let (attempt, _) = started(&machine.step(told(2))).unwrap();
    for _ in 0..5 {
        assert_eq!(machine.step(told(2)), []);
    }

    let effects = machine.step(found(attempt, 2));

    assert_eq!(started(&effects), None);
    assert_eq!(machine.step(told(2)), [], "a late delivery of it tells nothing new");
}

#[test]
fn a_push_during_an_attempt_leads_to_another_one_after_it() {
    let mut machine = resting_on(1);
    for (during, seen) in [(TOLD_OF_SOMETHING, 2), (told(3), 2), (TOLD_OF_SOMETHING, 3)] {
        let (attempt, _) = started(&machine.step(TOLD_OF_SOMETHING)).unwrap();
        assert_eq!(machine.step(during), []);

        let effects = machine.step(found(attempt, seen));

        let (next, class) = started(&effects).expect("what was told meanwhile is looked for");
        assert_eq!(class, Class::Pushed);
        assert!(effects.contains(&Effect::Conclude), "the one that ran is not lost either");
        machine.step(found(next, seen));
    }
}

#[test]
fn of_two_pushes_during_an_attempt_none_hides_the_other() {
    let mut machine = resting_on(1);
    let (attempt, _) = started(&machine.step(told(2))).unwrap();
    machine.step(told(2));
    machine.step(told(3));

    assert!(started(&machine.step(found(attempt, 2))).is_some());
}

#[test]
fn what_failed_is_tried_at_once_when_something_is_pushed() {
    let mut machine = resting_on(1);
    let (attempt, _) = started(&machine.step(told(2))).unwrap();
    machine.step(failed(attempt, Disposition::Retry { not_before: None }));

    let (attempt, _) = started(&machine.step(told(2))).expect("it was not found before");
    machine.step(failed(attempt, Disposition::Park { not_before: None }));

    assert!(started(&machine.step(told(1))).is_some(), "what was found before the failure may be gone");
}

#[test]
fn a_registry_that_spoke_too_early_is_asked_again_soon_and_not_for_ever() {
    let mut machine = resting_on(1);
    let (mut attempt, _) = started(&machine.step(told_early(2))).unwrap();
    let mut pauses = Vec::new();
    while let Some(pause) = pause(&machine.step(found(attempt, 1))) {
        pauses.push(pause);
        let (next, class) = started(&machine.step(Event::Due)).unwrap();
        assert_eq!(class, Class::Pushed);
        attempt = next;
    }

    assert!(pauses.first().is_some_and(|pause| *pause < Duration::from_millis(50)), "{pauses:?}");
    assert!(pauses.is_sorted() && pauses.len() == 7, "{pauses:?}");
}

#[test]
fn a_registry_that_shows_what_it_told_is_not_asked_again() {
    let mut machine = resting_on(1);
    let (attempt, _) = started(&machine.step(told_early(2))).unwrap();
    let again = pause(&machine.step(found(attempt, 1)));
    assert!(again.is_some());
    let (attempt, _) = started(&machine.step(Event::Due)).unwrap();

    let effects = machine.step(found(attempt, 2));

    assert_eq!(pause(&effects), None);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::WakeAfter(_))), "{effects:?}");
}

#[test]
fn a_push_wakes_nobody_who_is_suspended_or_was_never_seen() {
    let mut unseen = machine();
    assert_eq!(unseen.step(TOLD_OF_SOMETHING), []);

    let mut suspended = resting_on(1);
    suspended.step(observed(2, true));
    assert_eq!(suspended.step(TOLD_OF_SOMETHING), []);
}

/// A machine whose first attempt has chosen this tag with content 1.
fn resting_on_tag(tag: &str) -> Machine {
    let mut machine = machine();
    let (first, _) = started(&machine.step(observed(1, false))).expect("it was never looked at");
    machine.step(showed(first, Found { digest: content(1), tag: Some(tag.into()) }));
    machine
}

#[test]
fn a_new_tag_of_a_known_manifest_is_news_to_whoever_chooses_a_tag() {
    let chosen = |tag: &str| Found { digest: content(1), tag: Some(tag.into()) };
    let tagged = |tag: &str| Nudge { tag: Some(tag.into()), ..nudge(1) };
    let mut machine = resting_on_tag("1.2.0-rc1");
    assert_eq!(machine.step(Event::Nudged(tagged("1.2.0-rc1"))), [], "that is what it has");

    let (attempt, class) = started(&machine.step(Event::Nudged(tagged("1.2.0")))).unwrap();
    assert_eq!(class, Class::Pushed);
    machine.step(Event::Nudged(tagged("1.2.1")));
    let missed = machine.step(showed(attempt, chosen("1.2.0")));
    let (attempt, _) = started(&missed).expect("the list may have been read before the second tag was there");
    machine.step(showed(attempt, chosen("1.2.1")));

    let early = Nudge { early: true, ..tagged("1.2.2") };
    let (attempt, _) = started(&machine.step(Event::Nudged(early))).unwrap();
    assert!(pause(&machine.step(showed(attempt, chosen("1.2.1")))).is_some(), "it is not shown yet");
    let (attempt, _) = started(&machine.step(Event::Due)).unwrap();
    assert_eq!(pause(&machine.step(showed(attempt, chosen("1.2.2")))), None);
}

#[test]
fn of_pushes_that_are_told_of_at_once_only_what_all_say_is_known() {
    let early = Nudge { early: true, tag: Some("1.0".into()), ..nudge(1) };
    let other_tag = Nudge { early: false, tag: Some("1.1".into()), ..nudge(1) };
    let other_content = Nudge { digest: Some(content(2)), ..early.clone() };

    for (other, left) in [
        (early.clone(), early.clone()),
        (other_tag, Nudge { tag: None, ..early.clone() }),
        (other_content, Nudge { digest: None, ..early.clone() }),
    ] {
        let (mut one, mut two) = (early.clone(), other.clone());
        one.merge(&other);
        two.merge(&early);
        assert_eq!((&one, &two), (&left, &left));
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A tag is moved and told of, before or after it has moved, with or without its digest.
    Push {
        number: u8,
        early: bool,
        named: bool,
    },
    /// The attempt under way asks the registry.
    Ask,
    /// The attempt under way ends; one that has not asked yet asks now.
    End {
        failed: bool,
    },
    Due,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..4_u8, any::<bool>(), any::<bool>())
            .prop_map(|(number, early, named)| Step::Push { number, early, named: named || early }),
        3 => Just(Step::Ask),
        3 => any::<bool>().prop_map(|failed| Step::End { failed }),
        1 => Just(Step::Due),
    ]
}

/// A registry with one tag, and one who follows it.
struct World {
    machine: Machine,
    tag: u8,
    attempt: Option<u64>,
    seen: Option<u8>,
    taken: u8,
    due: bool,
}

impl World {
    fn advance(&mut self, event: Event) {
        for effect in self.machine.step(event) {
            match effect {
                Effect::Start { attempt, .. } => (self.attempt, self.seen) = (Some(attempt), None),
                Effect::LookAgainAfter(_) | Effect::WakeAfter(_) => {
                    self.due = !matches!(effect, Effect::WakeAfter(pause) if pause > Duration::from_mins(30));
                }
                _ => {}
            }
        }
    }

    fn end(&mut self, fails: bool) {
        let Some(attempt) = self.attempt.take() else { return };
        let seen = self.seen.unwrap_or(self.tag);
        if fails {
            self.advance(failed(attempt, Disposition::Retry { not_before: None }));
            return;
        }
        self.taken = seen;
        self.advance(found(attempt, seen));
    }
}

proptest! {
    #[test]
    fn whatever_is_pushed_is_taken_in_the_end(steps in proptest::collection::vec(step(), 0..40)) {
        let mut world =
            World { machine: resting_on(1), tag: 1, attempt: None, seen: None, taken: 1, due: false };
        for step in steps {
            match step {
                Step::Push { number, early, named } => {
                    let digest = named.then(|| content(number));
                    let told = Event::Nudged(Nudge { digest, early, tag: None });
                    if early {
                        world.advance(told);
                        world.tag = number;
                    } else {
                        world.tag = number;
                        world.advance(told);
                    }
                }
                Step::Ask => world.seen = world.seen.or(world.attempt.map(|_| world.tag)),
                Step::End { failed } => world.end(failed),
                Step::Due if world.due => world.advance(Event::Due),
                Step::Due => {}
            }
        }
        for _ in 0..100 {
            if world.attempt.is_some() {
                world.end(false);
            } else if std::mem::take(&mut world.due) {
                world.advance(Event::Due);
            }
        }

        prop_assert_eq!(world.taken, world.tag);
    }
}
