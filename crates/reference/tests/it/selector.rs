//! Precedence of the ways to select, and references as messages show them.

use reference::{Digest, Repository, Selected, Selector, reference_display};

#[test]
fn digest_beats_semver_beats_tag_beats_branch_beats_latest() {
    let semver = Selector::Semver { constraint: "1.x".to_owned(), filter: Some("-rc".to_owned()) };
    let choose = |digest, semver, tag, branch| Selector::choose(digest, semver, Some("-rc"), tag, branch);
    assert_eq!(choose(Some("d"), Some("1.x"), Some("t"), Some("b")), Selector::Digest("d".to_owned()));
    assert_eq!(choose(None, Some("1.x"), Some("t"), Some("b")), semver);
    assert_eq!(choose(None, None, Some("t"), Some("b")), Selector::Tag("t".to_owned()));
    assert_eq!(choose(None, None, None, Some("b")), Selector::Branch("b".to_owned()));
    assert_eq!(choose(None, None, None, None), Selector::Latest);
}

#[test]
fn empty_texts_count_as_absent() {
    let empty = Some("");
    assert_eq!(Selector::choose(empty, empty, empty, empty, empty), Selector::Latest);
    assert_eq!(
        Selector::choose(empty, Some("1.x"), empty, None, None),
        Selector::Semver { constraint: "1.x".to_owned(), filter: None }
    );
}

#[test]
fn a_tag_a_branch_and_latest_have_a_name_before_any_request() {
    assert_eq!(Selector::Tag("v1".to_owned()).name(), Some("v1"));
    assert_eq!(Selector::Branch("main".to_owned()).name(), Some("main"));
    assert_eq!(Selector::Latest.name(), Some("latest"));
    assert_eq!(Selector::Digest("sha256:ab".to_owned()).name(), None);
    assert_eq!(Selector::Semver { constraint: "*".to_owned(), filter: None }.name(), None);
}

#[test]
fn a_reference_is_shown_in_expanded_form() {
    let repository = Repository::parse_url("oci://docker.io/app").unwrap();
    let tag = Selected::Tag("v1".to_owned());
    assert_eq!(reference_display(&repository, &tag), "index.docker.io/library/app:v1");
    let digest = Selected::Digest(Digest::sha256_from_bytes([0; 32]));
    let zeros = "0".repeat(64);
    assert_eq!(
        reference_display(&repository, &digest),
        format!("index.docker.io/library/app@sha256:{zeros}")
    );

    let charts = Repository::parse_url("oci://ghcr.io/stefanprodan/charts").unwrap();
    let latest = Selected::Tag(Selector::Latest.name().unwrap().to_owned());
    assert_eq!(reference_display(&charts, &latest), "ghcr.io/stefanprodan/charts:latest");
    assert_eq!(
        reference_display(&charts, &Selected::Tag("6.1.6".to_owned())),
        "ghcr.io/stefanprodan/charts:6.1.6"
    );
    assert_eq!(reference_display(&charts, &digest), format!("ghcr.io/stefanprodan/charts@sha256:{zeros}"));
}
