//! Which superseded files go: the table of spec 9.7 and the conformance cases `gc-*`, with D31.

use std::time::Duration;

use super::{Fixture, key, recorded};
use crate::store::retention::{Former, surplus};
use crate::store::{Recorded, Settings};

fn ages(seconds: &[f64]) -> Vec<Former> {
    let file = |(index, age): (usize, &f64)| Former {
        file: (index + 1).to_string(),
        age: Duration::from_secs_f64(*age),
    };
    seconds.iter().enumerate().map(file).collect()
}

fn collected(former: &[f64], ttl: f64, records: usize) -> String {
    surplus(ages(former), 1, Duration::from_secs_f64(ttl), records).concat()
}

#[test]
fn the_table_of_the_specification_holds() {
    assert_eq!(collected(&[4.0, 3.0, 2.0, 1.0], 120.0, 2), "123");
    assert_eq!(collected(&[5.0, 4.0, 3.0, 2.0], 3.5, 4), "12");
    assert_eq!(collected(&[6.0, 5.0, 4.0, 3.0, 2.0], 5.5, 4), "12");
    assert_eq!(collected(&[3.0, 2.5, 2.0, 1.5, 1.0], 0.5, 2), "12345");
}

#[test]
fn the_current_artifact_counts_as_one_of_the_records() {
    let former = ages(&[2.0, 1.0]);

    assert_eq!(surplus(former.clone(), 1, Duration::MAX, 2).len(), 1);
    assert_eq!(surplus(former.clone(), 0, Duration::MAX, 2).len(), 0);
    assert_eq!(surplus(former, 1, Duration::MAX, 0).len(), 2);
}

#[test]
fn the_oldest_go_first_however_they_are_named() {
    assert_eq!(collected(&[1.0, 9.0, 5.0], 120.0, 2), "23");
}

fn settings(seconds: u64, records: usize) -> Settings {
    Settings {
        retention_ttl: Duration::from_secs(seconds),
        retention_records: records,
        ..Settings::default()
    }
}

fn files(fixture: &Fixture) -> String {
    let names = fixture.names("ocirepository/team/app");
    names.iter().filter_map(|name| name.strip_prefix("sha256:")?.chars().next()).collect()
}

#[test]
fn latest_leads_to_the_recorded_artifact_when_a_later_one_that_nobody_recorded_goes() {
    let fixture = Fixture::with(settings(60, 1));
    let one = fixture.publish(&key("app"), 'a', "1");
    fixture.publish(&key("app"), 'b', "2");

    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&one))).unwrap();

    assert_eq!((stock.collected.unwrap(), files(&fixture)), (1, "a".to_owned()));
    let latest = fixture.path("ocirepository/team/app/latest.tar.gz");
    assert_eq!(fs_err::read_link(latest).unwrap(), fixture.path(&one.path));
}

#[test]
fn the_previous_artifact_stays_with_the_defaults_until_it_is_a_minute_old() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "1");
    fixture.passes(Duration::from_hours(1));
    let current = recorded(&fixture.publish(&key("app"), 'b', "2"));

    fixture.passes(Duration::from_mins(1));
    assert_eq!(fixture.store.inspect(&key("app"), Some(&current)).unwrap().collected.unwrap(), 0);
    assert_eq!(files(&fixture), "ab");

    fixture.passes(Duration::from_secs(1));
    assert_eq!(fixture.store.inspect(&key("app"), Some(&current)).unwrap().collected.unwrap(), 1);
    assert_eq!(files(&fixture), "b");
}

#[test]
fn three_revisions_in_a_row_leave_one_with_one_record_and_a_short_ttl() {
    let fixture = Fixture::with(settings(1, 1));
    let pause = Duration::from_millis(1500);
    let inspect = |current| fixture.store.inspect(&key("app"), Some(&current)).unwrap().collected.unwrap();

    let first = recorded(&fixture.publish(&key("app"), 'a', "1"));
    fixture.passes(pause);
    assert_eq!(inspect(first), 0);
    let second = recorded(&fixture.publish(&key("app"), 'b', "2"));
    assert_eq!(files(&fixture), "ab");
    fixture.passes(pause);
    assert_eq!(inspect(second), 1);
    let third = recorded(&fixture.publish(&key("app"), 'c', "3"));
    assert_eq!(files(&fixture), "bc");
    assert_eq!(inspect(third), 1);
    assert_eq!(files(&fixture), "c");
}

