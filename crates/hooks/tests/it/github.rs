//! Deliveries of GitHub Packages.

use hooks::{Malformed, Sender};

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

const INDEX: &str = "4e9d62b02bc05e96a460820405bb2607762573630283b411c8d034e80ddceb54";
const CHART: &str = "cc57fc1903e444cf6a726490b43b27ee9f87facc037f86872201847c565b45fb";

#[test]
fn a_tag_is_a_push_by_either_event_and_either_action() {
    for (name, path, tag, digest) in [
        ("package-published", "exampleorg/web", "1.4.2", INDEX),
        ("package-updated", "exampleorg/web", "stable", INDEX),
        ("registry-package-published", "exampleorg/web", "1.4.2", INDEX),
        ("package-published-chart", "exampleorg/charts/web", "0.9.0", CHART),
    ] {
        let pushes = fixture(&format!("github/{name}.json")).pushes(Sender::Github);

        assert_eq!(pushes, vec![pushed(&[at("ghcr.io", path)], tag, Some(digest))], "{name}");
    }
}

#[test]
fn untagged_manifests_other_packages_and_pings_are_no_pushes() {
    all_others_say_nothing(
        Sender::Github,
        &[
            "github/package-published.json",
            "github/package-updated.json",
            "github/registry-package-published.json",
            "github/package-published-chart.json",
        ],
    );
}

#[test]
fn a_delivery_has_the_name_that_its_header_gives() {
    let sent = fixture("github/ping.json").with("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");

    let message = sent.read_as(Sender::Github).unwrap();

    assert_eq!(message.id.as_deref(), Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
}

#[test]
fn a_form_is_refused_with_advice() {
    let sent = Sent::new("payload=%7B%22action%22%3A%22published%22%7D");

    let error = sent.read_as(Sender::Github).unwrap_err();

    let advice = "the body is a form; choose application/json as the content type of the webhook";
    assert_eq!(error, Malformed(advice.to_owned()));
}

#[test]
fn only_packages_that_are_containers_count_however_that_is_spelled() {
    let package = |kind: &str| {
        let version = r#"{"package_url":"ghcr.io/Acme/app:1","container_metadata":{"tag":{"name":"1"}}}"#;
        let package = format!(r#"{{"package_type":"{kind}","package_version":{version}}}"#);
        Sent::new(format!(r#"{{"action":"published","package":{package}}}"#)).pushes(Sender::Github)
    };

    for kind in ["CONTAINER", "container"] {
        assert_eq!(package(kind), vec![pushed(&[at("ghcr.io", "acme/app")], "1", None)]);
    }
    for kind in ["docker", "npm", ""] {
        assert_eq!(package(kind), Vec::new(), "{kind}");
    }
}

#[test]
fn members_that_are_null_are_missing() {
    for body in [
        r#"{"action":"published","package":null}"#,
        r#"{"action":"published","package":{"package_type":"container","package_version":null}}"#,
        r#"{"action":"published","package":{"package_type":"container","package_version":
            {"package_url":"ghcr.io/acme/app:1","container_metadata":null}}}"#,
    ] {
        assert_eq!(Sent::new(body).pushes(Sender::Github), Vec::new());
    }
}
