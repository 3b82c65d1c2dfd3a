//! Cool-downs: of whom patience is asked, and for how long.

use super::*;

#[test]
fn patience_is_asked_of_one_identity_and_ends_when_announced() {
    let mut host = Host::new();
    host.learn_as(identity("one"), "app", busy(30));
    host.now += SECOND;

    let refused = host.admit_for("a", "app", identity("one")).unwrap_err();

    let rest = Duration::from_secs(29);
    assert_eq!(refused.disposition, Disposition::Park { not_before: Some(rest) });
    assert_eq!(refused.message, "too many requests");
    assert_eq!(host.admit_for("b", "app", identity("two")), Ok(Admission::Ordinary));
    assert_eq!(host.next_tick(), Some(rest));
    assert_eq!(host.after(rest), [Bell("a")]);
    assert_eq!(host.admit_for("a", "app", identity("one")), Ok(Admission::Probe));
}

/// A host that has asked an identity for patience, for which three wait.
fn limited() -> Host {
    let mut host = Host::new();
    host.learn_as(identity("one"), "app", busy(30));
    for name in ["a", "b", "c"] {
        host.admit_for(name, "app", identity("one")).unwrap_err();
    }
    host
}

#[test]
fn when_patience_ends_one_asks_and_its_answer_calls_the_others() {
    for good in [Conduct::Answered, faulty()] {
        let mut host = limited();

        assert_eq!(host.after(30 * SECOND), [Bell("a")]);
        assert_eq!(host.admit_for("a", "app", identity("one")), Ok(Admission::Probe));
        let told = host.admit_for("b", "app", identity("one")).unwrap_err();
        assert_eq!(told.disposition, Disposition::Park { not_before: None });
        assert_eq!(host.admit_for("d", "app", identity("two")), Ok(Admission::Ordinary));

        let calls = host.learn_as(identity("one"), "app", good).calls;

        assert_eq!(calls, [Bell("c")], "b has only just been refused");
        assert_eq!(host.after(SECOND), [Bell("b")]);
        assert_eq!(host.admit_for("b", "app", identity("one")), Ok(Admission::Ordinary));
    }
}

#[test]
fn a_limit_that_is_not_over_costs_one_refusal() {
    let mut host = limited();
    host.after(30 * SECOND);
    host.admit_for("a", "app", identity("one")).unwrap();

    let calls = host.learn_as(identity("one"), "app", busy(20)).calls;
    host.health.ended(host.number);

    assert_eq!((calls, host.after(10 * SECOND)), (vec![], vec![]));
    let told = host.admit_for("b", "app", identity("one")).unwrap_err();
    assert_eq!(told.disposition, Disposition::Park { not_before: Some(10 * SECOND) });
    assert_eq!(host.after(10 * SECOND), [Bell("b")], "whose turn it is");
}

#[test]
fn of_those_who_come_by_themselves_one_asks_too() {
    let mut host = Host::new();
    host.learn_as(identity("one"), "app", busy(30));
    host.now += 30 * SECOND;

    assert_eq!(host.admit_for("a", "app", identity("one")), Ok(Admission::Probe));
    host.admit_for("b", "app", identity("one")).unwrap_err();
    host.now += SECOND;

    assert_eq!(host.learn_as(identity("one"), "app", Conduct::Answered).calls, [Bell("b")]);
}

#[test]
fn a_limit_that_nobody_has_asked_about_for_an_hour_is_forgotten_unless_somebody_waits() {
    for (pause, waits, limits) in [(3599, false, 2), (3600, false, 1), (3600, true, 2)] {
        let mut host = Host::new();
        host.learn_as(identity("renewed"), "app", busy(1));
        host.after(SECOND);
        if waits {
            host.admit_for("a", "app", identity("renewed")).unwrap();
            host.health.ended(host.number);
            host.admit_for("b", "app", identity("renewed")).unwrap_err();
        }
        host.now += Duration::from_secs(pause - 1);
        host.learn_as(identity("new"), "app", busy(1));

        host.after(SECOND);

        assert_eq!(host.health.outages.len(), limits, "{pause} {waits}");
    }
}