#[test]
fn what_the_cluster_still_shows_stays_and_grows_old_only_afterwards() {
    let fixture = Fixture::new();
    let shown = fixture.publish(&key("app"), 'a', "1").path;
    let current = recorded(&fixture.publish(&key("app"), 'b', "2"));
    let unwritten = Recorded { shown: Some(shown), ..current.clone() };
    let collected = |at| fixture.store.inspect(&key("app"), Some(at)).unwrap().collected.unwrap();

    fixture.passes(Duration::from_hours(1));
    assert_eq!(collected(&unwritten), 0);
    assert_eq!(collected(&current), 0);
    fixture.passes(Duration::from_secs(61));
    assert_eq!(collected(&current), 1);
    assert_eq!(files(&fixture), "b");
}

#[test]
fn only_the_number_of_records_counts_with_a_long_ttl() {
    let fixture = Fixture::with(settings(3600, 2));
    let mut current = None;
    for revision in ['a', 'b', 'c', 'd'] {
        fixture.passes(Duration::from_millis(300));
        fixture.store.inspect(&key("app"), current.as_ref()).unwrap();
        current = Some(recorded(&fixture.publish(&key("app"), revision, &revision.to_string())));
    }
    assert_eq!(files(&fixture), "bcd");

    let stock = fixture.store.inspect(&key("app"), current.as_ref()).unwrap();

    assert_eq!(stock.collected.unwrap(), 1);
    assert_eq!(files(&fixture), "cd");
}

#[test]
fn locks_go_with_their_artifact_and_only_then() {
    let fixture = Fixture::with(settings(1, 1));
    let first = fixture.publish(&key("app"), 'a', "1");
    let second = fixture.publish(&key("app"), 'b', "2");
    for published in [&first, &second] {
        fs_err::write(fixture.path(&format!("{}.lock", published.path)), "").unwrap();
    }

    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&second))).unwrap();

    assert_eq!(stock.collected.unwrap(), 1);
    assert!(!fixture.path(&format!("{}.lock", first.path)).exists());
    assert!(fixture.path(&format!("{}.lock", second.path)).exists());
}

#[test]
fn lock_files_count_for_nothing_and_go_with_theirs() {
    for (revisions, locked, seconds, collected, left) in
        [("abcde", "abc", 120, 3, "de"), ("abcd", "ab", 2, 2, "cd")]
    {
        let fixture = Fixture::with(settings(seconds, 2));
        let mut current = None;
        for revision in revisions.chars() {
            fixture.passes(Duration::from_secs(1));
            let published = fixture.publish(&key("app"), revision, &revision.to_string());
            if locked.contains(revision) {
                fs_err::write(fixture.path(&format!("{}.lock", published.path)), "").unwrap();
            }
            current = Some(recorded(&published));
        }

        let stock = fixture.store.inspect(&key("app"), current.as_ref()).unwrap();

        assert_eq!(stock.collected.unwrap(), collected);
        assert_eq!(files(&fixture), left);
        assert_eq!(
            fixture.names("ocirepository/team/app").len(),
            left.len() + 1,
            "only the link is beside them"
        );
    }
}

#[test]
fn a_revision_that_comes_back_is_current_and_not_superseded() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "1");
    fixture.publish(&key("app"), 'b', "2");
    fixture.passes(Duration::from_secs(59));
    let current = recorded(&fixture.publish(&key("app"), 'a', "1"));

    fixture.passes(Duration::from_secs(59));
    let stock = fixture.store.inspect(&key("app"), Some(&current)).unwrap();

    assert_eq!(stock.collected.unwrap(), 0);
    assert_eq!(files(&fixture), "ab");
}

/// Puts a file of 1970 into the object's directory.
fn old(fixture: &Fixture, name: &str) -> std::path::PathBuf {
    let path = fixture.path(&format!("ocirepository/team/app/{name}"));
    fs_err::write(&path, "old").unwrap();
    let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    path
}

