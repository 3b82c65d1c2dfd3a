//! Deliveries of zot.

use hooks::Sender;

use crate::delivered::{Sent, anywhere, fixture, names, pushed};

const DIGEST: &str = "c8ea646fdda7680d6366ab2f11215890903a901cc99b7cdd68ab9c4f36208ef5";

fn binary(name: &str, kind: &str) -> Sent {
    fixture(&format!("zot/{name}.json")).with("Ce-Type", kind).with("Ce-Id", "6f0c0d1e")
}

#[test]
fn a_tag_is_a_push_whatever_stands_before_the_type() {
    for (name, kind) in [
        ("image-updated", "zotregistry.image.updated"),
        ("image-updated", "com.example.registry.image.updated"),
        ("image-updated-anonymous", "zotregistry.image.updated"),
    ] {
        let message = binary(name, kind).read_as(Sender::Zot).unwrap();

        let expected = pushed(&[anywhere("apps/podinfo")], "6.7.1", Some(DIGEST));
        assert_eq!(message.said, hooks::Said::Pushed(vec![expected]), "{name}");
        assert_eq!(message.id.as_deref(), Some("6f0c0d1e"));
    }
}

#[test]
fn a_structured_event_is_a_push_too() {
    let sent = fixture("zot/image-updated-structured.json");

    let message = sent.read_as(Sender::Zot).unwrap();

    assert_eq!(message.id.as_deref(), Some("6f0c0d1e-2d2b-4f0e-9b7a-2a7d5b0d9c11"));
    assert_eq!(sent.pushes(Sender::Zot), vec![pushed(&[anywhere("apps/podinfo")], "6.7.1", Some(DIGEST))]);
}

#[test]
fn digests_deletions_scans_and_refused_images_are_no_pushes() {
    for (name, kind) in [
        ("image-updated-digest", "zotregistry.image.updated"),
        ("image-deleted", "zotregistry.image.deleted"),
        ("image-deleted-digest", "zotregistry.image.deleted"),
        ("image-lint-failed", "zotregistry.image.lint_failed"),
        ("image-scanned", "zotregistry.image.scanned"),
        ("repository-created", "zotregistry.repository.created"),
    ] {
        assert_eq!(binary(name, kind).pushes(Sender::Zot), Vec::new(), "{name}");
    }
}

#[test]
fn a_body_whose_type_nobody_tells_is_no_push() {
    for name in names("zot").iter().filter(|name| !name.contains("structured")) {
        assert_eq!(fixture(name).pushes(Sender::Zot), Vec::new(), "{name}");
    }
}
