//! One content on disk once, and nothing built twice (D31, D32).

use std::io;
use std::os::unix::fs::MetadataExt;

use super::{Fixture, digest_name, digest_of, key, recorded};
use crate::store::{Error, Stored};

fn links(fixture: &Fixture, path: &str) -> u64 {
    fs_err::metadata(fixture.path(path)).unwrap().nlink()
}

#[test]
fn two_objects_with_one_content_share_one_file_until_one_is_deleted() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
    assert_eq!((archive.digest(), archive.size()), (&one.digest, 7));

    let two = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || true).unwrap();

    drop(archive);
    assert_eq!(fixture.inode(&one.path), fixture.inode(&two.path));
    assert_eq!(links(&fixture, &one.path), 2);
    assert_eq!((two.digest.clone(), two.size), (one.digest.clone(), one.size));
    assert_eq!(fs_err::read_link(fixture.path(&key("two").latest_path())).unwrap(), fixture.path(&two.path));
    assert!(fixture.store.purge(&key("one")).unwrap());
    assert_eq!(links(&fixture, &two.path), 1);
    let stock = fixture.store.inspect(&key("two"), Some(&recorded(&two))).unwrap();
    assert_eq!(stock.stored, Stored::Present);
}

#[test]
fn a_private_link_outlives_its_object_and_goes_when_it_is_dropped() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
    fixture.store.purge(&key("one")).unwrap();

    let two = fixture.store.publish_link(&key("two"), &digest_name('a'), &archive, || true).unwrap();

    assert_eq!(fs_err::read(fixture.path(&two.path)).unwrap(), b"content");
    assert_eq!(fixture.names(".sluice/archives").len(), 1);
    drop(archive);
    assert_eq!(fixture.names(".sluice/archives"), Vec::<String>::new());
}

#[test]
fn publishing_a_file_over_another_link_of_itself_leaves_no_temporary() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();

    for _ in 0..3 {
        fixture.store.publish_link(&key("one"), &digest_name('a'), &archive, || true).unwrap();
    }

    assert_eq!(fixture.names("ocirepository/team/one").len(), 2);
    assert_eq!(links(&fixture, &one.path), 2);
}

#[test]
fn a_disk_that_cannot_link_gets_a_copy() {
    for kind in [io::ErrorKind::CrossesDevices, io::ErrorKind::TooManyLinks, io::ErrorKind::Unsupported] {
        let fixture = Fixture::new();
        let one = fixture.publish(&key("one"), 'a', "content");
        *fixture.host.no_link.lock().unwrap() = Some(kind);

        let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
        let two = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || true).unwrap();

        assert_ne!(fixture.inode(&one.path), fixture.inode(&two.path));
        assert_eq!(fs_err::read(fixture.path(&two.path)).unwrap(), b"content");
        assert_eq!(fixture.names("ocirepository/team/two").len(), 2);
    }
}

#[test]
fn an_archive_that_was_changed_is_not_linked_again() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
    fs_err::write(fixture.path(&one.path), "changed").unwrap();

    let refused = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || true);

    let Err(Error::Damaged { reason }) = refused else { panic!("linked") };
    assert_eq!(reason, format!("computed digest doesn't match '{}'", one.digest));
    assert_eq!(fixture.names("ocirepository/team/two"), Vec::<String>::new());
}

#[test]
fn a_symbolic_link_or_nothing_at_all_gets_no_private_link() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let path = fixture.path(&one.path);
    fs_err::rename(&path, fixture.path("aside")).unwrap();
    assert!(matches!(fixture.store.private_link(&one.path, &one.digest), Err(Error::Io { .. })));

    fs_err::os::unix::fs::symlink(fixture.path("aside"), &path).unwrap();

    assert!(matches!(fixture.store.private_link(&one.path, &one.digest), Err(Error::Damaged { .. })));
    assert_eq!(fixture.names(".sluice/archives"), Vec::<String>::new());
}

#[test]
fn a_superseded_attempt_links_nothing() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();

    let refused = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || false);

    assert!(matches!(refused, Err(Error::Superseded)));
    assert_eq!(fixture.names("ocirepository/team/two"), Vec::<String>::new());
}

#[test]
fn a_recipe_is_recalled_while_its_file_is_there_and_unchanged() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    fixture.store.remember("recipe", &one.path, &one.digest);

    assert!(fixture.store.recall("another").is_none());
    let archive = fixture.store.recall("recipe").unwrap();
    assert_eq!((archive.digest(), archive.size()), (&digest_of("content"), 7));

    fs_err::write(fixture.path(&one.path), "changed").unwrap();
    assert!(fixture.store.recall("recipe").is_none());
    fixture.publish(&key("one"), 'a', "content");
    assert!(fixture.store.recall("recipe").is_none());
}

#[test]
fn a_recipe_whose_file_is_purged_is_forgotten() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    fixture.store.remember("recipe", &one.path, &one.digest);

    fixture.store.purge(&key("one")).unwrap();

    assert!(fixture.store.recall("recipe").is_none());
}

#[test]
fn a_file_that_was_never_hashed_is_not_remembered() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let fixture = fixture.reopened();

    fixture.store.remember("recipe", &one.path, &one.digest);

    assert!(fixture.store.recall("recipe").is_none());
}

#[test]
fn a_recorded_recipe_is_recalled_after_a_restart_once_its_object_was_inspected() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let record = crate::store::Record {
        recipe: Some("recipe".to_owned()),
        path: Some(one.path.clone()),
        digest: Some(one.digest.to_string()),
        ..Default::default()
    };
    fixture.store.set_record(&key("one"), record).unwrap();
    let fixture = fixture.reopened();
    assert!(fixture.store.recall("recipe").is_none());

    fixture.store.inspect(&key("one"), Some(&recorded(&one))).unwrap();

    assert_eq!(fixture.store.recall("recipe").unwrap().digest(), &one.digest);
}

#[test]
fn what_was_published_before_a_kill_is_recalled_though_no_status_names_it() {
    let fixture = Fixture::new();
    let before = fixture.publish(&key("one"), 'a', "old");
    let made = fixture.publish(&key("one"), 'b', "new");
    let record = crate::store::Record {
        recipe: Some("recipe".to_owned()),
        path: Some(made.path.clone()),
        digest: Some(made.digest.to_string()),
        ..Default::default()
    };
    fixture.store.set_record(&key("one"), record).unwrap();
    let fixture = fixture.reopened();

    fixture.store.inspect(&key("one"), Some(&recorded(&before))).unwrap();

    assert_eq!(fixture.store.recall("recipe").unwrap().digest(), &made.digest);
}

#[test]
fn the_recipe_remembered_longest_ago_goes_first_when_there_are_too_many() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");

    for number in 0..=crate::store::recipes::CAPACITY {
        fixture.store.remember(&number.to_string(), &one.path, &one.digest);
    }

    assert!(fixture.store.recall("0").is_none());
    assert!(fixture.store.recall("1").is_some());
}
