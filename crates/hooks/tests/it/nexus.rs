//! Deliveries of Nexus Repository 3.

use hooks::Sender;

use crate::delivered::{Sent, all_others_say_nothing, anywhere, fixture, pushed};

const PUSHES: [&str; 5] = [
    "nexus/component-created.json",
    "nexus/component-created-orientdb.json",
    "nexus/component-updated.json",
    "nexus/asset-created-tag.json",
    "nexus/asset-updated-tag.json",
];

#[test]
fn a_component_or_a_manifest_with_a_tag_is_a_push_under_both_names_that_it_may_have() {
    for name in PUSHES {
        let pushes = fixture(name).pushes(Sender::Nexus);

        let repositories = [anywhere("apps/podinfo"), anywhere("docker-hosted/apps/podinfo")];
        assert_eq!(pushes, vec![pushed(&repositories, "6.7.1", None)], "{name}");
    }
}

#[test]
fn digests_blobs_and_deletions_are_no_pushes() {
    all_others_say_nothing(Sender::Nexus, &PUSHES);
}

#[test]
fn assets_of_older_databases_have_no_first_slash() {
    let body =
        r#"{"repositoryName":"r","action":"CREATED","asset":{"format":"oci","name":"v2/app/manifests/1"}}"#;

    let pushes = Sent::new(body).pushes(Sender::Nexus);

    assert_eq!(pushes, vec![pushed(&[anywhere("app"), anywhere("r/app")], "1", None)]);
}

#[test]
fn components_of_other_formats_are_no_pushes() {
    let body =
        r#"{"repositoryName":"r","action":"CREATED","component":{"format":"raw","name":"a","version":"1"}}"#;

    assert_eq!(Sent::new(body).pushes(Sender::Nexus), Vec::new());
}

#[test]
fn a_delivery_has_the_name_that_its_header_gives() {
    let sent = fixture("nexus/component-created.json").with("X-Nexus-Webhook-Delivery", "6af7a9f7");

    assert_eq!(sent.read_as(Sender::Nexus).unwrap().id.as_deref(), Some("6af7a9f7"));
}
