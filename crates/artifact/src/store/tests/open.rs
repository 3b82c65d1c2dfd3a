//! The start, after whatever the last process left.

use super::{Fixture, digest_name, digest_of, key, recorded};
use crate::store::{Error, Recorded, Settings, Store, Stored};

#[test]
fn a_root_that_is_no_directory_is_refused_in_upstream_s_words() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs_err::write(&file, "").unwrap();

    for root in [directory.path().join("absent"), file] {
        let error = Store::open(&root, Settings::default()).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid dir path: {}", root.display()));
    }
}

#[test]
fn a_root_is_open_once_at_a_time() {
    let fixture = Fixture::new();

    let error = Store::open(fixture.directory.path(), Settings::default()).unwrap_err();

    assert!(matches!(error, Error::InUse(_)));
    let Fixture { directory, store, .. } = fixture;
    drop(store);
    Store::open(directory.path(), Settings::default()).unwrap();
}

#[test]
fn what_a_killed_process_left_is_cleared_and_its_artifacts_are_kept() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");
    std::mem::forget(fixture.store.spool(5).unwrap());
    std::mem::forget(fixture.store.private_link(&published.path, &published.digest).unwrap());
    fs_err::write(fixture.path(".sluice/records.tmp"), "half").unwrap();

    let fixture = fixture.reopened();

    assert_eq!(fixture.names(".sluice"), ["archives", "lock", "records", "spool"]);
    assert_eq!(fixture.names(".sluice/archives"), Vec::<String>::new());
    assert_eq!(fixture.names(".sluice/spool"), Vec::<String>::new());
    assert_eq!(fixture.names("ocirepository/team/app").len(), 2);
    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&published))).unwrap();
    assert_eq!(stock.stored, Stored::Present);
}

#[test]
fn files_of_upstream_are_left_as_they_are() {
    let fixture = Fixture::new();
    let path = key("app").artifact_path(&digest_name('a')).unwrap();
    fs_err::create_dir_all(fixture.path("ocirepository/team/app")).unwrap();
    fs_err::create_dir_all(fixture.path("gitrepository/team/app")).unwrap();
    for file in [&path, &format!("{path}.lock"), &format!("{path}123"), "gitrepository/team/app/x.tar.gz"] {
        fs_err::write(fixture.path(file), "content").unwrap();
    }

    let fixture = fixture.reopened();

    assert_eq!(fixture.names("ocirepository/team/app").len(), 3);
    assert_eq!(fixture.names("gitrepository/team/app").len(), 1);
    let stock = fixture
        .store
        .inspect(&key("app"), Some(&Recorded { path, digest: digest_of("content").to_string(), shown: None }))
        .unwrap();
    assert_eq!(stock.stored, Stored::Present);
}

#[test]
fn names_that_could_not_be_cleared_are_not_used_again() {
    let fixture = Fixture::new();
    for number in 0..5 {
        fs_err::create_dir_all(fixture.path(&format!(".sluice/spool/{number}/full"))).unwrap();
    }
    let fixture = fixture.reopened();

    let spool = fixture.store.spool(5).unwrap();

    assert_eq!(spool.written(), 0);
    assert_eq!(fixture.names(".sluice/spool").len(), 6);
}

#[test]
fn a_relative_root_makes_absolute_links() {
    let directory = tempfile::tempdir_in(".").unwrap();
    let root = std::path::Path::new(".").join(directory.path().file_name().unwrap());
    let store = Store::open(&root, Settings::default()).unwrap();

    store.publish(&key("app"), &digest_name('a'), super::writes("content"), || true).unwrap();

    let target = fs_err::read_link(directory.path().join(key("app").latest_path())).unwrap();
    assert!(target.is_absolute());
    assert_eq!(fs_err::read(target).unwrap(), b"content");
}
