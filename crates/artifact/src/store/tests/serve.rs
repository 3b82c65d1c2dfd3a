//! What a URL leads to (D14, D42).

use super::{Fixture, key};
use crate::store::{Published, Served};

fn published() -> (Fixture, Published) {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");
    (fixture, published)
}

fn real(fixture: &Fixture, path: &str) -> Served {
    Served::File(fs_err::canonicalize(fixture.path(path)).unwrap())
}

#[test]
fn an_artifact_and_its_latest_link_are_files() {
    let (fixture, published) = published();

    let file = real(&fixture, &published.path);

    assert_eq!(fixture.store.resolve(&format!("/{}", published.path)), file);
    assert_eq!(fixture.store.resolve("/ocirepository/team/app/latest.tar.gz"), file);
}

#[test]
fn files_of_other_kinds_are_served_too() {
    let (fixture, _) = published();
    fs_err::create_dir_all(fixture.path("helmchart/team/app")).unwrap();
    fs_err::write(fixture.path("helmchart/team/app/app-1.0.0.tgz"), "chart").unwrap();

    let served = fixture.store.resolve("/helmchart/team/app/app-1.0.0.tgz");

    assert_eq!(served, real(&fixture, "helmchart/team/app/app-1.0.0.tgz"));
}

#[test]
fn the_root_and_directories_are_told_apart_from_files() {
    let (fixture, _) = published();

    for root in ["/", ""] {
        assert_eq!(fixture.store.resolve(root), Served::Root);
    }
    for directory in
        ["/ocirepository", "/ocirepository/team/", "/ocirepository/team/app", "/ocirepository/team/app/"]
    {
        assert_eq!(fixture.store.resolve(directory), Served::Directory, "{directory}");
    }
}

#[test]
fn whatever_else_is_asked_for_is_not_found() {
    let (fixture, published) = published();
    let file = published.path;
    fs_err::write(fixture.path(&format!("{file}.lock")), "").unwrap();
    fs_err::write(fixture.path("ocirepository/team/app/.sluice-9"), "half").unwrap();
    fs_err::write(fixture.path("ocirepository/loose"), "not an artifact").unwrap();
    fs_err::create_dir_all(fixture.path("ocirepository/team/app/deep")).unwrap();
    fs_err::write(fixture.path("ocirepository/team/app/deep/file"), "too deep").unwrap();
    fs_err::create_dir_all(fixture.path(".sluice/a/b")).unwrap();
    fs_err::write(fixture.path(".sluice/a/b/c"), "private").unwrap();

    for path in [
        "/ocirepository/team/app/absent.tar.gz",
        "/ocirepository/team/nobody/latest.tar.gz",
        "/ocirepository/team/app/deep",
        "/ocirepository/team/app/deep/file",
        "/ocirepository/team/app/.sluice-9",
        "/ocirepository/loose",
        "/ocirepository/team/app/latest.tar.gz/",
        "/ocirepository/team/app//",
        &format!("/{file}.lock"),
        &format!("//{file}"),
        &format!("/x/../{file}"),
        &format!("/./{file}"),
        "/../../../../etc/passwd",
        "/ocirepository/team/app/../../../.sluice/records",
        "/ocirepository/team/app/a\0b",
        "/.sluice",
        "/.sluice/records",
        "/.sluice/a/b/c",
        "//",
    ] {
        assert_eq!(fixture.store.resolve(path), Served::NotFound, "{path:?}");
    }
}

#[test]
fn a_link_out_of_the_root_or_into_what_is_private_is_not_followed() {
    let (fixture, _) = published();
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = elsewhere.path().join("ocirepository");
    fs_err::create_dir_all(outside.join("a/b")).unwrap();
    fs_err::write(outside.join("a/b/c"), "secret").unwrap();
    fs_err::create_dir_all(fixture.path(".sluice/a/b")).unwrap();
    fs_err::write(fixture.path(".sluice/a/b/c"), "private").unwrap();
    let link = |target: std::path::PathBuf, name: &str| {
        fs_err::os::unix::fs::symlink(target, fixture.path(&format!("ocirepository/{name}"))).unwrap();
    };
    link(outside.join("a/b/c"), "team/app/escape");
    link(fixture.path(".sluice/a/b/c"), "team/app/private");
    link(fixture.path(".sluice/records"), "team/app/records");
    link(outside.join("a"), "stolen");
    link("/nowhere".into(), "team/app/dangling");
    link(fixture.path("ocirepository/team/app/loop"), "team/app/loop");

    for path in
        ["team/app/escape", "team/app/private", "team/app/records", "team/app/dangling", "team/app/loop"]
    {
        assert_eq!(fixture.store.resolve(&format!("/ocirepository/{path}")), Served::NotFound, "{path}");
    }
    assert_eq!(fixture.store.resolve("/ocirepository/stolen/b/c"), Served::NotFound);
}

#[test]
fn a_root_behind_a_link_serves_its_files() {
    let directory = tempfile::tempdir().unwrap();
    fs_err::create_dir(directory.path().join("real")).unwrap();
    fs_err::os::unix::fs::symlink("real", directory.path().join("data")).unwrap();
    let store =
        crate::store::Store::open(&directory.path().join("data"), crate::store::Settings::default()).unwrap();
    store.publish(&key("app"), &super::digest_name('a'), super::writes("content"), || true).unwrap();

    let Served::File(file) = store.resolve("/ocirepository/team/app/latest.tar.gz") else {
        panic!("no file")
    };

    assert_eq!(fs_err::read(file).unwrap(), b"content");
}
