//! A host or a repository that is down: who is parked, who probes, who is called.

use std::num::NonZeroUsize;
use std::time::Duration;

use reconcile::Disposition;
use reference::Repository;
use sluice_actors::Key;
use sluice_actors::failure::{Step, registry};
use sluice_actors::registry::Conduct;

use crate::support::{Fleet, ROUTINE, SECOND, Wish, end, end_for, failure, faulty, unreachable};

#[actix::test]
async fn a_host_that_is_down_is_probed_and_calls_all_in_order_when_it_answers() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    for name in ["a", "b", "c"] {
        let parked = Disposition::Park { not_before: None };
        assert_eq!(fleet.ask(name, ROUTINE).refusal().await, failure("connection refused").with(parked));
    }
    assert_eq!(fleet.census().await.turns, 0, "nobody asked the host");

    assert_eq!(fleet.after(SECOND).await, ["a"]);
    let probe = fleet.ask("a", ROUTINE).turn().await;
    end(probe, Conduct::Answered);

    assert_eq!(fleet.calls().await, ["b", "c", "t0", "t1", "t2"]);
    let census = fleet.census().await;
    assert_eq!((census.down, census.parked.len()), (false, 0));
    let _turn = fleet.ask("b", ROUTINE).turn().await;
}

#[actix::test]
async fn who_waits_in_the_queue_of_a_host_that_goes_down_is_parked() {
    let mut fleet = Fleet::new();
    let held = fleet.occupy(16).await;
    let waiting = ["a", "b", "c", "d"].map(|name| fleet.ask(name, ROUTINE));

    for turn in held.into_iter().take(3) {
        end(turn, unreachable());
    }

    let [a, b, c, d] = waiting;
    let _turns = [a.turn().await, b.turn().await];
    for parked in [c, d] {
        assert_eq!(parked.refusal().await.disposition, Disposition::Park { not_before: None });
    }
    assert_eq!(fleet.parked().await, ["c", "d", "t0", "t1", "t2"]);
}

#[actix::test]
async fn one_probe_at_a_time_is_out_and_a_probe_in_vain_is_followed_by_the_next() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    for name in ["a", "b"] {
        fleet.ask(name, ROUTINE).refusal().await;
    }
    fleet.after(SECOND).await;
    let probe = fleet.ask("a", ROUTINE).turn().await;

    assert_eq!(fleet.after(9 * SECOND).await, [""; 0]);
    end(probe, Conduct::Unreachable { failure: failure("no route to host") });

    assert_eq!(fleet.after(Duration::ZERO).await, ["b"]);
    assert_eq!(fleet.ask("c", ROUTINE).refusal().await.message, "connection refused");
    let _probe = fleet.ask("b", ROUTINE).turn().await;
}

#[actix::test]
async fn a_probe_that_is_cancelled_leaves_the_next_probe_to_another() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    for name in ["a", "b"] {
        fleet.ask(name, ROUTINE).refusal().await;
    }
    fleet.after(SECOND).await;
    let probe = fleet.ask("a", ROUTINE).turn().await;

    drop(probe);

    assert_eq!(fleet.after(2 * SECOND).await, ["b"]);
    end(fleet.ask("b", ROUTINE).turn().await, Conduct::Answered);
    assert_eq!(fleet.calls().await, ["t0", "t1", "t2", "a"], "who has learned nothing waits like the others");
}

#[actix::test]
async fn a_probe_whose_request_was_never_sent_is_no_answer() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    fleet.ask("a", ROUTINE).refusal().await;
    fleet.after(SECOND).await;
    let probe = fleet.ask("a", ROUTINE).turn().await;
    let (url, never) =
        ("oci://ghcr.io/app", oci::Error::Declined { what: "app".into(), reason: "not sent".into() });

    let told = registry(&probe.line, &Repository::parse_url(url).unwrap(), Step::Digest, url, &never);

    drop(probe);
    assert_eq!(told.message, "failed to determine artifact digest: app: not sent");
    let census = fleet.census().await;
    assert!(census.down && census.parked.contains(&Key::new("team", "a")), "{census:?}");
}

#[actix::test]
async fn a_deleted_object_is_not_the_one_that_probes() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    for name in ["a", "b"] {
        fleet.ask(name, ROUTINE).refusal().await;
    }

    fleet.delete("a");

    assert_eq!(fleet.after(SECOND).await, ["b"]);
}

