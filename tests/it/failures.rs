//! The inventory of failures, `tests/failures.txt`, against the tests that it names and the reasons in the code.

use std::collections::BTreeSet;

use crate::architecture::{files, read, root};

/// Where failures are made.
const MADE_IN: [&str; 5] = [
    "actors/src/failure.rs",
    "actors/src/translate.rs",
    "actors/src/cluster.rs",
    "actors/src/repository/making.rs",
    "crates/reconcile/src/failure.rs",
];
const CONDITIONS: [&str; 4] = ["-", "FetchFailed", "StorageOperationFailed", "SourceVerified"];
const NEXT: [&str; 4] = ["retry", "stall", "park", "silence"];

/// One row: what fails, and its lines.
struct Row {
    what: String,
    told: Vec<String>,
    cases: Vec<String>,
    tests: Vec<String>,
}

fn rows() -> Vec<Row> {
    let text = read(&root().join("tests/failures.txt"));
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(detail) = line.strip_prefix("  ") else {
            let what = line.to_owned();
            rows.push(Row { what, told: Vec::new(), cases: Vec::new(), tests: Vec::new() });
            continue;
        };
        let row = rows.last_mut().expect("a row begins with what fails");
        match detail.split(' ').collect::<Vec<_>>()[..] {
            ["case", name] => row.cases.push(name.to_owned()),
            ["test", name] => row.tests.push(name.to_owned()),
            [condition, reason, next] if row.told.is_empty() => {
                row.told = [condition, reason, next].map(str::to_owned).to_vec();
            }
            _ => panic!("{}: cannot be read: {line}", row.what),
        }
    }
    rows
}

/// The names of all functions in Rust files below these folders.
fn functions(folders: &[&str]) -> BTreeSet<String> {
    let sources = folders.iter().flat_map(|folder| files(&root().join(folder), &["rs"]));
    let mut names = BTreeSet::new();
    for source in sources {
        for rest in read(&source).split("fn ").skip(1) {
            let end =
                rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            names.insert(rest[..end].to_owned());
        }
    }
    names
}

#[test]
fn every_failure_is_told_in_known_words_and_held_by_tests_that_exist() {
    let conformance = read(&root().join("tests/conformance.txt"));
    let conformance: BTreeSet<&str> = conformance.lines().collect();
    let functions = functions(&["actors", "crates", "tests/cluster"]);
    let mut faults = Vec::new();
    for Row { what, told, cases, tests } in rows() {
        let is_known = match &told[..] {
            [condition, _, next] => CONDITIONS.contains(&&**condition) && NEXT.contains(&&**next),
            _ => false,
        };
        if !is_known {
            faults.push(format!("{what}: what is told of it? {told:?}"));
        }
        if tests.is_empty() && cases.is_empty() {
            faults.push(format!("{what}: nothing holds it"));
        }
        let strays = tests.iter().filter(|test| !functions.contains(*test));
        faults.extend(strays.map(|test| format!("{what}: there is no test {test}")));
        let strays = cases.iter().filter(|case| !conformance.contains(case.as_str()));
        faults.extend(strays.map(|case| format!("{what}: {case} need not pass")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_reasons_of_failures_are_those_that_the_code_gives() {
    let mut given = BTreeSet::new();
    for file in MADE_IN {
        for rest in read(&root().join(file)).split("Reason::").skip(1) {
            let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
            given.insert(rest[..end].to_owned());
        }
    }
    let told: BTreeSet<String> = rows().into_iter().filter_map(|row| row.told.get(1).cloned()).collect();

    assert!(given.len() > 10, "the search finds too few reasons: {given:?}");
    assert_eq!(told, given);
}
