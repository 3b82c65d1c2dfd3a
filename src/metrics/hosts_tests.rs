//! Which hosts have series, and for how long.

use prometheus::{Registry, TextEncoder};
use sluice_actors::registry::Rank;

use super::*;

fn hosts() -> (Registry, Hosts) {
    let (registry, hosts) = (Registry::new(), Hosts::new().unwrap());
    registry.register(Box::new(hosts.clone())).unwrap();
    (registry, hosts)
}

fn shown(registry: &Registry) -> String {
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

fn standing(asked: usize, parked: usize) -> Standing {
    let queue = Rank::ALL.map(|rank| (rank, if rank == Rank::Asked { asked } else { 0 }));
    Standing { queue, parked, cooling: 1, quota_remaining: None }
}

#[test]
fn the_registries_of_one_host_are_added_up() {
    let (registry, hosts) = hosts();
    let (one, other) = (hosts.of("ghcr.io"), hosts.of("ghcr.io"));
    one.stands(standing(9, 9));
    one.stands(standing(1, 2));
    other.stands(standing(3, 4));
    one.waited(Duration::from_secs(1));
    other.waited(Duration::from_secs(2));

    let text = shown(&registry);

    for sample in [
        r#"sluice_registry_queue{class="asked",host="ghcr.io"} 4"#,
        r#"sluice_registry_queue{class="routine",host="ghcr.io"} 0"#,
        r#"sluice_registry_parked{host="ghcr.io"} 6"#,
        r#"sluice_registry_cooling{host="ghcr.io"} 2"#,
        r#"sluice_registry_wait_seconds_sum{host="ghcr.io"} 3"#,
    ] {
        assert!(text.lines().any(|line| line == sample), "no {sample} in\n{text}");
    }
}

#[test]
fn of_the_quotas_of_one_host_the_lowest_is_shown_and_none_where_none_is_told() {
    let (registry, hosts) = hosts();
    let (one, other, silent) = (hosts.of("ghcr.io"), hosts.of("ghcr.io"), hosts.of("quay.io"));
    one.stands(Standing { quota_remaining: Some(u64::MAX), ..standing(0, 0) });
    other.stands(Standing { quota_remaining: Some(0), ..standing(0, 0) });
    silent.stands(standing(0, 0));

    let text = shown(&registry);
    let quotas: Vec<_> =
        text.lines().filter(|line| line.starts_with("sluice_registry_quota_remaining")).collect();

    assert_eq!(quotas, [r#"sluice_registry_quota_remaining{host="ghcr.io"} 0"#]);
}

#[test]
fn the_series_of_a_host_go_with_its_last_registry() {
    let (registry, hosts) = hosts();
    let (one, other) = (hosts.of("ghcr.io"), hosts.of("ghcr.io"));
    one.stands(standing(1, 1));
    other.stands(standing(1, 1));

    drop(one);
    assert!(shown(&registry).contains(r#"sluice_registry_parked{host="ghcr.io"} 1"#));
    drop(other);

    assert_eq!(shown(&registry), "");
}

#[test]
fn hosts_beyond_the_most_are_one_and_make_room_for_none_until_one_ends() {
    let (registry, hosts) = hosts();
    let mut all: Vec<_> = (0..MOST + 2).map(|number| hosts.of(&format!("host-{number}"))).collect();
    for host in &all {
        host.stands(standing(0, 1));
    }
    let text = shown(&registry);
    assert!(text.contains(r#"sluice_registry_parked{host="other"} 2"#), "{text}");
    assert_eq!(text.matches("sluice_registry_parked{").count(), MOST + 1);

    let known = hosts.of("host-1");
    known.stands(standing(0, 1));
    drop(all.remove(0));
    let late = hosts.of("late");
    late.stands(standing(0, 1));

    let text = shown(&registry);
    assert!(text.contains(r#"sluice_registry_parked{host="host-1"} 2"#), "{text}");
    assert!(text.contains(r#"sluice_registry_parked{host="late"} 1"#), "{text}");
    assert!(text.contains(r#"sluice_registry_parked{host="other"} 2"#), "{text}");
}

#[test]
fn what_is_too_long_to_be_a_host_has_no_series_of_its_own() {
    let (registry, hosts) = hosts();

    let long = hosts.of(&"a".repeat(LONGEST + 1));
    long.stands(standing(0, 5));

    assert!(shown(&registry).contains(r#"sluice_registry_parked{host="other"} 5"#));
}
