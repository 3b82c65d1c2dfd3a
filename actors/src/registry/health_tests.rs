//! The life of a host: down, probed, up again; broken repositories; cool-downs.

use std::time::Duration;

use oci::Credential;
use reconcile::{Disposition, Reason};

use super::*;

#[path = "health_cooling.rs"]
mod cooling;
#[path = "health_properties.rs"]
mod properties;

const SECOND: Duration = Duration::from_secs(1);

/// A listener that is its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bell(&'static str);

impl Listener for Bell {
    fn gone(&self) -> bool {
        self.0.starts_with("gone")
    }
}

/// As what an attempt may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    Ordinary,
    Probe,
}

struct Host {
    health: Health<Bell>,
    now: Instant,
    number: u64,
}

impl Host {
    fn new() -> Self {
        Self { health: Health::new(Duration::from_mins(15)), now: Instant::now(), number: 0 }
    }

    fn down() -> Self {
        let mut host = Self::new();
        for _ in 0..3 {
            host.learn("app", unreachable());
        }
        host
    }

    fn admit(&mut self, name: &'static str) -> Result<Admission, Failure> {
        self.admit_for(name, "app", Identity::ANONYMOUS)
    }

    fn admit_for(
        &mut self,
        name: &'static str,
        repository: &str,
        identity: Identity,
    ) -> Result<Admission, Failure> {
        self.number += 1;
        let seeker = Seeker { key: Key::new("team", name), identity, repository: repository.into() };
        self.health.admit(&seeker, self.number, Bell(name), self.now)?;
        Ok(if self.health.is_probe(self.number) { Admission::Probe } else { Admission::Ordinary })
    }

    fn learn(&mut self, repository: &str, conduct: Conduct) -> Lesson<Bell> {
        self.learn_as(Identity::ANONYMOUS, repository, conduct)
    }

    fn learn_as(&mut self, identity: Identity, repository: &str, conduct: Conduct) -> Lesson<Bell> {
        let witness = Witness { conduct: Some(conduct), repository: repository.to_owned() };
        self.health.learn(witness, identity, self.now)
    }

    fn fails(&mut self, repository: &str, name: &'static str) {
        let (key, repository) = (Key::new("team", name), repository.into());
        let seeker = Seeker { key, identity: Identity::ANONYMOUS, repository };
        self.health.await_recovery(seeker, Bell(name), self.now);
    }

    fn after(&mut self, pause: Duration) -> Vec<Bell> {
        self.now += pause;
        self.health.tick(self.now)
    }

    fn next_tick(&self) -> Option<Duration> {
        self.health.next_tick().map(|tick| tick.saturating_duration_since(self.now))
    }
}

fn failure(message: &str) -> Failure {
    Failure::fetch(Reason::OCIArtifactPullFailed, message.to_owned())
}

fn unreachable() -> Conduct {
    Conduct::Unreachable { failure: failure("connection refused") }
}

fn faulty() -> Conduct {
    Conduct::Faulty { failure: failure("bad gateway") }
}

fn busy(seconds: u64) -> Conduct {
    Conduct::Busy { failure: failure("too many requests"), retry_after: Duration::from_secs(seconds) }
}

fn identity(name: &str) -> Identity {
    Credential::RegistryToken(name.to_owned()).identity()
}

#[test]
fn three_failures_in_a_row_put_the_host_down() {
    let mut host = Host::new();

    assert!(!host.learn("app", unreachable()).fell);
    assert!(!host.learn("other", unreachable()).fell);
    assert_eq!(host.admit("a"), Ok(Admission::Ordinary));
    let third = host.learn("app", unreachable());

    assert!(third.fell && third.tightened);
    assert!(!host.learn("app", unreachable()).fell, "it is down already");
}

#[test]
fn any_answer_between_the_failures_resets_their_count() {
    for answer in [Conduct::Answered, faulty(), busy(1)] {
        let mut host = Host::new();
        host.learn("app", unreachable());
        host.learn("app", unreachable());
        host.learn("other", answer);

        assert!(!host.learn("app", unreachable()).fell);
        assert!(!host.learn("app", unreachable()).fell);
        assert!(host.learn("app", unreachable()).fell);
    }
}

