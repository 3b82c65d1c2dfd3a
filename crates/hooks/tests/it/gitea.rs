//! Deliveries of Gitea and Forgejo.

use hooks::{Malformed, Push, Sender};

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

#[test]
fn a_tag_is_a_push_whose_letters_have_lost_their_case() {
    for (name, path) in
        [("package-created", "platform/apps/web"), ("package-created-user-owned", "alice/web")]
    {
        let pushes = fixture(&format!("gitea/{name}.json")).pushes(Sender::Gitea);

        let push = pushed(&[at("gitea.example.com", path)], "1.4.2", None);
        assert_eq!(pushes, vec![Push { folded: true, ..push }], "{name}");
    }
}

#[test]
fn digests_deletions_other_packages_and_the_test_button_are_no_pushes() {
    all_others_say_nothing(
        Sender::Gitea,
        &["gitea/package-created.json", "gitea/package-created-user-owned.json"],
    );
}

#[test]
fn a_package_in_another_event_is_no_push() {
    let mut sent = fixture("gitea/package-created.json");
    sent.headers.remove("X-Gitea-Event");

    let pushes = sent.with("X-Gitea-Event", "repository").pushes(Sender::Gitea);

    assert_eq!(pushes, Vec::new());
}

#[test]
fn the_owner_is_lower_case_as_the_registry_has_it() {
    let package = r#"{"owner":{"login":"Platform"},"type":"container","name":"web","version":"1",
        "html_url":"http://git.example.com:3000/sub/Platform/-/packages/container/web/1"}"#;
    let body = format!(r#"{{"action":"created","package":{package}}}"#);

    let pushes = Sent::new(body).with("X-Forgejo-Event", "package").pushes(Sender::Gitea);

    let push = pushed(&[at("git.example.com:3000", "platform/web")], "1", None);
    assert_eq!(pushes, vec![Push { folded: true, ..push }]);
}

#[test]
fn a_delivery_has_the_name_that_either_header_gives() {
    for header in ["X-Gitea-Delivery", "X-Forgejo-Delivery"] {
        let message = fixture("gitea/package-created.json").with(header, "f6266f16").read_as(Sender::Gitea);

        assert_eq!(message.unwrap().id.as_deref(), Some("f6266f16"));
    }
}

#[test]
fn without_the_name_of_an_event_it_is_not_read() {
    let mut sent = fixture("gitea/package-created.json").with("X-GitHub-Event", "package");
    sent.headers.remove("X-Gitea-Event");

    let error = sent.read_as(Sender::Gitea).unwrap_err();

    assert_eq!(error, Malformed("no X-Gitea-Event header".to_owned()));
}
