//! Which files are read, and when.

use std::path::Path;
use std::time::Instant;

use tempfile::TempDir;

use super::{Files, Look, SETTLE};
use crate::local::contents::Contents;

const QUIET: Look = Look { changed: false, again: None };
const READ: Look = Look { changed: true, again: None };
const RESTLESS: Look = Look { changed: false, again: Some(SETTLE) };

fn manifest(name: &str) -> String {
    format!("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: {name}\n---\n")
}

fn write(folder: &Path, name: &str, text: &str) {
    fs_err::write(folder.join(name), text).unwrap();
}

fn names(files: &Files) -> Vec<String> {
    let contents = Contents::of(files.contents());
    contents.repositories.keys().map(|key| key.name.to_string()).collect()
}

fn problems(files: &Files) -> Vec<String> {
    Contents::of(files.contents()).problems.iter().map(ToString::to_string).collect()
}

fn begun(folder: &Path) -> (Files, Instant) {
    let (mut files, now) = (Files::new(folder), Instant::now());
    files.first_look(now).unwrap();
    (files, now)
}

#[test]
fn the_first_look_reads_yaml_files_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    for name in ["a.yaml", "b.yml", "c.json", ".d.yaml", "e.yaml~", ".yaml", "f"] {
        write(folder.path(), name, &manifest(&name.replace(['.', '~'], "")));
    }
    fs_err::create_dir(folder.path().join("g.yaml")).unwrap();
    fs_err::os::unix::fs::symlink("f", folder.path().join("h.yaml")).unwrap();
    fs_err::os::unix::fs::symlink("nowhere", folder.path().join("i.yaml")).unwrap();

    let (files, _) = begun(folder.path());

    assert_eq!(names(&files), ["ayaml", "byml", "f"]);
}

#[test]
fn a_changed_file_is_read_once_it_has_come_to_rest() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.yaml", &manifest("one"));
    let (mut files, start) = begun(folder.path());
    assert_eq!(files.look(start).unwrap(), QUIET);

    write(folder.path(), "a.yaml", "");
    assert_eq!(files.look(start).unwrap(), RESTLESS);
    write(folder.path(), "a.yaml", &(manifest("one") + &manifest("two")));
    assert_eq!(files.look(start + SETTLE).unwrap(), RESTLESS);
    assert_eq!(names(&files), ["one"]);

    let half = Look { changed: false, again: Some(SETTLE / 2) };
    assert_eq!(files.look(start + SETTLE * 3 / 2).unwrap(), half);
    assert_eq!(files.look(start + SETTLE * 2).unwrap(), READ);
    assert_eq!(names(&files), ["one", "two"]);
    assert_eq!(files.look(start + SETTLE * 2).unwrap(), QUIET);
}

#[test]
fn a_file_that_is_gone_for_a_moment_is_not_gone() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.yaml", &manifest("one"));
    let (mut files, start) = begun(folder.path());

    fs_err::remove_file(folder.path().join("a.yaml")).unwrap();
    assert_eq!(files.look(start).unwrap(), RESTLESS);
    assert_eq!(names(&files), ["one"]);
    write(folder.path(), "a.yaml", &manifest("one"));
    files.look(start + SETTLE).unwrap();
    assert_eq!(names(&files), ["one"]);

    fs_err::remove_file(folder.path().join("a.yaml")).unwrap();
    files.look(start + SETTLE).unwrap();
    assert_eq!(files.look(start + SETTLE * 2).unwrap(), READ);
    assert!(names(&files).is_empty());
    assert_eq!(files.look(start + SETTLE * 2).unwrap(), QUIET);
}

#[test]
fn a_folder_that_is_gone_is_an_error_and_what_was_known_stays() {
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("manifests");
    fs_err::create_dir(&folder).unwrap();
    write(&folder, "a.yaml", &manifest("one"));
    let (mut files, start) = begun(&folder);

    fs_err::rename(&folder, outer.path().join("elsewhere")).unwrap();

    assert!(files.look(start + SETTLE).is_err());
    assert_eq!(names(&files), ["one"]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_its_objects_stay() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.yaml", &manifest("one"));
    write(folder.path(), "b.yaml", &manifest("two"));
    let (mut files, start) = begun(folder.path());

    fs_err::write(folder.path().join("a.yaml"), [0xff, 0xfe]).unwrap();
    write(folder.path(), "b.yaml", &"#".repeat((4 << 20) + 1));
    files.look(start).unwrap();
    files.look(start + SETTLE).unwrap();

    assert_eq!(names(&files), ["one", "two"]);
    assert_eq!(
        problems(&files),
        ["a.yaml:1: the file is not UTF-8 text", "b.yaml:1: the file has more than 4 MiB"]
    );
}

#[test]
fn while_a_part_does_not_parse_the_readable_parts_count_and_the_others_stay_as_they_were() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.yaml", &(manifest("one") + &manifest("two")));
    write(folder.path(), "b.yaml", &manifest("three"));
    let (mut files, start) = begun(folder.path());
    let mut edit = |text: &str, step: u32| {
        write(folder.path(), "a.yaml", text);
        files.look(start + SETTLE * step).unwrap();
        files.look(start + SETTLE * (step + 1)).unwrap();
        (names(&files), problems(&files))
    };

    let (names, problems) = edit(&(manifest("one") + "kind: [\n---\n" + &manifest("four")), 1);
    assert_eq!(names, ["four", "one", "three", "two"]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("a.yaml:6: "), "{problems:?}");

    let (names, problems) = edit(&manifest("four"), 3);
    assert_eq!((names, problems), (vec!["four".to_owned(), "three".to_owned()], Vec::new()));
}

#[test]
fn an_object_that_is_declared_twice_is_told_and_the_first_one_counts() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.yaml", &(manifest("one") + &manifest("one")));
    write(folder.path(), "b.yaml", &(String::from("# b\n") + &manifest("one")));

    let (files, _) = begun(folder.path());

    let contents = Contents::of(files.contents());
    let (_, declaration) = contents.repositories.first_key_value().unwrap();
    assert_eq!(declaration.file, "a.yaml");
    let expected = ["a.yaml:6", "b.yaml:2"];
    let expected = expected.map(|place| {
        format!(
            "{place}: the OCIRepository default/one is declared in a.yaml:1 already; this one is not used"
        )
    });
    assert_eq!(problems(&files), expected);
}

#[test]
fn a_file_that_is_replaced_by_another_of_the_same_size_and_time_is_read() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "a.yaml", &manifest("one"));
    let (mut files, start) = begun(folder.path());
    let time = fs_err::metadata(folder.path().join("a.yaml")).unwrap().modified().unwrap();

    write(folder.path(), "new", &manifest("two"));
    let file = std::fs::File::options().write(true).open(folder.path().join("new")).unwrap();
    file.set_modified(time).unwrap();
    fs_err::rename(folder.path().join("new"), folder.path().join("a.yaml")).unwrap();
    files.look(start).unwrap();
    files.look(start + SETTLE).unwrap();

    assert_eq!(names(&files), ["two"]);
}