#[test]
fn a_host_that_is_down_parks_with_the_same_words_for_ten_minutes_however_often_they_change() {
    let mut host = Host::down();
    let parked = |text| failure(text).with(Disposition::Park { not_before: None });
    assert_eq!(host.admit("a").unwrap_err(), parked("connection refused"));
    assert_eq!(host.health.parked(), [Key::new("team", "a")]);

    host.now += Duration::from_secs(599);
    host.learn("app", Conduct::Unreachable { failure: failure("no route to host") });
    assert_eq!(host.admit("b").unwrap_err(), parked("connection refused"));

    host.now += SECOND;
    host.learn("app", Conduct::Unreachable { failure: failure("no such host") });
    host.learn("app", Conduct::Unreachable { failure: failure("timed out") });
    assert_eq!(host.admit("c").unwrap_err(), parked("no such host"));
}

#[test]
fn the_first_probe_is_due_after_a_second_and_is_the_attempt_of_who_has_waited_longest() {
    let mut host = Host::down();
    host.admit("a").unwrap_err();
    host.admit("b").unwrap_err();

    assert_eq!(host.after(Duration::from_millis(999)), []);
    assert_eq!(host.after(Duration::from_millis(1)), [Bell("a")]);

    host.admit("b").unwrap_err();
    assert_eq!(host.admit("a"), Ok(Admission::Probe));
    host.admit("a").unwrap_err();
    assert_eq!(host.after(9 * SECOND), [], "one probe at a time");
}

#[test]
fn a_probe_that_is_silent_for_ten_seconds_keeps_no_other_from_probing() {
    let mut host = Host::down();
    host.admit("a").unwrap_err();
    host.admit("b").unwrap_err();
    assert_eq!(host.after(SECOND), [Bell("a")]);
    assert_eq!(host.admit("a"), Ok(Admission::Probe));
    let silent = host.number;

    assert_eq!(host.next_tick(), Some(10 * SECOND));
    assert_eq!(host.after(10 * SECOND), [Bell("b")]);
    assert_eq!(host.admit("b"), Ok(Admission::Probe));
    host.admit("c").unwrap_err();
    host.health.ended(silent);

    assert!(host.health.is_probe(host.number - 1), "the end of the silent one is not that of the other");
    assert_eq!(host.after(9 * SECOND), []);
    assert_eq!(host.after(SECOND), [Bell("c")]);
}

#[test]
fn a_probe_in_vain_is_followed_by_that_of_the_next_object() {
    let mut host = Host::down();
    for name in ["a", "b"] {
        host.admit(name).unwrap_err();
    }
    let mut order = Vec::new();
    for _ in 0..4 {
        let tick = host.next_tick().unwrap();
        let [Bell(called)] = host.after(tick)[..] else { panic!("one is called") };
        assert_eq!(host.admit(called), Ok(Admission::Probe));
        let probe = host.number;
        assert!(host.learn("app", unreachable()).calls.is_empty());
        host.fails("app", called);
        host.health.ended(probe);
        order.push(called);
    }

    assert_eq!(order, ["a", "b", "a", "b"]);
}

#[test]
fn probes_go_every_two_seconds_for_ten_minutes_and_then_every_ten() {
    let mut host = Host::down();
    host.admit("a").unwrap_err();
    let mut pauses = Vec::new();
    for _ in 0..310 {
        let pause = host.next_tick().unwrap();
        assert_eq!(host.after(pause), [Bell("a")]);
        assert_eq!(host.admit("a"), Ok(Admission::Probe));
        host.health.ended(host.number);
        host.admit("a").unwrap_err();
        pauses.push(pause.as_secs());
    }

    assert_eq!(pauses[0], 1);
    assert!(pauses[1..300].iter().all(|pause| *pause == 2));
    assert!(pauses[301..].iter().all(|pause| *pause == 10));
}

#[test]
fn nobody_probes_while_nobody_waits_and_then_the_first_who_comes() {
    let mut host = Host::down();
    assert_eq!(host.next_tick(), None);
    host.now += 5 * SECOND;

    assert_eq!(host.admit("a"), Ok(Admission::Probe));
    host.now += 9 * SECOND;
    assert!(host.admit("b").is_err(), "the probe is still out");
}

#[test]
fn a_host_that_is_down_and_answers_with_a_server_error_stays_down_and_is_quoted() {
    let mut host = Host::down();

    assert!(host.learn("app", faulty()).calls.is_empty());

    assert_eq!(host.admit("a").unwrap_err().message, "bad gateway");
    host.learn("app", Conduct::Faulty { failure: failure("bad gateway, request 2") });
    assert_eq!(host.admit("a").unwrap_err().message, "bad gateway");
    host.learn("app", unreachable());
    assert_eq!(host.admit("a").unwrap_err().message, "connection refused");
}

