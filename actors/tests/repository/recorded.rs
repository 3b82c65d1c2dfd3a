//! What a Repository tells of its passes.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use serde_json::json;
use sluice_actors::repository::{ObjectVanished, Repository, Services, SpecObserved};
use sluice_actors::storage::{Claim, Claimed, Claims};
use sluice_actors::testing::Probe;
use sluice_actors::{End, Key, Recorder};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::failures::finding;
use crate::support::{Registry, object, services, stored};

/// One call of a recorder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Begun { again: bool },
    Waits(bool),
    Claimed { seconds: u64 },
    Answered(&'static str),
    Coalesced,
    Ended(End),
    Forgotten,
}

/// Hands on what it is told.
pub(crate) struct Recording(UnboundedSender<Record>);

impl Recording {
    pub(crate) fn start() -> (Self, UnboundedReceiver<Record>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    fn hand_on(&self, record: Record) {
        // A test may end before its Repository does.
        drop(self.0.send(record));
    }
}

impl Recorder for Recording {
    fn begun(&self, _: &Key, again: bool) {
        self.hand_on(Record::Begun { again });
    }

    fn waits(&self, _: &Key, waits: bool) {
        self.hand_on(Record::Waits(waits));
    }

    fn claimed(&self, wait: Duration) {
        self.hand_on(Record::Claimed { seconds: wait.as_secs() });
    }

    fn answered(&self, message: &'static str, _: Duration) {
        self.hand_on(Record::Answered(message));
    }

    fn coalesced(&self) {
        self.hand_on(Record::Coalesced);
    }

    fn ended(&self, _: &Key, end: End) {
        self.hand_on(Record::Ended(end));
    }

    fn forgotten(&self, _: &Key) {
        self.hand_on(Record::Forgotten);
    }
}

/// The records of a Repository whose object looks like this, until so many tell of more than a wait.
async fn records(registry: Registry, looks: Vec<serde_json::Value>, count: usize) -> Vec<Record> {
    let (services, mut seen) = services(registry);
    let (stopped, _) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    for (generation, look) in (1..).zip(looks) {
        let object = object(generation, look);
        let observed = SpecObserved { object, initial: false };
        repository.send(observed).await.unwrap();
    }
    let mut records = Vec::new();
    while records.iter().filter(|record| !is_wait(record)).count() < count {
        let record = seen.record.recv().await.unwrap();
        if matches!(record, Record::Answered(_)) {
            continue;
        }
        if matches!(record, Record::Ended(End::Resting)) {
            repository.do_send(ObjectVanished);
        }
        records.push(record);
    }
    records
}

fn is_wait(record: &Record) -> bool {
    matches!(record, Record::Waits(_) | Record::Answered(_))
}

#[actix::test]
async fn a_pass_waits_for_its_turn_and_ends_until_the_interval_is_over() {
    let records = records(Registry::Answers, vec![stored()], 2).await;

    let expected = [
        Record::Begun { again: false },
        Record::Waits(true),
        Record::Waits(false),
        Record::Ended(End::Waiting),
    ];
    assert_eq!(records, expected);
}

#[actix::test]
async fn each_answer_that_a_pass_waits_for_is_told_of_by_the_name_of_its_question() {
    let (services, mut seen) = services(Registry::Answers);
    let (stopped, _) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    repository.send(SpecObserved { object: object(1, stored()), initial: false }).await.unwrap();

    let mut told = Vec::new();
    while told.last() != Some(&Record::Ended(End::Waiting)) {
        told.push(seen.record.recv().await.unwrap());
    }

    told.retain(|record| matches!(record, Record::Answered(_)));
    assert_eq!(told, ["Inspect", "Admit", "Resolve"].map(Record::Answered));
}

#[actix::test]
async fn an_attempt_after_a_failure_is_one_again() {
    tokio::time::pause();
    let broken = json!({"spec": {"secretRef": {"name": "explosive"}}});
    let records = records(Registry::Answers, vec![broken], 3).await;

    let expected =
        [Record::Begun { again: false }, Record::Ended(End::Failed), Record::Begun { again: true }];
    assert_eq!(records, expected);
}

#[actix::test]
async fn an_object_that_vanishes_is_forgotten_after_its_last_pass() {
    let suspended = json!({"spec": {"suspend": true}});
    let records = records(Registry::Answers, vec![suspended], 2).await;

    assert_eq!(records, [Record::Ended(End::Resting), Record::Forgotten]);
}

#[actix::test]
async fn a_pass_that_is_overtaken_says_so() {
    let (first, second) = (json!({}), json!({"spec": {"ref": {"tag": "v2"}}}));
    let mut records = records(Registry::Hangs, vec![first, second], 3).await;
    records.retain(|record| !is_wait(record));

    let expected =
        [Record::Begun { again: false }, Record::Ended(End::Superseded), Record::Begun { again: false }];
    assert_eq!(records, expected);
}

#[actix::test]
async fn a_specification_that_never_got_a_pass_is_told_of() {
    let (services, mut seen) = services(Registry::Hangs);
    let (stopped, _) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    for (generation, tag) in [(1, "v1"), (2, "v2"), (3, "v3")] {
        let object = object(generation, json!({"spec": {"ref": {"tag": tag}}}));
        repository.do_send(SpecObserved { object, initial: false });
    }

    let mut records = Vec::new();
    let begun = Record::Begun { again: false };
    while records.iter().filter(|record| **record == begun).count() < 2 {
        records.push(seen.record.recv().await.unwrap());
        records.retain(|record| !is_wait(record));
    }

    let expected = [
        Record::Begun { again: false },
        Record::Coalesced,
        Record::Ended(End::Superseded),
        Record::Begun { again: false },
    ];
    assert_eq!(records, expected);
}

#[actix::test]
async fn a_pass_that_waits_for_what_another_builds_says_how_long() {
    tokio::time::pause();
    let (services, mut seen) = finding();
    let claims = Claims::new(Arc::new(|_| None));
    let claim = Probe::start_with(move |claim: &Claim| {
        let Claimed::Build(ticket) = claims.claim(&claim.recipe) else {
            panic!("nobody else has claimed it")
        };
        tokio::task::spawn_local(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(ticket);
        });
        ready(Ok(claims.claim(&claim.recipe)))
    });
    let services = Arc::new(Services { claim: claim.0, ..services });
    let (stopped, _) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    repository.do_send(SpecObserved { object: object(1, stored()), initial: false });

    let mut records = Vec::new();
    while records.last() != Some(&Record::Ended(End::Failed)) {
        records.push(seen.record.recv().await.unwrap());
    }

    records.retain(|record| !is_wait(record));
    let waited = Record::Claimed { seconds: 5 };
    assert_eq!(records, [Record::Begun { again: false }, waited, Record::Ended(End::Failed)]);
}
