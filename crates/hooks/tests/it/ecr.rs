//! Deliveries of Amazon's registry.

use hooks::{Named, Sender};

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

const DIGEST: &str = "f7256b5f19a138146f8fa517354ba5ea99a35761c2c70f0259b5680648e19959";

fn repositories(path: &str) -> Vec<Named> {
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
        "123456789012.dkr-ecr-fips.eu-west-1.on.aws",
    ]
    .iter()
    .map(|host| at(host, path))
    .collect()
}

#[test]
fn a_tag_is_a_push_on_every_host_of_its_registry() {
    for (name, path, tag, digest) in [
        ("push", "apps/podinfo", "6.7.1", DIGEST),
        (
            "push-media-types",
            "apps/podinfo",
            "6.7.1",
            "67669c6a27372621ff9779c08b6ffdfa3311458454807226b2c25c99abdf97ac",
        ),
        ("replication", "apps/podinfo", "6.7.1", DIGEST),
        (
            "pull-through-cache",
            "ghcr/acme/app",
            "3.22",
            "0d0ca95c0e252fc8fa9351bfc8fec0db6156136a04195cdc0b79cc387c99b5d1",
        ),
    ] {
        let pushes = fixture(&format!("ecr/{name}.json")).pushes(Sender::Ecr);

        assert_eq!(pushes, vec![pushed(&repositories(path), tag, Some(digest))], "{name}");
    }
}

#[test]
fn digests_deletions_failures_and_bookkeeping_are_no_pushes() {
    all_others_say_nothing(
        Sender::Ecr,
        &[
            "ecr/push.json",
            "ecr/push-media-types.json",
            "ecr/replication.json",
            "ecr/pull-through-cache.json",
        ],
    );
}

#[test]
fn an_event_is_named_by_its_id() {
    let id = fixture("ecr/push.json").read_as(Sender::Ecr).unwrap().id;

    assert_eq!(id.as_deref(), Some("13cde686-328b-6117-af20-0e5566167482"));
}

fn push_in(account: &str, region: &str) -> Sent {
    let detail = r#"{"action-type":"PUSH","result":"SUCCESS","repository-name":"app","image-tag":"1"}"#;
    Sent::new(format!(
        r#"{{"detail-type":"ECR Image Action","account":"{account}","region":"{region}","detail":{detail}}}"#
    ))
}

#[test]
fn registries_in_china_have_hosts_of_their_own() {
    let pushes = push_in("1", "cn-north-1").pushes(Sender::Ecr);

    let hosts: Vec<_> = pushes[0].repositories.iter().filter_map(|named| named.host.as_deref()).collect();
    assert!(hosts.contains(&"1.dkr.ecr.cn-north-1.amazonaws.com.cn"), "{hosts:?}");
    assert!(hosts.contains(&"1.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn"), "{hosts:?}");
}

#[test]
fn an_account_or_a_region_that_would_change_the_host_is_no_push() {
    for (account, region) in
        [("evil.example/", "eu-west-1"), ("1", "x.example.com/"), ("", "eu-west-1"), ("1", "")]
    {
        assert_eq!(push_in(account, region).pushes(Sender::Ecr), Vec::new(), "{account} {region}");
    }
}