#[test]
fn those_whose_failures_put_the_host_down_wait_for_it_unless_they_have_come_again() {
    let mut host = Host::new();
    for name in ["a", "b"] {
        host.learn("app", unreachable());
        host.fails("app", name);
    }
    assert_eq!(host.admit("b"), Ok(Admission::Ordinary));
    host.learn("app", unreachable());

    assert_eq!(host.health.parked(), [Key::new("team", "a")]);
}

#[test]
fn a_good_answer_forgives_earlier_failures() {
    let mut host = Host::new();
    host.learn("app", unreachable());
    host.fails("app", "a");
    host.learn("app", Conduct::Answered);
    for _ in 0..3 {
        host.learn("app", unreachable());
    }

    assert!(host.health.is_down());
    assert_eq!(host.health.waiting(), 0);
}

#[test]
fn who_was_called_in_vain_does_not_keep_the_next_from_probing_and_may_still_come() {
    let mut host = Host::down();
    for name in ["gone", "a", "b", "c"] {
        host.admit(name).unwrap_err();
    }

    assert_eq!(host.after(SECOND), [Bell("a")]);
    assert_eq!(host.after(2 * SECOND), [Bell("b")]);
    assert_eq!(host.admit("a"), Ok(Admission::Probe));
    assert!(host.admit("b").is_err());
}

#[test]
fn an_answer_calls_all_in_order() {
    let mut host = Host::down();
    for name in ["a", "b", "gone", "c"] {
        host.admit(name).unwrap_err();
    }
    host.after(SECOND);
    assert_eq!(host.admit("a"), Ok(Admission::Probe));
    host.admit("b").unwrap_err();
    host.now += SECOND;

    let lesson = host.learn("app", Conduct::Answered);

    assert_eq!(lesson.calls, [Bell("b"), Bell("c")]);
    assert_eq!(host.health.waiting(), 0);
    assert_eq!(host.admit("d"), Ok(Admission::Ordinary));
}

#[test]
fn who_was_parked_a_moment_ago_is_called_once_its_attempt_has_ended() {
    let mut host = Host::down();
    host.admit("a").unwrap_err();

    assert_eq!(host.learn("app", Conduct::Answered).calls, []);

    assert_eq!(host.next_tick(), Some(SECOND));
    assert_eq!(host.after(SECOND), [Bell("a")]);
    assert_eq!(host.next_tick(), None);
}

#[test]
fn an_object_has_one_entry() {
    let mut host = Host::down();
    for name in ["a", "b", "a"] {
        host.admit(name).unwrap_err();
    }

    assert_eq!(host.health.parked(), [Key::new("team", "a"), Key::new("team", "b")]);
}

#[test]
fn server_errors_in_a_row_put_down_their_own_repository_only() {
    let mut host = Host::new();
    for _ in 0..2 {
        assert!(!host.learn("broken", faulty()).tightened);
    }
    let third = host.learn("broken", faulty());

    assert!(third.tightened && !third.fell);
    assert!(host.admit_for("a", "broken", Identity::ANONYMOUS).is_err());
    assert_eq!(host.admit("b"), Ok(Admission::Ordinary));
    host.learn("app", Conduct::Answered);
    assert_eq!(host.after(SECOND), [Bell("a")]);
    assert_eq!(host.admit_for("a", "broken", Identity::ANONYMOUS), Ok(Admission::Probe));
    host.learn("broken", Conduct::Answered);
    assert_eq!(host.admit_for("c", "broken", Identity::ANONYMOUS), Ok(Admission::Ordinary));
}

#[test]
fn two_broken_repositories_put_the_host_down_and_their_objects_wait_for_it() {
    let mut host = Host::new();
    for _ in 0..3 {
        host.learn("broken", faulty());
    }
    host.admit_for("a", "broken", Identity::ANONYMOUS).unwrap_err();
    for _ in 0..2 {
        host.learn("worse", faulty());
    }
    assert!(host.learn("worse", faulty()).fell);

    assert!(host.admit("b").is_err());
    assert_eq!(host.after(SECOND), [Bell("a")]);
    assert_eq!(host.admit_for("a", "broken", Identity::ANONYMOUS), Ok(Admission::Probe));
    assert_eq!(host.learn("broken", Conduct::Answered).calls, [Bell("b")]);
}

#[test]
fn a_host_that_answers_for_a_third_repository_is_not_down_for_two_old_faults() {
    let mut host = Host::new();
    for repository in ["broken", "worse"] {
        for _ in 0..3 {
            host.learn(repository, faulty());
        }
    }
    host.learn("app", Conduct::Answered);

    for repository in ["broken", "worse"] {
        assert!(!host.learn(repository, faulty()).fell);
    }
    assert_eq!(host.admit("a"), Ok(Admission::Ordinary));
}
