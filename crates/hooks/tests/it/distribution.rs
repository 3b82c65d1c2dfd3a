//! Events of CNCF Distribution and of GitLab's registry.

use hooks::{Push, Sender};

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

/// Of the fixtures that a registry sent, and of those that follow the schema.
const MANIFEST: &str = "b586552c4e45311faf80fca42e69789743114b25d313fe2b6c4aeb44967aa5d9";
const INDEX: &str = "dd23a676b99bc4323c14349d65ed5e3c879e429d3e3c96364fd9e3de8b96fc27";
const IMAGE: &str = "7d5810b654d048cafe452349d5cc41cbcbfeefb0454e0e03d32036d10908db1d";

fn expected(tag: &str, digest: &str) -> Vec<Push> {
    let push = pushed(&[at("registry.example.com", "apps/web")], tag, Some(digest));
    vec![Push { early: true, ..push }]
}

fn event(target: &str, host: &str) -> Sent {
    let request = format!(r#"{{"host":"{host}"}}"#);
    Sent::new(format!(r#"{{"events":[{{"action":"push","target":{target},"request":{request}}}]}}"#))
}

#[test]
fn a_tag_that_is_pushed_is_a_push_and_may_be_told_before_it_is_there() {
    for (name, tag, digest) in [
        ("push-tag", "1.4.2", MANIFEST),
        ("push-index-tag", "latest", INDEX),
        ("v2.8-push-tag", "1.4.2", IMAGE),
    ] {
        let sent = fixture(&format!("distribution/{name}.json"));

        assert_eq!(sent.pushes(Sender::Distribution), expected(tag, digest), "{name}");
    }
}

#[test]
fn an_envelope_with_one_event_is_named_by_it_and_one_with_several_is_not() {
    let one = fixture("distribution/push-tag.json").read_as(Sender::Distribution).unwrap();
    let two = fixture("distribution/two-events.json").read_as(Sender::Distribution).unwrap();

    assert_eq!(one.id.as_deref(), Some("01a22367-d705-7db2-b973-6ff3a946458c"));
    assert_eq!(two.id, None);
}

#[test]
fn of_several_events_those_count_that_push_tags() {
    let sent = fixture("distribution/two-events.json");

    assert_eq!(sent.pushes(Sender::Distribution), expected("1.4.2", IMAGE));
}

#[test]
fn digests_blobs_pulls_mounts_and_deletions_are_no_pushes() {
    all_others_say_nothing(
        Sender::Distribution,
        &[
            "distribution/push-tag.json",
            "distribution/push-index-tag.json",
            "distribution/v2.8-push-tag.json",
            "distribution/two-events.json",
        ],
    );
}

#[test]
fn a_blob_with_a_tag_is_no_push_and_a_manifest_of_an_unnamed_type_is_one() {
    let blob = event(r#"{"mediaType":"application/octet-stream","repository":"app","tag":"1"}"#, "ghcr.io");
    let unnamed = event(r#"{"repository":"app","tag":"1"}"#, "ghcr.io");

    assert_eq!(blob.pushes(Sender::Gitlab), Vec::new());
    assert_eq!(unnamed.pushes(Sender::Gitlab), vec![pushed(&[at("ghcr.io", "app")], "1", None)]);
}

#[test]
fn the_host_of_the_target_counts_beside_the_one_that_was_asked() {
    let target = r#"{"repository":"app","tag":"1","url":"https://example.com:8443/v2/app/manifests/x"}"#;
    let public = at("example.com:8443", "app");

    let proxied = event(target, "registry.internal:5000").pushes(Sender::Gitlab);
    let unnamed = event(target, "").pushes(Sender::Gitlab);
    let same = event(target, "example.com:8443").pushes(Sender::Gitlab);

    assert_eq!(proxied, vec![pushed(&[at("registry.internal:5000", "app"), public.clone()], "1", None)]);
    assert_eq!(unnamed, vec![pushed(std::slice::from_ref(&public), "1", None)]);
    assert_eq!(same, vec![pushed(&[public], "1", None)]);
}

#[test]
fn gitlab_tells_of_a_tag_when_it_is_there_and_of_nothing_else() {
    let sent = fixture("gitlab/push-tag.json");

    let pushes = sent.pushes(Sender::Gitlab);

    assert_eq!(
        pushes,
        vec![pushed(&[at("registry.gitlab.example.com", "platform/web/api")], "1.4.2", Some(IMAGE))]
    );
    all_others_say_nothing(Sender::Gitlab, &["gitlab/push-tag.json"]);
}

#[test]
fn both_media_types_of_an_envelope_and_any_other_are_read() {
    for content_type in [
        "application/vnd.docker.distribution.events.v1+json",
        "application/vnd.docker.distribution.events.v2+json",
        "application/json; charset=utf-8",
    ] {
        let sent = fixture("distribution/push-tag.json").with("Content-Type", content_type);

        assert_eq!(sent.pushes(Sender::Distribution), expected("1.4.2", MANIFEST), "{content_type}");
    }
}
