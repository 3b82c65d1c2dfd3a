//! Spools, and a disk that is nearly full.

use std::io::Write;

use super::{Fixture, digest_name, digest_of, key};
use crate::disk::Space;
use crate::store::{Error, Settings};

const MIB: u64 = 1024 * 1024;

fn with_space(free: u64, total: u64) -> Fixture {
    let fixture = Fixture::new();
    *fixture.host.space.lock().unwrap() = Space { free, total };
    fixture
}

fn available(fixture: &Fixture, bytes: u64) -> u64 {
    let Err(Error::NoSpace { available, .. }) = fixture.store.spool(bytes) else { panic!("not refused") };
    available
}

#[test]
fn a_spool_leaves_64_mib_free_on_a_small_disk() {
    let fixture = with_space(100 * MIB, 1000 * MIB);

    assert!(fixture.store.spool(36 * MIB).is_ok());
    assert_eq!(available(&fixture, 36 * MIB + 1), 36 * MIB);
}

#[test]
fn a_spool_leaves_five_percent_free_on_a_large_disk() {
    let fixture = with_space(600 * MIB, 10_000 * MIB);

    assert!(fixture.store.spool(100 * MIB).is_ok());
    assert_eq!(available(&fixture, 100 * MIB + 1), 100 * MIB);
}

#[test]
fn a_disk_below_its_reserve_takes_nothing() {
    let fixture = with_space(10 * MIB, 1000 * MIB);

    assert_eq!(available(&fixture, 1), 0);
    assert_eq!(fixture.names(".sluice/spool"), Vec::<String>::new());
}

#[test]
fn the_same_bytes_are_not_promised_twice() {
    let fixture = with_space(100 * MIB, 1000 * MIB);
    let mut first = fixture.store.spool(30 * MIB).unwrap();

    assert_eq!(available(&fixture, 7 * MIB), 6 * MIB);
    first.write_all(&vec![0; usize::try_from(MIB).unwrap()]).unwrap();
    assert_eq!(available(&fixture, 8 * MIB), 7 * MIB);
    assert_eq!(fixture.store.room().unwrap(), 7 * MIB);
    first.restart().unwrap();
    assert_eq!(available(&fixture, 8 * MIB), 6 * MIB);
    drop(first);
    assert!(fixture.store.spool(36 * MIB).is_ok());
}

#[test]
fn the_real_disk_has_room_and_says_how_large_it_is() {
    let directory = tempfile::tempdir().unwrap();

    let space = crate::disk::space(directory.path()).unwrap();

    assert!(space.total > MIB && space.free <= space.total, "{space:?}");
}

#[test]
fn a_spool_is_read_as_content_while_it_is_kept_and_goes_when_dropped() {
    let fixture = Fixture::new();
    let mut spool = fixture.store.spool(11).unwrap();
    spool.write_all(b"rubbish").unwrap();
    spool.restart().unwrap();
    spool.write_all(b"hello ").unwrap();
    assert_eq!(spool.written(), 6);
    spool.write_all(b"world").unwrap();

    let content = spool.content();
    let read = || std::io::read_to_string(content.open().unwrap()).unwrap();
    assert_eq!((content.size(), read()), (11, "hello world".to_owned()));
    assert_eq!(read(), "hello world");
    assert_eq!(fixture.names(".sluice/spool").len(), 1);
    drop(spool);
    assert_eq!(fixture.names(".sluice/spool"), Vec::<String>::new());
}

#[test]
fn a_sealed_spool_becomes_the_artifact_without_a_copy() {
    let fixture = Fixture::new();
    let mut spool = fixture.store.spool(7).unwrap();
    spool.write_all(b"content").unwrap();
    let inode = fixture.inode(&format!(".sluice/spool/{}", fixture.names(".sluice/spool")[0]));

    let archive = fixture.store.seal(spool).unwrap();
    let published = fixture.store.publish_link(&key("app"), &digest_name('a'), &archive, || true).unwrap();
    drop(archive);

    assert_eq!(fixture.inode(&published.path), inode);
    assert_eq!((published.digest, published.size), (digest_of("content"), 7));
    assert_eq!(fixture.names(".sluice/spool"), Vec::<String>::new());
}

#[test]
fn a_sealed_spool_has_a_digest_of_the_store_s_algorithm() {
    let algorithm = crate::digest::Algorithm::Sha512;
    let fixture = Fixture::with(Settings { algorithm, ..Settings::default() });
    let spool = fixture.store.spool(0).unwrap();

    let archive = fixture.store.seal(spool).unwrap();

    assert_eq!(fixture.store.algorithm(), algorithm);
    assert_eq!(archive.digest(), &algorithm.digest_of(&b""[..]).unwrap());
}

#[test]
fn a_root_that_was_wiped_under_the_process_takes_spools_and_artifacts_again() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "content");
    for directory in [".sluice", "ocirepository"] {
        fs_err::remove_dir_all(fixture.path(directory)).unwrap();
    }

    let spool = fixture.store.spool(0).unwrap();
    let archive = fixture.store.seal(spool).unwrap();
    let published = fixture.store.publish_link(&key("app"), &digest_name('a'), &archive, || true).unwrap();

    assert_eq!(fs_err::read(fixture.path(&published.path)).unwrap(), b"");
}
