//! What became of a recorded artifact (spec 2.4, 9.6, 9.7; D30).

use std::fs::FileTimes;

use super::{Fixture, digest_name, digest_of, key, recorded};
use crate::store::{Record, Recorded, Stored};

fn damaged(reason: &str) -> Stored {
    Stored::Damaged { reason: reason.to_owned() }
}

#[test]
fn a_published_artifact_is_present() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");

    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&published))).unwrap();

    assert_eq!(stock.stored, Stored::Present);
    assert_eq!(stock.collected.unwrap(), 0);
    assert_eq!(stock.record, Some(Record::default()));
}

#[test]
fn an_object_without_a_recorded_artifact_has_none() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "content");

    let stock = fixture.store.inspect(&key("app"), None).unwrap();

    assert_eq!(stock.stored, Stored::Unrecorded);
}

#[test]
fn what_is_no_regular_file_is_missing() {
    let fixture = Fixture::new();
    let path = key("app").artifact_path(&digest_name('a')).unwrap();
    let at = Recorded { path: path.clone(), digest: digest_of("content").to_string(), shown: None };
    let stored = || fixture.store.inspect(&key("app"), Some(&at)).unwrap().stored;

    assert_eq!(stored(), Stored::Missing);
    fs_err::create_dir_all(fixture.path(&path)).unwrap();
    assert_eq!(stored(), Stored::Missing);
    fs_err::remove_dir(fixture.path(&path)).unwrap();
    fs_err::write(fixture.path("elsewhere"), "content").unwrap();
    fs_err::os::unix::fs::symlink(fixture.path("elsewhere"), fixture.path(&path)).unwrap();
    assert_eq!(stored(), Stored::Missing);
    assert!(fixture.path("elsewhere").exists());
}

#[test]
fn a_file_in_the_place_of_the_object_s_directory_is_missing_too() {
    let fixture = Fixture::new();
    fs_err::create_dir_all(fixture.path("ocirepository/team")).unwrap();
    fs_err::write(fixture.path("ocirepository/team/app"), "a file").unwrap();
    let at = Recorded {
        path: key("app").artifact_path(&digest_name('a')).unwrap(),
        digest: digest_of("content").to_string(),
        shown: None,
    };

    let stock = fixture.store.inspect(&key("app"), Some(&at)).unwrap();

    assert_eq!(stock.stored, Stored::Missing);
}

#[test]
fn a_recorded_path_of_another_object_is_missing_and_its_file_untouched() {
    let fixture = Fixture::new();
    let theirs = fixture.publish(&key("theirs"), 'a', "content");
    let at =
        Recorded { path: theirs.path.clone(), digest: digest_of("something else").to_string(), shown: None };

    let stock = fixture.store.inspect(&key("mine"), Some(&at)).unwrap();

    assert_eq!(stock.stored, Stored::Missing);
    assert!(fixture.path(&theirs.path).exists());
}

#[test]
fn a_file_whose_digest_cannot_be_confirmed_is_removed_with_upstream_s_reason() {
    for (digest, reason) in [
        (digest_of("other").to_string(), format!("computed digest doesn't match '{}'", digest_of("other"))),
        (String::new(), "artifact has no digest".to_owned()),
        (
            "invalid".to_owned(),
            "failed to parse artifact digest 'invalid': invalid checksum digest format".to_owned(),
        ),
    ] {
        let fixture = Fixture::new();
        let published = fixture.publish(&key("app"), 'a', "content");

        let at = Recorded { path: published.path.clone(), digest, shown: None };
        let stock = fixture.store.inspect(&key("app"), Some(&at)).unwrap();

        assert_eq!(stock.stored, damaged(&reason));
        assert!(!fixture.path(&published.path).exists());
    }
}

#[test]
fn a_byte_changed_in_place_is_noticed() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");

    fs_err::write(fixture.path(&published.path), "cXntent").unwrap();
    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&published))).unwrap();

    assert_eq!(stock.stored, damaged(&format!("computed digest doesn't match '{}'", published.digest)));
}

/// Changes the content and puts size and mtime back: only hashing can tell.
pub(super) fn spoil_unseen(fixture: &Fixture, path: &str) {
    let before = fs_err::metadata(fixture.path(path)).unwrap().modified().unwrap();
    let mut file = fs_err::OpenOptions::new().write(true).open(fixture.path(path)).unwrap();
    std::io::Write::write_all(&mut file, b"X").unwrap();
    file.set_times(FileTimes::new().set_modified(before)).unwrap();
}

#[test]
fn an_unchanged_file_is_hashed_once_a_process() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");
    let stored =
        |fixture: &Fixture| fixture.store.inspect(&key("app"), Some(&recorded(&published))).unwrap().stored;

    spoil_unseen(&fixture, &published.path);
    assert_eq!(stored(&fixture), Stored::Present);

    let fixture = fixture.reopened();
    assert!(matches!(stored(&fixture), Stored::Damaged { .. }));
}

#[test]
fn a_replaced_file_with_the_right_bytes_is_present() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");

    fs_err::remove_file(fixture.path(&published.path)).unwrap();
    fs_err::write(fixture.path(&published.path), "content").unwrap();
    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&published))).unwrap();

    assert_eq!(stock.stored, Stored::Present);
}

#[test]
fn an_artifact_of_upstream_is_adopted_with_the_algorithm_of_its_digest() {
    let fixture = Fixture::new();
    let path = key("app").artifact_path(&digest_name('a')).unwrap();
    fs_err::create_dir_all(fixture.path("ocirepository/team/app")).unwrap();
    fs_err::write(fixture.path(&path), "content").unwrap();
    fs_err::write(fixture.path(&format!("{path}.lock")), "").unwrap();
    let digest = crate::digest::Algorithm::Sha512.digest_of(&b"content"[..]).unwrap().to_string();

    let stock = fixture
        .store
        .inspect(&key("app"), Some(&Recorded { path: path.clone(), digest, shown: None }))
        .unwrap();

    assert_eq!(stock.stored, Stored::Present);
    assert!(fixture.path(&format!("{path}.lock")).exists());
}
