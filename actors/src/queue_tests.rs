//! The order of admission, in examples and as a property.

use proptest::prelude::*;

use super::Rank::{Asked, Resumed, Retry, Routine};
use super::*;

fn queue(ranks: &[Rank]) -> Queue {
    let mut queue = Queue::default();
    for (number, rank) in (0..).zip(ranks) {
        queue.push(number, *rank);
    }
    queue
}

fn emptied(mut queue: Queue) -> Vec<u64> {
    std::iter::from_fn(|| queue.pop()).collect()
}

#[test]
fn the_most_urgent_goes_first_and_of_equally_urgent_ones_the_oldest() {
    let queue = queue(&[Routine, Routine, Retry, Asked, Resumed, Asked]);

    assert_eq!(emptied(queue), [4, 3, 5, 2, 0, 1]);
}

#[test]
fn every_eighth_turn_goes_to_the_oldest_of_any_class() {
    let queue = queue(&[[Routine; 2].as_slice(), &[Asked; 16]].concat());

    let order = emptied(queue);

    assert_eq!(order[7], 0);
    assert_eq!(order[15], 1);
    assert_eq!(order[..7], [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(order[8..15], [9, 10, 11, 12, 13, 14, 15]);
}

#[test]
fn a_place_that_is_given_up_is_nobodys() {
    let mut queue = queue(&[Asked, Asked, Routine]);

    assert!(queue.remove(0));
    assert!(!queue.remove(0));

    assert_eq!(emptied(queue), [1, 2]);
}

#[test]
fn a_number_has_one_place() {
    let mut queue = queue(&[Routine, Asked]);

    queue.push(0, Resumed);

    assert_eq!(emptied(queue), [1, 0]);
}

fn rank() -> impl Strategy<Value = Rank> {
    prop_oneof![Just(Resumed), Just(Asked), Just(Retry), Just(Routine)]
}

#[derive(Clone, Debug)]
enum Step {
    Push(Rank),
    Pop,
    Remove(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => rank().prop_map(Step::Push),
        3 => Just(Step::Pop),
        1 => any::<prop::sample::Index>().prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn nobody_starves_however_urgent_the_others_are(
        first in prop::collection::vec(rank(), 0..12),
        mine in rank(),
        later in prop::collection::vec(rank(), 120..121),
    ) {
        let mut queue = queue(&first);
        let me = first.len() as u64;
        queue.push(me, mine);
        let at_most = 8 * (first.len() + 1);

        let mut turns = 0;
        for (number, rank) in (me + 1..).zip(later) {
            queue.push(number, rank);
            turns += 1;
            if queue.pop() == Some(me) {
                break;
            }
        }

        prop_assert!(turns <= at_most, "waited {turns} turns behind {} others", first.len());
    }

    #[test]
    fn every_number_leaves_once_and_nobody_is_invented(steps in steps()) {
        let mut queue = Queue::default();
        let (mut waiting, mut next) = (Vec::new(), 0);
        for step in steps {
            match step {
                Step::Push(rank) => {
                    queue.push(next, rank);
                    waiting.push(next);
                    next += 1;
                }
                Step::Pop => match queue.pop() {
                    Some(number) => {
                        prop_assert!(waiting.contains(&number));
                        waiting.retain(|other| *other != number);
                    }
                    None => prop_assert!(waiting.is_empty()),
                },
                Step::Remove(index) if !waiting.is_empty() => {
                    prop_assert!(queue.remove(waiting.remove(index.index(waiting.len()))));
                }
                Step::Remove(_) => prop_assert!(!queue.remove(next)),
            }
            prop_assert_eq!(&queue.oldest_first().collect::<Vec<_>>(), &waiting);
        }
    }
}
