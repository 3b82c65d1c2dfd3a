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
    assert_eq!(host.admit_for("a", "app", identity("one")), Ok(Admission::Ordinary));
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
