//! What is remembered of files that were hashed.

use super::digest_of;
use crate::disk::Identity;
use crate::store::known::Known;

fn identity(inode: u64, size: u64) -> Identity {
    Identity { inode: (1, inode), size, modified: (2, 3) }
}

#[test]
fn every_link_of_a_hashed_file_is_vouched_for_until_the_last_is_forgotten() {
    let mut known = Known::default();
    let digest = digest_of("content");
    known.note("a/b/c/1", identity(7, 5), &digest);
    known.note("a/b/d/1", identity(7, 5), &digest);

    known.forget("a/b/c/1");
    assert!(known.vouches(&identity(7, 5), &digest));
    known.forget_below("a/b/d");
    assert!(!known.vouches(&identity(7, 5), &digest));
}

#[test]
fn another_size_time_inode_or_digest_is_not_vouched_for() {
    let mut known = Known::default();
    let digest = digest_of("content");
    known.note("a/b/c/1", identity(7, 5), &digest);

    assert!(known.vouches(&identity(7, 5), &digest));
    assert!(!known.vouches(&identity(7, 6), &digest));
    assert!(!known.vouches(&identity(8, 5), &digest));
    assert!(!known.vouches(&Identity { modified: (2, 4), ..identity(7, 5) }, &digest));
    assert!(!known.vouches(&identity(7, 5), &digest_of("other")));
}

#[test]
fn a_path_that_got_another_file_keeps_nothing_of_the_first() {
    let mut known = Known::default();
    let (first, second) = (digest_of("1"), digest_of("2"));
    known.note("a/b/c/1", identity(7, 5), &first);

    known.note("a/b/c/1", identity(8, 5), &second);

    assert!(!known.vouches(&identity(7, 5), &first));
    assert!(known.vouches(&identity(8, 5), &second));
}

#[test]
fn only_the_other_links_of_a_condemned_file_wait_for_its_bytes() {
    let mut known = Known::default();
    let digest = digest_of("content");
    for (path, inode) in [("a/b/c/1", 7), ("a/b/d/1", 7), ("a/b/e/1", 7), ("a/b/f/1", 9)] {
        known.note(path, identity(inode, 5), &digest);
    }

    assert_eq!(known.condemn((1, 7), &digest, "bad"), ["a/b/c/1", "a/b/d/1", "a/b/e/1"]);
    known.forget("a/b/c/1");
    known.forget_below("a/b/e");

    assert!(!known.vouches(&identity(7, 5), &digest));
    assert!(known.broken(&digest_of("other")).is_empty());
    let waiting: Vec<String> = known.broken(&digest).into_iter().map(|broken| broken.path).collect();
    assert_eq!(waiting, ["a/b/d/1"]);
    assert!(known.broken(&digest).is_empty());
}