#[actix::test]
async fn an_object_that_is_parked_twice_is_called_once() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    for name in ["a", "b", "b"] {
        fleet.ask(name, ROUTINE).refusal().await;
    }
    assert_eq!(fleet.parked().await, ["a", "b", "t0", "t1", "t2"]);
    fleet.after(SECOND).await;

    end(fleet.ask("a", ROUTINE).turn().await, Conduct::Answered);

    assert_eq!(fleet.calls().await, ["b", "t0", "t1", "t2"]);
}

#[actix::test]
async fn the_answer_to_a_probe_counts_before_the_probe_has_ended() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    for name in ["a", "b"] {
        fleet.ask(name, ROUTINE).refusal().await;
    }
    fleet.after(SECOND).await;
    let probe = fleet.ask("a", ROUTINE).turn().await;

    probe.line.note("app", unreachable());
    assert_eq!(fleet.calls().await, [""; 0]);
    probe.line.note("app", Conduct::Answered);

    assert!(fleet.calls().await.starts_with(&["b"]));
    let census = fleet.census().await;
    assert_eq!((census.turns, census.down), (1, false));
}

#[actix::test]
async fn server_errors_of_one_repository_do_not_hold_the_others() {
    let mut fleet = Fleet::new();
    let broken = Wish::of(ROUTINE).for_repository("broken");
    for turn in fleet.occupy(3).await {
        end_for("broken", turn, faulty());
    }

    assert_eq!(fleet.wish("a", broken.clone()).refusal().await.message, "bad gateway");
    end(fleet.ask("b", ROUTINE).turn().await, Conduct::Answered);

    assert!(!fleet.census().await.down);
    assert_eq!(fleet.after(SECOND).await, ["a"]);
    end_for("broken", fleet.wish("a", broken.clone()).turn().await, Conduct::Answered);
    let _turn = fleet.wish("c", broken).turn().await;
}

#[actix::test]
async fn server_errors_of_two_repositories_put_the_host_down() {
    let mut fleet = Fleet::new();
    for repository in ["broken", "worse"] {
        for turn in fleet.occupy(3).await {
            end_for(repository, turn, faulty());
        }
    }

    assert!(fleet.census().await.down);
    assert!(fleet.ask("a", ROUTINE).answer().await.is_err());
}

#[actix::test]
async fn a_probe_that_is_cancelled_in_the_queue_leaves_it_to_another() {
    let mut fleet = Fleet::with(NonZeroUsize::MIN);
    let broken = Wish::of(ROUTINE).for_repository("broken");
    for name in ["first", "second", "third"] {
        end_for("broken", fleet.wish(name, broken.clone()).turn().await, faulty());
    }
    for name in ["a", "b"] {
        fleet.wish(name, broken.clone()).refusal().await;
    }
    let _held = fleet.occupy(1).await;
    assert_eq!(fleet.after(SECOND).await, ["a"]);
    let probe = fleet.wish("a", broken);
    assert_eq!(fleet.census().await.waiting, 1);

    probe.cancel.cancel();

    assert!(probe.refusal().await.is_cancelled());
    assert_eq!(fleet.after(2 * SECOND).await, ["b"]);
}

#[actix::test]
async fn after_an_outage_of_an_hour_all_go_when_the_host_answers() {
    let mut fleet = Fleet::new();
    fleet.put_down().await;
    let names = ["a", "b", "c", "t0", "t1", "t2"];
    for name in names {
        fleet.ask(name, ROUTINE).refusal().await;
    }
    let mut probes = 0;
    let every_two_seconds_at_first = [2 * SECOND; 300].into_iter();
    for pause in every_two_seconds_at_first.chain([10 * SECOND; 300]) {
        for name in fleet.after(pause).await {
            end(fleet.ask(name, ROUTINE).turn().await, unreachable());
            probes += 1;
        }
    }
    assert!(probes > 500, "{probes} probes in an hour");

    let called = fleet.after(10 * SECOND).await;
    assert_eq!(called.len(), 1, "an object probes every ten seconds: {called:?}");
    end(fleet.ask(called[0], ROUTINE).turn().await, Conduct::Answered);

    let mut others = fleet.calls().await;
    others.extend(called);
    others.sort_unstable();
    assert_eq!(others, names);
}
