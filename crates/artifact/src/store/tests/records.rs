//! The memory per object that outlives the process (D45).

use std::io::Write;
use std::os::unix::fs::MetadataExt;

use super::{Fixture, key};
use crate::store::Record;
use crate::store::records::SLACK;

const RECORDS: &str = ".sluice/records";

fn record(platform: &str) -> Record {
    Record {
        uid: "1-2-3".to_owned(),
        generation: 7,
        platform: Some(platform.to_owned()),
        fields: ["ref.branch".to_owned()].into(),
        ..Record::default()
    }
}

fn size(fixture: &Fixture) -> u64 {
    fs_err::metadata(fixture.path(RECORDS)).unwrap().len()
}

fn append(fixture: &Fixture, bytes: &[u8]) {
    let mut file = fs_err::OpenOptions::new().append(true).open(fixture.path(RECORDS)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn the_last_record_of_an_object_is_read_back_after_a_restart() {
    let fixture = Fixture::new();
    assert_eq!(fixture.store.record(&key("app")), None);
    fixture.store.set_record(&key("app"), record("linux/arm64")).unwrap();
    fixture.store.set_record(&key("app"), record("linux/amd64")).unwrap();
    fixture.store.set_record(&key("other"), record("linux/arm64")).unwrap();

    let fixture = fixture.reopened();

    assert_eq!(fixture.store.record(&key("app")), Some(record("linux/amd64")));
    assert_eq!(fixture.store.inspect(&key("other"), None).unwrap().record, Some(record("linux/arm64")));
}

#[test]
fn an_equal_record_writes_nothing() {
    let fixture = Fixture::new();
    fixture.store.set_record(&key("app"), record("linux/arm64")).unwrap();
    let before = size(&fixture);

    fixture.store.set_record(&key("app"), record("linux/arm64")).unwrap();

    assert_eq!(size(&fixture), before);
}

#[test]
fn a_torn_last_line_is_ignored_and_spoils_no_later_one() {
    let fixture = Fixture::new();
    fixture.store.set_record(&key("app"), record("linux/arm64")).unwrap();
    append(&fixture, br#"{"namespace":"team","name":"torn","rec"#);

    let fixture = fixture.reopened();
    fixture.store.set_record(&key("later"), record("linux/amd64")).unwrap();
    let fixture = fixture.reopened();

    assert_eq!(fixture.store.record(&key("app")), Some(record("linux/arm64")));
    assert_eq!(fixture.store.record(&key("torn")), None);
    assert_eq!(fixture.store.record(&key("later")), Some(record("linux/amd64")));
}

#[test]
fn a_start_writes_the_file_anew_only_where_it_must() {
    let inode = |fixture: &Fixture| fs_err::metadata(fixture.path(RECORDS)).unwrap().ino();
    let fixture = Fixture::new();
    for number in 0..10 {
        fixture.store.set_record(&key("app"), record(&number.to_string())).unwrap();
    }
    let before = inode(&fixture);

    let fixture = fixture.reopened();
    fixture.store.set_record(&key("other"), record("linux/arm64")).unwrap();
    let fixture = fixture.reopened();
    assert_eq!(inode(&fixture), before);
    assert_eq!(fixture.store.record(&key("app")), Some(record("9")));
    assert_eq!(fixture.store.record(&key("other")), Some(record("linux/arm64")));

    let line = fs_err::read(fixture.path(RECORDS)).unwrap();
    let last = line.split_inclusive(|byte| *byte == b'\n').next_back().unwrap();
    append(&fixture, &last.repeat(usize::try_from(SLACK).unwrap() / last.len() + 10));
    let fixture = fixture.reopened();
    assert_ne!(inode(&fixture), before, "it had doubled");
    assert!(size(&fixture) < 1_000);

    let before = inode(&fixture);
    append(&fixture, last.strip_suffix(b"\n").unwrap());
    assert_ne!(inode(&fixture.reopened()), before, "the next line would be glued to this one");
}

#[test]
fn lines_that_are_no_records_are_passed_over() {
    let fixture = Fixture::new();
    append(&fixture, b"\n\xff\xfe\n[]\n{\"namespace\":\"..\",\"name\":\"app\",\"record\":{}}\n");
    append(&fixture, b"{\"namespace\":\"team\",\"name\":\"app\",\"record\":{\"uid\":\"u\",\"later\":1}}\n");

    let fixture = fixture.reopened();

    assert_eq!(fixture.store.record(&key("app")).unwrap().uid, "u");
}

#[test]
fn the_file_stays_in_proportion_to_what_it_holds() {
    let fixture = Fixture::new();
    let long = "linux/".repeat(100);
    let mut most = 0;

    for number in 0..2_000 {
        fixture.store.set_record(&key("app"), record(&format!("{long}{number}"))).unwrap();
        most = most.max(size(&fixture));
    }

    assert!(most > SLACK / 2, "{most}");
    assert!(most < 2 * SLACK, "{most}");
    assert_eq!(fixture.reopened().store.record(&key("app")), Some(record(&format!("{long}1999"))));
}

#[test]
fn records_that_cannot_be_written_hold_for_the_process_and_are_written_later() {
    let fixture = Fixture::new();
    fs_err::create_dir_all(fixture.path(".sluice/records.tmp/full")).unwrap();
    let large = record(&"x".repeat(usize::try_from(SLACK).unwrap()));

    fixture.store.set_record(&key("app"), large.clone()).unwrap_err();
    assert_eq!(fixture.store.record(&key("app")), Some(large.clone()));
    fs_err::remove_dir_all(fixture.path(".sluice/records.tmp")).unwrap();
    fixture.store.set_record(&key("other"), record("linux/arm64")).unwrap();

    let fixture = fixture.reopened();
    assert_eq!(fixture.store.record(&key("app")), Some(large));
    assert_eq!(fixture.store.record(&key("other")), Some(record("linux/arm64")));
}

#[test]
fn a_line_that_may_be_torn_is_followed_by_none() {
    let fixture = Fixture::new();
    let read_only = fs_err::File::open(fixture.path(RECORDS)).unwrap();
    fixture.store.records.lock().unwrap().file = Some(read_only);

    fixture.store.set_record(&key("app"), record("linux/arm64")).unwrap_err();
    append(&fixture, b"half a line");
    fixture.store.set_record(&key("other"), record("linux/amd64")).unwrap();

    assert!(!fs_err::read_to_string(fixture.path(RECORDS)).unwrap().contains("half"));
    let fixture = fixture.reopened();
    assert_eq!(fixture.store.record(&key("app")), Some(record("linux/arm64")));
    assert_eq!(fixture.store.record(&key("other")), Some(record("linux/amd64")));
}

#[test]
fn what_was_superseded_survives_a_new_record() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "1");
    fixture.publish(&key("app"), 'b', "2");
    let before = fixture.store.entry(&key("app")).superseded;

    fixture.store.set_record(&key("app"), record("linux/arm64")).unwrap();

    assert_eq!(before.len(), 1);
    assert_eq!(fixture.reopened().store.entry(&key("app")).superseded, before);
}

#[test]
fn a_publication_appends_one_line() {
    let fixture = Fixture::new();
    for revision in ['a', 'b'] {
        fixture.publish(&key("app"), revision, "content");
    }

    let lines = fs_err::read_to_string(fixture.path(RECORDS)).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
}
