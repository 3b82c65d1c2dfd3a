//! When another writer counts as one, and when an object is left to it (D46).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use reconcile::{Change, Ownership, Shift, Terms};

const INTERVAL: Duration = Duration::from_mins(10);

fn terms(generation: i64) -> Terms {
    Terms { generation, labels: BTreeMap::new(), deleting: false }
}

fn labelled(value: &str) -> Terms {
    Terms { labels: BTreeMap::from([("team".to_owned(), value.to_owned())]), ..terms(1) }
}

/// An object that we have written, and a clock that begins with it.
struct Scene {
    ownership: Ownership,
    start: Instant,
}

impl Scene {
    fn ours() -> Self {
        let mut ownership = Ownership::default();
        ownership.written();
        Self { ownership, start: Instant::now() }
    }

    /// One that was taken over twice.
    fn left() -> Self {
        let mut scene = Self::ours();
        assert_eq!(scene.replaced(0.0), Some(Shift::TakenOver));
        assert_eq!(scene.replaced(600.0), Some(Shift::Left));
        scene
    }

    fn replaced(&mut self, seconds: f64) -> Option<Shift> {
        self.changed(seconds, false, INTERVAL)
    }

    fn emptied(&mut self, seconds: f64) -> Option<Shift> {
        self.changed(seconds, true, INTERVAL)
    }

    fn changed(&mut self, seconds: f64, emptied: bool, interval: Duration) -> Option<Shift> {
        let at = self.start + Duration::from_secs_f64(seconds);
        self.ownership.changed(&Change { at, interval, emptied }, &terms(1))
    }
}

#[test]
fn what_changes_before_our_first_write_is_a_hand_over() {
    let mut scene = Scene { ownership: Ownership::default(), start: Instant::now() };

    assert_eq!([scene.emptied(0.0), scene.replaced(5.0), scene.replaced(600.0)], [None; 3]);
    scene.ownership.written();
    assert_eq!(scene.replaced(601.0), Some(Shift::TakenOver));
}

#[test]
fn a_take_over_is_told_and_the_second_one_within_two_intervals_ends_our_writing() {
    let mut scene = Scene::ours();

    assert_eq!(scene.replaced(0.0), Some(Shift::TakenOver));
    assert!(!scene.ownership.is_left());
    scene.ownership.written();
    assert_eq!(scene.replaced(600.0), Some(Shift::Left));
    assert!(scene.ownership.is_left());
}

#[test]
fn changes_within_a_second_are_one_take_over_and_a_storm_of_them_is_two() {
    let mut scene = Scene::ours();

    let shifts = [0.0, 0.4, 0.8, 1.0].map(|seconds| scene.replaced(seconds));
    assert_eq!(shifts, [Some(Shift::TakenOver), None, None, None]);
    assert_eq!(scene.replaced(1.2), Some(Shift::Left));
}

#[test]
fn an_artifact_that_is_removed_and_replaced_when_it_is_pulled_is_taken_over_once() {
    let mut scene = Scene::ours();

    assert_eq!(scene.emptied(0.0), Some(Shift::TakenOver));
    scene.ownership.written();
    assert_eq!(scene.replaced(45.0), None);
    assert_eq!(scene.replaced(45.5), None);
    assert_eq!(scene.emptied(660.0), Some(Shift::Left));
}

#[test]
fn an_artifact_that_is_removed_twice_is_taken_over_twice() {
    let mut scene = Scene::ours();

    assert_eq!(scene.emptied(0.0), Some(Shift::TakenOver));
    scene.ownership.written();
    assert_eq!(scene.emptied(600.0), Some(Shift::Left));
}

#[test]
fn both_sides_may_jitter_by_five_percent_and_take_their_time() {
    for (interval, gap, shift) in [
        (600, 1260.0 + 200.0, Shift::Left),
        (600, 1501.0, Shift::TakenOver),
        (1, 59.0, Shift::Left),
        (1, 61.0, Shift::TakenOver),
        (0, 59.0, Shift::Left),
    ] {
        let mut scene = Scene::ours();
        let interval = Duration::from_secs(interval);
        scene.changed(0.0, false, interval);

        assert_eq!(scene.changed(gap, false, interval), Some(shift), "{interval:?} and {gap} s");
    }
}

