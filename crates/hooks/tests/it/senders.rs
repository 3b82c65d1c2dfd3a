//! What is known of the kinds of senders themselves.

use std::collections::BTreeSet;

use hooks::{Proof, Sender};

use crate::delivered::{Sent, fixture, names};

#[test]
fn each_kind_of_sender_has_a_name_of_its_own() {
    let names: BTreeSet<_> = Sender::ALL.iter().map(|sender| sender.name()).collect();

    assert_eq!(names.len(), Sender::ALL.len());
}

#[test]
fn those_that_need_a_host_from_the_hook_never_tell_one() {
    for sender in Sender::ALL.into_iter().filter(|sender| !sender.name().starts_with("generic-")) {
        let kind = "zotregistry.image.updated";
        let sent = names(sender.name()).into_iter().map(|name| fixture(&name).with("Ce-Type", kind));
        // Our own schema has no fixtures that are read.
        let readable = sent.filter_map(|sent| sent.read_as(sender).ok().map(|_| sent));
        let pushes: Vec<_> =
            readable.filter(|_| sender != Sender::Acr).flat_map(|sent| sent.pushes(sender)).collect();

        let tells = pushes.iter().flat_map(|push| &push.repositories).any(|named| named.host.is_some());

        if !pushes.is_empty() {
            assert_eq!(tells, !sender.is_hostless(), "{}", sender.name());
        }
    }
}

#[test]
fn the_host_of_a_hook_stands_for_whatever_the_sender_says() {
    let push = &fixture("nexus/component-created.json").pushes(Sender::Nexus)[0];

    let open = push.places(None);
    let given = push.places(Some("nexus.example.com:8443"));

    assert_eq!(open, Vec::new());
    let shown: Vec<_> = given.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["nexus.example.com:8443/apps/podinfo", "nexus.example.com:8443/docker-hosted/apps/podinfo"]
    );
}

#[test]
fn some_kind_of_sender_proves_itself_in_each_way() {
    for proof in [Proof::Path, Proof::Shared, Proof::Signature, Proof::Token] {
        assert!(Sender::ALL.iter().any(|sender| sender.proof() == proof), "{proof:?}");
    }
}

#[test]
fn a_header_that_is_there_twice_is_not_believed() {
    let sent = Sent::default().with("X-Twice", "a").with("X-Twice", "a").with("X-Once", "b");

    assert_eq!(sent.delivery().header("X-Twice"), None);
    assert_eq!(sent.delivery().header("x-once"), Some("b"));
}
