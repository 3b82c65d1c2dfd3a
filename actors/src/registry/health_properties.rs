//! What holds for a host under any sequence of events.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Ask { object: usize },
    Return { turn: prop::sample::Index, conduct: Conduct },
    GiveUp { turn: prop::sample::Index },
    Pause { milliseconds: u64 },
}

const OBJECTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn conduct() -> impl Strategy<Value = Conduct> {
    prop_oneof![
        2 => Just(Conduct::Answered),
        3 => Just(unreachable()),
        3 => Just(faulty()),
        1 => (0..5_u64).prop_map(busy),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let turn = any::<prop::sample::Index>;
    let step = prop_oneof![
        4 => (0..OBJECTS.len()).prop_map(|object| Step::Ask { object }),
        4 => (turn(), conduct()).prop_map(|(turn, conduct)| Step::Return { turn, conduct }),
        1 => turn().prop_map(|turn| Step::GiveUp { turn }),
        3 => (0..3000_u64).prop_map(|milliseconds| Step::Pause { milliseconds }),
    ];
    prop::collection::vec(step, 0..80)
}

/// A host, the turns that are out, and the objects that wait for a call.
struct Model {
    host: Host,
    out: Vec<(u64, Seeker, &'static str)>,
    waiting: BTreeSet<&'static str>,
}

impl Model {
    fn new() -> Self {
        Self { host: Host::new(), out: Vec::new(), waiting: BTreeSet::new() }
    }

    fn seeker(object: usize) -> Seeker {
        let repository = ["app", "broken", "worse"][object % 3].into();
        Seeker {
            key: Key::new("team", OBJECTS[object]),
            identity: identity(["one", "two"][object % 2]),
            repository,
        }
    }

    fn ask(&mut self, object: usize) {
        let (name, seeker) = (OBJECTS[object], Self::seeker(object));
        if self.out.iter().any(|(_, _, other)| *other == name) {
            return;
        }
        self.host.number += 1;
        let (number, now) = (self.host.number, self.host.now);
        match self.host.health.admit(&seeker, number, Bell(name), now) {
            Ok(()) => {
                self.waiting.remove(name);
                self.out.push((number, seeker, name));
            }
            Err(_) => drop(self.waiting.insert(name)),
        }
    }

    fn come_back(&mut self, turn: usize, conduct: Option<Conduct>) {
        let (number, seeker, name) = self.out.remove(turn);
        let in_vain = matches!(conduct, Some(Conduct::Unreachable { .. } | Conduct::Faulty { .. }));
        let witness = Witness { conduct, repository: seeker.repository.to_string() };
        let lesson = self.host.health.learn(witness, seeker.identity, self.host.now);
        self.called(lesson.calls);
        self.host.health.ended(number);
        if in_vain {
            self.host.health.await_recovery(seeker, Bell(name), self.host.now);
        }
        let parked = self.host.health.parked();
        let names = OBJECTS.into_iter().filter(|name| parked.contains(&Key::new("team", name)));
        self.waiting.extend(names);
    }

    fn called(&mut self, calls: Vec<Bell>) {
        for Bell(name) in calls {
            assert!(self.waiting.remove(name), "{name} was called but does not wait");
        }
    }

    fn pause(&mut self, pause: Duration) {
        let calls = self.host.after(pause);
        self.called(calls);
        let next = self.host.next_tick();
        assert!(next.is_none_or(|next| !next.is_zero()), "what is due was done");
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ask { object } => self.ask(object),
            Step::Pause { milliseconds } => self.pause(Duration::from_millis(milliseconds)),
            Step::Return { .. } | Step::GiveUp { .. } if self.out.is_empty() => {}
            Step::Return { turn, conduct } => self.come_back(turn.index(self.out.len()), Some(conduct)),
            Step::GiveUp { turn } => self.come_back(turn.index(self.out.len()), None),
        }
    }

    fn check(&self) {
        let parked: BTreeSet<String> =
            self.host.health.parked().iter().map(|key| key.name.to_string()).collect();
        assert!(self.waiting.iter().map(ToString::to_string).eq(parked), "all who wait are known");
        let probes = self.out.iter().filter(|(number, _, _)| self.host.health.is_probe(*number)).count();
        assert!(probes <= self.host.health.outages.len(), "one probe an outage");
        let forgotten = !self.waiting.is_empty() && self.host.next_tick().is_none();
        assert!(!forgotten, "somebody waits and nothing is due");
    }

    /// Everybody who is called comes, every turn ends with an answer, nobody asks uncalled.
    fn heals(&mut self) -> bool {
        for _ in 0..2000 {
            while !self.out.is_empty() {
                self.come_back(0, Some(Conduct::Answered));
            }
            let Some(next) = self.host.next_tick() else { break };
            let calls = self.host.after(next);
            self.called(calls.clone());
            for Bell(name) in calls {
                let object = OBJECTS.iter().position(|other| *other == name).unwrap();
                self.ask(object);
            }
        }
        self.waiting.is_empty()
    }
}

proptest! {
    #[test]
    fn nobody_who_waits_is_forgotten_and_a_host_that_heals_calls_everybody(steps in steps()) {
        let mut model = Model::new();
        for step in steps {
            model.take(step);
            model.check();
        }
        prop_assert!(model.heals(), "{:?} still wait", model.waiting);
    }
}
