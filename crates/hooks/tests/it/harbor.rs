//! Deliveries of Harbor in both of its formats.

use hooks::Sender;

use crate::delivered::{all_others_say_nothing, at, fixture, names, pushed};

const INDEX: &str = "4e9d62b02bc05e96a460820405bb2607762573630283b411c8d034e80ddceb54";

#[test]
fn a_tag_is_a_push_in_both_formats() {
    for name in ["default-push", "cloudevents-push"] {
        let sent =
            fixture(&format!("harbor/{name}.json")).with("Content-Type", "application/cloudevents+json");

        let pushes = sent.pushes(Sender::Harbor);

        let expected = pushed(&[at("harbor.example.com", "apps/team/web")], "1.4.2", Some(INDEX));
        assert_eq!(pushes, vec![expected], "{name}");
    }
}

#[test]
fn what_replication_brings_is_a_push() {
    let pushes = fixture("harbor/default-push-by-replication.json").pushes(Sender::Harbor);

    assert_eq!(pushes.len(), 1);
    assert_eq!(pushes[0].tag, "1.4.2");
}

#[test]
fn digests_pulls_deletions_and_reports_are_no_pushes() {
    all_others_say_nothing(
        Sender::Harbor,
        &[
            "harbor/default-push.json",
            "harbor/cloudevents-push.json",
            "harbor/default-push-by-replication.json",
        ],
    );
}

#[test]
fn only_cloud_events_have_names() {
    for name in names("harbor") {
        let id = fixture(&name).read_as(Sender::Harbor).unwrap().id;

        assert_eq!(id.is_some(), name.contains("cloudevents"), "{name}");
    }
}