#[test]
fn an_old_artifact_of_upstream_counts_from_when_it_is_first_seen() {
    let fixture = Fixture::new();
    let current = recorded(&fixture.publish(&key("app"), 'b', "2"));
    let former = old(&fixture, "sha256:aa.tar.gz");
    let collected = || fixture.store.inspect(&key("app"), Some(&current)).unwrap().collected.unwrap();

    assert_eq!(collected(), 0);
    fixture.passes(Duration::from_secs(61));
    assert_eq!(collected(), 1);
    assert!(!former.exists());
}

#[test]
fn a_stray_counts_from_when_it_was_written() {
    let fixture = Fixture::new();
    let current = recorded(&fixture.publish(&key("app"), 'b', "2"));
    let strays = ["sha256:aa.tar.gz1234", "notes.txt"].map(|name| old(&fixture, name));

    let stock = fixture.store.inspect(&key("app"), Some(&current)).unwrap();

    assert_eq!(stock.collected.unwrap(), 2);
    assert!(!strays.iter().any(|stray| stray.exists()));
}

#[test]
fn a_revision_that_goes_again_is_superseded_since_then() {
    let fixture = Fixture::new();
    for revision in ['a', 'b', 'a'] {
        fixture.publish(&key("app"), revision, "1");
        fixture.passes(Duration::from_secs(50));
    }
    let current = recorded(&fixture.publish(&key("app"), 'b', "2"));

    fixture.passes(Duration::from_secs(50));
    assert_eq!(fixture.store.inspect(&key("app"), Some(&current)).unwrap().collected.unwrap(), 0);
    assert_eq!(files(&fixture), "ab");
}

#[test]
fn when_a_file_was_superseded_is_remembered_across_a_restart() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "1");
    let current = recorded(&fixture.publish(&key("app"), 'b', "2"));
    fixture.passes(Duration::from_secs(61));

    let fixture = fixture.reopened();
    let stock = fixture.store.inspect(&key("app"), Some(&current)).unwrap();

    assert_eq!(stock.collected.unwrap(), 1);
}

#[test]
fn a_clock_that_was_set_back_does_not_keep_a_file_for_ever() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "1");
    let current = recorded(&fixture.publish(&key("app"), 'b', "2"));
    *fixture.host.now.lock().unwrap() -= Duration::from_secs(500_000);
    let collected = || fixture.store.inspect(&key("app"), Some(&current)).unwrap().collected.unwrap();

    assert_eq!(collected(), 0);
    fixture.passes(Duration::from_secs(61));
    assert_eq!(collected(), 1);
}

#[test]
fn the_link_to_the_current_artifact_stays_when_superseded_ones_go() {
    let fixture = Fixture::with(settings(1, 1));
    fixture.publish(&key("app"), 'a', "1");
    fixture.publish(&key("app"), 'b', "2");
    let current = fixture.publish(&key("app"), 'c', "3");

    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&current))).unwrap();

    assert_eq!(stock.collected.unwrap(), 2);
    assert_eq!(files(&fixture), "c");
    let link = fixture.path(&key("app").latest_path());
    assert_eq!(fs_err::read_link(&link).unwrap(), fixture.path(&current.path));
    assert_eq!(fs_err::read(link).unwrap(), b"3");
}

#[test]
fn a_directory_with_one_artifact_is_listed_again_once_it_has_changed() {
    let fixture = Fixture::with(settings(60, 1));
    let current = recorded(&fixture.publish(&key("app"), 'a', "1"));
    let collected = || fixture.store.inspect(&key("app"), Some(&current)).unwrap().collected.unwrap();
    assert_eq!(collected(), 0);
    let directory = fs_err::File::open(fixture.path("ocirepository/team/app")).unwrap();
    let before = directory.metadata().unwrap().modified().unwrap();

    fs_err::write(fixture.path(&format!("ocirepository/team/app/sha256:{}.tar.gz", "b".repeat(64))), "2")
        .unwrap();
    directory.file().set_modified(before).unwrap();
    assert_eq!((collected(), files(&fixture)), (0, "ab".to_owned()));

    directory.file().set_modified(before + Duration::from_secs(1)).unwrap();
    assert_eq!((collected(), files(&fixture)), (1, "a".to_owned()));
}
