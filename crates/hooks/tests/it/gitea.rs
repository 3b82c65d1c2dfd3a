//! Deliveries of Gitea and Forgejo.

use hooks::{Malformed, Push, Sender, Unauthenticated, authenticate};

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

#[test]
fn a_tag_is_a_push_whose_letters_have_lost_their_case() {
    for (name, path, tag) in [
        ("package-created", "platform/apps/web", "1.4.2"),
        ("package-created-index", "platform/apps/web", "v2.0-rc"),
        ("package-created-linked", "platform/apps/web", "1.6.0"),
        ("package-created-user-owned", "ci-bot/web", "1.4.2"),
    ] {
        let pushes = fixture(&format!("gitea/{name}.json")).pushes(Sender::Gitea);

        let push = pushed(&[at("gitea.example.com", path)], tag, None);
        assert_eq!(pushes, vec![Push { folded: true, ..push }], "{name}");
    }
}

#[test]
fn digests_deletions_other_packages_and_the_test_button_are_no_pushes() {
    all_others_say_nothing(
        Sender::Gitea,
        &[
            "gitea/package-created.json",
            "gitea/package-created-index.json",
            "gitea/package-created-linked.json",
            "gitea/package-created-user-owned.json",
        ],
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

#[test]
fn the_signature_that_gitea_sent_is_that_of_its_secret_and_of_no_other() {
    let code = "05eff4ae3d8d654f9a97ebc09c61115c1b4dc6ec48d68d4226db814d835a3ccd";
    for (header, prefix) in [("X-Hub-Signature-256", "sha256="), ("X-Gitea-Signature", "")] {
        let sent = fixture("gitea/package-created.json").with(header, format!("{prefix}{code}"));
        let verdict = |secret| authenticate(Sender::Gitea, secret, &sent.delivery());

        assert_eq!(verdict(b"the-secret".as_slice()), Ok(()));
        assert_eq!(verdict(b"the-secre"), Err(Unauthenticated::Wrong(header)));
    }
}
