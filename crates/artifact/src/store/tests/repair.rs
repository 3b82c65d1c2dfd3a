//! One good copy repairs every object that linked the damaged file (D31).

use super::{Fixture, digest_name, digest_of, key, recorded};
use crate::store::{Published, Recorded, Scrub, Scrubbed, Stored};

fn shared() -> (Fixture, Published, Published) {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
    let two = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || true).unwrap();
    fs_err::write(fixture.path(&one.path), "changed").unwrap();
    (fixture, one, two)
}

#[test]
fn a_damaged_file_that_objects_share_is_repaired_for_all_of_them() {
    let (fixture, one, two) = shared();
    let stock = fixture.store.inspect(&key("one"), Some(&recorded(&one))).unwrap();
    assert!(matches!(stock.stored, Stored::Damaged { .. }));

    fixture.publish(&key("one"), 'a', "content");

    assert_eq!(fs_err::read(fixture.path(&two.path)).unwrap(), b"content");
    assert_eq!(fixture.inode(&one.path), fixture.inode(&two.path));
    assert_eq!(fixture.names("ocirepository/team/two").len(), 2);
    let stock = fixture.store.inspect(&key("two"), Some(&recorded(&two))).unwrap();
    assert_eq!(stock.stored, Stored::Present);
}

#[test]
fn each_object_finds_the_damage_itself_while_there_is_no_good_copy() {
    let (fixture, one, two) = shared();

    for (name, published) in [("one", &one), ("two", &two)] {
        let stock = fixture.store.inspect(&key(name), Some(&recorded(published))).unwrap();
        assert!(matches!(stock.stored, Stored::Damaged { .. }), "{name}");
    }
}

#[test]
fn a_damaged_file_is_recalled_for_no_recipe_though_nothing_else_shows_on_it() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
    let two = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || true).unwrap();
    fixture.store.remember("recipe", &two.path, &two.digest);
    let before = fs_err::metadata(fixture.path(&one.path)).unwrap().modified().unwrap();
    fs_err::write(fixture.path(&one.path), "Xontent").unwrap();
    let file = fs_err::OpenOptions::new().write(true).open(fixture.path(&one.path)).unwrap();
    file.set_modified(before).unwrap();
    assert!(fixture.store.recall("recipe").is_some());

    let found = fixture.store.scrub(&mut Scrub::default(), 1 << 20).unwrap();

    assert!(matches!(found, Scrubbed::Damaged(_)));
    assert!(fixture.store.recall("recipe").is_none());
}

#[test]
fn an_object_that_records_another_digest_spoils_the_file_for_nobody_else() {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
    let two = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || true).unwrap();
    fixture.store.remember("recipe", &one.path, &one.digest);
    let wrong = Recorded { digest: digest_of("other").to_string(), ..recorded(&two) };

    let stock = fixture.store.inspect(&key("two"), Some(&wrong)).unwrap();

    assert!(matches!(stock.stored, Stored::Damaged { .. }));
    assert!(fixture.store.recall("recipe").is_some());
}

#[test]
fn other_bytes_repair_nothing() {
    let (fixture, one, two) = shared();
    fixture.store.inspect(&key("one"), Some(&recorded(&one))).unwrap();

    fixture.publish(&key("one"), 'a', "another content");

    assert_eq!(fs_err::read(fixture.path(&two.path)).unwrap(), b"changed");
}

#[test]
fn a_file_that_was_replaced_meanwhile_is_left_alone() {
    let (fixture, one, two) = shared();
    fixture.store.inspect(&key("one"), Some(&recorded(&one))).unwrap();
    fs_err::write(fixture.path("newer"), "newer").unwrap();
    fs_err::rename(fixture.path("newer"), fixture.path(&two.path)).unwrap();

    fixture.publish(&key("one"), 'a', "content");

    assert_eq!(fs_err::read(fixture.path(&two.path)).unwrap(), b"newer");
}

#[test]
fn an_object_that_was_purged_meanwhile_stays_so() {
    let (fixture, one, _) = shared();
    fixture.store.inspect(&key("one"), Some(&recorded(&one))).unwrap();
    fixture.store.purge(&key("two")).unwrap();

    fixture.publish(&key("one"), 'a', "content");

    assert!(!fixture.path("ocirepository/team/two").exists());
}