#[test]
fn a_status_that_is_edited_now_and_then_is_told_each_time_and_goes_on_being_written() {
    let mut scene = Scene::ours();

    for day in 0..10 {
        assert_eq!(scene.replaced(f64::from(day) * 86_400.0), Some(Shift::TakenOver));
        scene.ownership.written();
    }
}

#[test]
fn an_endless_interval_overflows_nothing() {
    let mut scene = Scene::ours();
    scene.changed(0.0, false, Duration::MAX);

    assert_eq!(scene.changed(9e6, false, Duration::MAX), Some(Shift::Left));
}

#[test]
fn an_object_that_is_left_returns_with_its_labels_its_generation_or_its_deletion() {
    for (shown, shift) in [
        (terms(1), None),
        (labelled("a"), Some(Shift::Released { respecified: false })),
        (terms(2), Some(Shift::Released { respecified: true })),
        (Terms { deleting: true, ..terms(1) }, Some(Shift::Released { respecified: true })),
    ] {
        let mut scene = Scene::left();

        assert_eq!(scene.ownership.shown(&shown), shift, "{shown:?}");
        assert_eq!(scene.ownership.is_left(), shift.is_none());
    }
}

#[test]
fn an_object_that_has_returned_is_contested_anew_once_we_have_written_it() {
    let mut scene = Scene::left();
    scene.ownership.shown(&labelled("a"));

    assert_eq!(scene.replaced(601.0), None);
    scene.ownership.written();
    assert_eq!(scene.replaced(602.0), Some(Shift::TakenOver));
    assert_eq!(scene.replaced(1200.0), Some(Shift::Left));
}

#[test]
fn terms_that_change_before_the_second_take_over_end_no_conflict() {
    let mut scene = Scene::ours();
    scene.replaced(0.0);

    assert_eq!(scene.ownership.shown(&labelled("a")), None);
    assert_eq!(scene.replaced(600.0), Some(Shift::Left));
}

#[derive(Clone, Copy, Debug)]
enum Stimulus {
    Written,
    Changed { after: u64, emptied: bool },
    Shown(i64),
}

fn stimulus() -> impl Strategy<Value = Stimulus> {
    prop_oneof![
        Just(Stimulus::Written),
        (prop_oneof![0..2_000_u64, 0..2_000_000_u64], any::<bool>())
            .prop_map(|(after, emptied)| Stimulus::Changed { after, emptied }),
        (1..3_i64).prop_map(Stimulus::Shown),
    ]
}

proptest! {
    #[test]
    fn no_sequence_leaves_an_object_without_telling_of_it_first_or_keeps_it_for_ever(
        stimuli in proptest::collection::vec(stimulus(), 0..64),
    ) {
        let (mut ownership, mut at) = (Ownership::default(), Instant::now());
        let (mut written, mut told, mut generation) = (false, None, 1);
        for stimulus in stimuli {
            let left = ownership.is_left();
            let shift = match stimulus {
                Stimulus::Written => {
                    ownership.written();
                    written = true;
                    None
                }
                Stimulus::Changed { after, emptied } => {
                    at += Duration::from_millis(after);
                    ownership.changed(&Change { at, interval: INTERVAL, emptied }, &terms(generation))
                }
                Stimulus::Shown(shown) => {
                    let shift = ownership.shown(&terms(shown));
                    prop_assert_eq!(shift.is_some(), left && shown != generation);
                    generation = shown;
                    shift
                }
            };
            match shift {
                Some(Shift::TakenOver) => {
                    prop_assert!(written && !left, "told of an object that was not ours");
                    told = Some(at);
                }
                Some(Shift::Left) => {
                    let first = told.take();
                    prop_assert!(first.is_some_and(|first| at > first + Duration::from_secs(1)), "left at once");
                }
                Some(Shift::Released { .. }) => written = false,
                None => {}
            }
            prop_assert_eq!(ownership.is_left(), match shift {
                Some(Shift::Left) => true,
                Some(Shift::TakenOver | Shift::Released { .. }) => false,
                None => left,
            });
        }
    }
}
