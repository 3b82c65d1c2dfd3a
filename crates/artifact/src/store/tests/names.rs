//! Names from outside never leave their directory.

use super::{digest_name, key};
use crate::store::{Error, Key};

#[test]
fn a_namespace_or_name_that_is_no_clean_component_is_refused() {
    let long = "a".repeat(256);
    for bad in ["", ".", "..", "../x", "a/b", "/etc", ".sluice", "a\0b", "a\\b", &long] {
        assert!(matches!(Key::new(bad, "app"), Err(Error::InvalidName(_))), "{bad}");
        assert!(matches!(Key::new("team", bad), Err(Error::InvalidName(_))), "{bad}");
    }
}

#[test]
fn an_artifact_path_is_the_one_that_upstream_makes() {
    let path = key("app").artifact_path(&digest_name('a')).unwrap();

    assert_eq!(path, format!("ocirepository/team/app/sha256:{}.tar.gz", "a".repeat(64)));
    assert_eq!(key("app").latest_path(), "ocirepository/team/app/latest.tar.gz");
}

#[test]
fn a_file_digest_that_is_none_is_refused() {
    let long = format!("sha256:{}", "a".repeat(300));
    for bad in
        ["", "latest", "sha256", "sha256:", ":aa", "sha256:../../x", "sha256:a/b", "..:a", "SHA:aa", &long]
    {
        assert!(matches!(key("app").artifact_path(bad), Err(Error::InvalidName(_))), "{bad}");
    }
}

#[test]
fn a_recorded_path_is_believed_only_in_the_object_s_own_directory() {
    let app = key("app");

    assert_eq!(app.file_of("ocirepository/team/app/sha256:aa.tar.gz"), Some("sha256:aa.tar.gz"));
    for foreign in [
        "",
        "ocirepository/team/app",
        "ocirepository/team/app/",
        "ocirepository/team/apple/sha256:aa.tar.gz",
        "ocirepository/team/app/../other/sha256:aa.tar.gz",
        "ocirepository/team/other/sha256:aa.tar.gz",
        "ocirepository/team/app/deep/sha256:aa.tar.gz",
        "/ocirepository/team/app/sha256:aa.tar.gz",
        "ocirepository/team/app/latest.tar.gz",
        "ocirepository/team/app/sha256:aa.tar.gz.lock",
        "ocirepository/team/app/.sluice-1",
        ".sluice/records",
    ] {
        assert_eq!(app.file_of(foreign), None, "{foreign}");
    }
}
