//! The slow scrub (D30): it finds what neither size nor time tells, once for all links of a file.

use std::collections::BTreeSet;

use super::inspect::spoil_unseen;
use super::{Fixture, digest_name, key, recorded};
use crate::store::{Damage, Error, Published, Scrub, Scrubbed, Stored};

/// More than any file of these tests.
const ALL: u64 = 1 << 20;

/// All that a whole walk in such steps finds, and how many steps it takes.
fn walk(fixture: &Fixture, bytes: u64) -> (Vec<Damage>, usize) {
    let (mut scrub, mut found, mut steps) = (Scrub::default(), Vec::new(), 0);
    loop {
        match fixture.store.scrub(&mut scrub, bytes).unwrap() {
            Scrubbed::Further => {}
            Scrubbed::Damaged(damage) => found.push(damage),
            Scrubbed::Complete => return (found, steps),
        }
        steps += 1;
    }
}

fn stored(fixture: &Fixture, name: &str, published: &Published) -> Stored {
    fixture.store.inspect(&key(name), Some(&recorded(published))).unwrap().stored
}

/// One content of two objects.
fn shared() -> (Fixture, Published, Published) {
    let fixture = Fixture::new();
    let one = fixture.publish(&key("one"), 'a', "content");
    let archive = fixture.store.private_link(&one.path, &one.digest).unwrap();
    let two = fixture.store.publish_link(&key("two"), &digest_name('b'), &archive, || true).unwrap();
    (fixture, one, two)
}

#[test]
fn a_byte_that_only_hashing_can_find_is_found_once_for_all_objects_that_have_it() {
    let (fixture, one, two) = shared();
    fixture.publish(&key("three"), 'c', "sound");
    spoil_unseen(&fixture, &two.path);

    let (found, steps) = walk(&fixture, ALL);

    let reason = format!("computed digest doesn't match '{}'", one.digest);
    let objects = BTreeSet::from([key("one"), key("two")]);
    assert_eq!(found, [Damage { path: one.path.clone(), reason: reason.clone(), objects }]);
    assert_eq!(steps, 2, "each content is read once");
    for (name, published) in [("one", &one), ("two", &two)] {
        assert_eq!(stored(&fixture, name, published), Stored::Damaged { reason: reason.clone() });
    }
}

#[test]
fn what_was_found_is_not_read_again_for_each_object() {
    let (fixture, one, two) = shared();
    spoil_unseen(&fixture, &one.path);
    walk(&fixture, ALL);
    fs_err::write(fixture.path(&one.path), "content").unwrap();

    for (name, published) in [("one", &one), ("two", &two)] {
        assert!(matches!(stored(&fixture, name, published), Stored::Damaged { .. }), "{name}");
    }
}

#[test]
fn what_was_found_is_repaired_for_an_object_that_nobody_inspects() {
    let (fixture, one, two) = shared();
    spoil_unseen(&fixture, &one.path);
    walk(&fixture, ALL);

    fixture.publish(&key("one"), 'a', "content");

    assert_eq!(fs_err::read(fixture.path(&two.path)).unwrap(), b"content");
    assert_eq!(stored(&fixture, "two", &two), Stored::Present);
    assert_eq!(walk(&fixture, ALL), (vec![], 1));
}

#[test]
fn a_file_is_read_in_as_many_steps_as_it_has_pieces() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', &"0123456789".repeat(10));

    assert_eq!(walk(&fixture, 30), (vec![], 4));
    spoil_unseen(&fixture, &published.path);
    let (found, steps) = walk(&fixture, 30);
    assert_eq!((found.len(), steps), (1, 4));
    assert_eq!(walk(&fixture, 30), (vec![], 0), "a damage is told of once");
}

#[test]
fn a_file_that_is_replaced_or_removed_while_it_is_read_is_passed_over() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");
    let replaced = || drop(fixture.publish(&key("app"), 'a', "content"));
    let purged = || drop(fixture.store.purge(&key("app")));
    for meanwhile in [&replaced as &dyn Fn(), &purged] {
        spoil_unseen(&fixture, &published.path);
        let mut scrub = Scrub::default();
        assert_eq!(fixture.store.scrub(&mut scrub, 1).unwrap(), Scrubbed::Further);

        meanwhile();

        assert_eq!(fixture.store.scrub(&mut scrub, ALL).unwrap(), Scrubbed::Further);
        assert_eq!(fixture.store.scrub(&mut scrub, ALL).unwrap(), Scrubbed::Complete);
    }
}

#[test]
fn a_file_behind_its_path_that_is_another_or_gone_is_for_the_next_inspection() {
    let fixture = Fixture::new();
    let (gone, other) = (fixture.publish(&key("gone"), 'a', "1"), fixture.publish(&key("other"), 'b', "2"));
    fs_err::remove_file(fixture.path(&gone.path)).unwrap();
    fs_err::write(fixture.path("newer"), "newer").unwrap();
    fs_err::rename(fixture.path("newer"), fixture.path(&other.path)).unwrap();

    assert_eq!(walk(&fixture, ALL), (vec![], 0));
}

#[test]
fn a_file_that_cannot_be_opened_is_told_of_and_does_not_end_the_walk() {
    let fixture = Fixture::new();
    let lost = fixture.publish(&key("lost"), 'a', "1");
    let sound = fixture.publish(&key("sound"), 'b', "2");
    fs_err::remove_file(fixture.path(&lost.path)).unwrap();
    fs_err::os::unix::fs::symlink("nowhere", fixture.path(&lost.path)).unwrap();
    spoil_unseen(&fixture, &sound.path);
    let mut scrub = Scrub::default();

    let told = fixture.store.scrub(&mut scrub, ALL).unwrap_err();

    assert!(matches!(&told, Error::Io { path, .. } if *path == lost.path), "{told}");
    assert!(matches!(fixture.store.scrub(&mut scrub, ALL).unwrap(), Scrubbed::Damaged(_)));
}
