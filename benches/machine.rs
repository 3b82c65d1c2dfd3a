//! What a step of the machine costs: the only work that all objects share one thread for.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use reconcile::{Backoff, Desired, Effect, Event, Failure, Machine, Outcome, Policy, Reason};

fn machine() -> Machine {
    let backoff = Backoff { first: Duration::from_millis(750), longest: Duration::from_mins(15) };
    Machine::new(Policy { backoff, jitter_percent: 5 }, 7)
}

fn observed() -> Event {
    let desired = Arc::new(Desired {
        uid: "one".into(),
        generation: 1,
        requested_at: None,
        annotations: BTreeMap::new(),
        deleting: false,
        suspended: false,
        interval: Duration::from_mins(5),
        wish: Err(Failure::stall(None, Reason::SpecInvalid, "not asked here".into())),
    });
    Event::Observed { desired, initial: false, settled: false }
}

fn attempt_of(effects: &[Effect]) -> Option<u64> {
    effects.iter().find_map(
        |effect| {
            if let Effect::Start { attempt, .. } = effect { Some(*attempt) } else { None }
        },
    )
}

fn pass(criterion: &mut Criterion) {
    let mut machine = machine();
    let mut attempt = attempt_of(&machine.step(observed()));
    criterion.bench_function("machine/pass", |bencher| {
        bencher.iter(|| {
            let number = attempt.take().unwrap_or_default();
            let ran_for = Duration::from_millis(20);
            machine.step(black_box(Event::Finished {
                attempt: number,
                outcome: Outcome::Succeeded,
                found: None,
                ran_for,
            }));
            attempt = attempt_of(&machine.step(black_box(Event::Due)));
            assert!(attempt.is_some(), "a due object starts an attempt");
        });
    });
}

fn relist(criterion: &mut Criterion) {
    let mut machine = machine();
    machine.step(observed());
    criterion.bench_function("machine/relist", |bencher| {
        bencher.iter(|| assert!(machine.step(black_box(observed())).is_empty()));
    });
}

criterion_group!(benches, pass, relist);
criterion_main!(benches);
