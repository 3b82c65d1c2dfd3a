//! Deliveries of Artifactory.

use hooks::{Named, Sender};

use crate::delivered::{all_others_say_nothing, anywhere, at, fixture, pushed};

const IMAGE: &str = "f7256b5f19a138146f8fa517354ba5ea99a35761c2c70f0259b5680648e19959";
const INDEX: &str = "0d0ca95c0e252fc8fa9351bfc8fec0db6156136a04195cdc0b79cc387c99b5d1";
const CHART: &str = "67669c6a27372621ff9779c08b6ffdfa3311458454807226b2c25c99abdf97ac";

/// In the path and in the host, as the server may be set up.
fn repositories(key: &str, image: &str) -> [Named; 2] {
    [at("example.jfrog.io", &format!("{key}/{image}")), at(&format!("{key}.example.jfrog.io"), image)]
}

#[test]
fn a_tag_that_is_pushed_or_promoted_is_a_push_where_it_ends_up() {
    for (name, key, image, digest) in [
        ("pushed", "docker-local", "apps/podinfo", IMAGE),
        ("pushed-index", "docker-local", "apps/podinfo", INDEX),
        ("pushed-oci", "helm-oci-local", "charts/podinfo", CHART),
        ("promoted", "docker-prod-local", "apps/podinfo", IMAGE),
    ] {
        let pushes = fixture(&format!("artifactory/{name}.json")).pushes(Sender::Artifactory);

        assert_eq!(pushes, vec![pushed(&repositories(key, image), "6.7.1", Some(digest))], "{name}");
    }
}

#[test]
fn a_server_that_does_not_know_its_address_leaves_the_host_open() {
    let pushes = fixture("artifactory/pushed-no-origin.json").pushes(Sender::Artifactory);

    let repositories = [anywhere("docker-local/apps/podinfo"), anywhere("apps/podinfo")];
    assert_eq!(pushes, vec![pushed(&repositories, "6.7.1", Some(IMAGE))]);
}

#[test]
fn the_test_button_pushes_its_sample_and_nothing_that_anybody_has() {
    let pushes = fixture("artifactory/test.json").pushes(Sender::Artifactory);

    assert_eq!(pushes, vec![pushed(&repositories("sample_repo", "sample_arch"), "sample_image", None)]);
}

#[test]
fn what_other_domains_tell_is_no_push() {
    let mut sent = fixture("artifactory/pushed.json");
    let body = String::from_utf8(sent.body).unwrap();
    sent.body = body.replacen(r#""domain":"docker""#, r#""domain":"artifact""#, 1).into_bytes();

    assert_eq!(sent.pushes(Sender::Artifactory), Vec::new());
}

#[test]
fn deletions_are_no_pushes() {
    all_others_say_nothing(
        Sender::Artifactory,
        &[
            "artifactory/pushed.json",
            "artifactory/pushed-index.json",
            "artifactory/pushed-oci.json",
            "artifactory/pushed-no-origin.json",
            "artifactory/promoted.json",
            "artifactory/test.json",
        ],
    );
}