#[test]
fn who_is_early_by_his_own_clock_waits_for_the_one_who_asks() {
    let mut host = limited();
    host.now += 30 * SECOND;

    let refused = host.admit_for("c", "app", identity("one")).unwrap_err();

    assert_eq!(refused.disposition, Disposition::Park { not_before: None });
    assert_eq!(host.after(Duration::ZERO), [Bell("a")]);
}

#[test]
fn when_the_one_who_was_to_ask_does_not_another_is_called() {
    let mut host = limited();
    assert_eq!(host.after(30 * SECOND), [Bell("a")]);
    assert_eq!(host.after(SECOND), []);
    assert_eq!(host.after(SECOND), [Bell("b")]);
    host.admit_for("b", "app", identity("one")).unwrap();
    host.health.ended(host.number);

    assert_eq!(host.after(2 * SECOND), [Bell("c")]);
}

#[test]
fn of_the_whole_origin_one_asks_for_all() {
    let mut host = limited();
    host.learn_as(identity("two"), "app", busy(30));
    for (name, who) in [("x", "three"), ("y", "four")] {
        host.admit_for(name, "app", identity(who)).unwrap_err();
    }

    assert_eq!(host.after(30 * SECOND), [Bell("x"), Bell("a")]);
    assert_eq!(host.admit_for("x", "app", identity("three")), Ok(Admission::Probe));
    let calls = host.learn_as(identity("three"), "app", Conduct::Answered).calls;

    assert_eq!(calls, [Bell("y")]);
    assert_eq!(host.admit_for("a", "app", identity("one")), Ok(Admission::Probe));
}

#[test]
fn who_waits_for_a_limit_of_a_host_that_went_down_waits_for_the_host() {
    for ends_before in [true, false] {
        let mut host = limited();
        let called = if ends_before { host.after(30 * SECOND) } else { Vec::new() };
        assert_eq!(called.len(), usize::from(ends_before));
        for _ in 0..3 {
            host.learn("app", unreachable());
        }

        let probes = host.after(30 * SECOND);

        assert_eq!(probes.len(), 1, "{probes:?}");
        host.learn("app", Conduct::Answered);

        assert_eq!(host.admit_for("c", "app", identity("one")), Ok(Admission::Ordinary));
        assert_eq!(host.next_tick(), None);
    }
}

#[test]
fn a_second_identity_within_a_minute_cools_the_whole_origin() {
    for (pause, cools) in [(60, true), (61, false)] {
        let mut host = Host::new();
        host.learn_as(identity("one"), "app", busy(200));
        host.after(Duration::from_secs(pause));
        host.learn_as(identity("two"), "app", busy(10));

        let third = host.admit_for("a", "app", identity("three"));

        let rest = Disposition::Park { not_before: Some(Duration::from_secs(200 - pause)) };
        assert_eq!(third.is_err(), cools);
        assert!(third.err().is_none_or(|failure| failure.disposition == rest));
    }
}

#[test]
fn no_patience_is_longer_than_the_longest_retry_delay() {
    let mut host = Host::new();
    host.learn("app", Conduct::Busy { failure: failure("later"), retry_after: Duration::MAX });

    let refused = host.admit("a").unwrap_err();

    assert_eq!(refused.disposition, Disposition::Park { not_before: Some(Duration::from_mins(15)) });
}

#[test]
fn a_busy_answer_ends_an_outage_for_the_other_identities() {
    let mut host = Host::down();
    for name in ["a", "b"] {
        host.admit_for(name, "app", identity(name)).unwrap_err();
    }
    host.after(SECOND);
    assert_eq!(host.admit_for("a", "app", identity("a")), Ok(Admission::Probe));

    let lesson = host.learn_as(identity("a"), "app", busy(5));

    assert_eq!(lesson.calls, [Bell("b")]);
    assert!(host.admit_for("a", "app", identity("a")).is_err());
    assert_eq!(host.admit_for("b", "app", identity("b")), Ok(Admission::Ordinary));
}

#[test]
fn a_shorter_patience_does_not_end_a_longer_one() {
    let mut host = Host::new();
    for seconds in [30, 1] {
        host.learn("app", busy(seconds));
    }

    let refused = host.admit("a").unwrap_err();

    assert_eq!(refused.disposition, Disposition::Park { not_before: Some(30 * SECOND) });
}
