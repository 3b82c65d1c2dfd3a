//! `tests/inventory.md`: every test that it names is there and runs, and no row of upstream's is left out.

use std::path::Path;

use crate::architecture::{files, read, root};

/// The sections of the inventory and how many rows of upstream's each has: the rows of the specification's tables in s. 9,
/// and where it has sentences the cases that they name.
const SECTIONS: [(&str, usize); 19] = [
    // deletion 1, lives 2, media types 3, certificates 3, proxies 2, address 1, gate 1
    ("9.1 The controller as a whole", 13),
    ("9.2 Authentication", 13),
    ("9.3 References", 9),
    ("9.5 Passes without news", 7),
    ("9.6 Storing an artifact", 9),
    ("9.6 What a reference is", 8),
    ("9.6 Looking at the storage", 6),
    ("9.6 Deletion", 1),
    ("9.6 Telling of a pass", 6),
    ("9.6 What an artifact is made with", 7),
    // roots 3, new artifact 1, URLs 5, existence 4, digests 5, archives 5, copies 1 + 1, removals 2 + 2 + 2, paths 3 + 2
    ("9.7 The store", 36),
    // the table 6, collecting 2
    ("9.7 Retention", 8),
    // flags 8, advertised addresses 6
    ("9.7 The command line", 14),
    // algorithms 6, vectors 3
    ("9.7 Digests", 9),
    ("9.7 The file server", 5),
    // reading 3, files 3, version control 2, defaults 2, loading 1, vectors 1, matcher 1
    ("9.8 Ignore rules", 13),
    // places 2, names 1, sizes 3, targets 4, modes 1, fuzzing 1, links 2, filters 1
    ("9.8 Unpacking", 15),
    // versions 2, order 1, ranges 4, errors 1, parsed 1, rewritten 1
    ("9.9 Versions and ranges", 10),
    // six commands, and the flags of one
    ("9.12 The flux command line", 7),
];
/// How a row begins that is none of ours, and how much of a reason has to follow.
const NOT_OURS: &str = "not ours: ";
const SHORTEST_REASON: usize = 10;

/// One row: what upstream tests, and what holds it here.
struct Row {
    upstream: String,
    held_by: String,
}

fn inventory() -> Vec<(String, Vec<Row>)> {
    let text = read(&root().join("tests/inventory.md"));
    let sections = text.split("\n## ").skip(1);
    let parsed = sections.map(|section| {
        let (title, body) = section.split_once('\n').expect("a section has a body");
        let lines = body.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        let rows = lines.skip(1).map(|line| {
            let cells: Vec<_> = line.split(" | ").collect();
            let [upstream, held_by] = cells[..] else { panic!("not two cells: {line}") };
            Row { upstream: upstream.to_owned(), held_by: held_by.to_owned() }
        });
        (title.to_owned(), rows.collect())
    });
    parsed.collect()
}

/// The tests and cases that a text names.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.contains("::") || word.starts_with("conformance:"))
}

/// Why a reference names nothing that runs.
fn fault(reference: &str) -> Option<&'static str> {
    if let Some(case) = reference.strip_prefix("conformance:") {
        let listed = read(&root().join("tests/conformance.txt"));
        return (!listed.lines().any(|line| line == case)).then_some("the case is not listed");
    }
    let Some((file, name)) = reference.split_once("::") else {
        return Some("it is neither a case nor a test");
    };
    let path = root().join(file);
    if !path.is_file() {
        return Some("there is no such file");
    }
    let text = read(&path);
    let Some(attributes) = attributes(&text, name) else {
        return Some("there is no such function");
    };
    let is_trial = file.starts_with("tests/cluster/") && text.contains(&format!("bench.trial({name})"));
    if !is_trial && !attributes.iter().any(|line| line.ends_with("test]") || line.contains("test(")) {
        return Some("the function is no test");
    }
    if attributes.iter().any(|line| line.starts_with("#[ignore") || line.starts_with("#[cfg(")) {
        return Some("the test does not always run");
    }
    (!is_compiled(&path)).then_some("no module declares its file")
}

/// What stands right before a function, if there is one of this name.
fn attributes<'a>(text: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        let function = line.trim_start_matches("async ").strip_prefix("fn ");
        function.is_some_and(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    };
    let at = lines.iter().position(|line| is_it(line))?;
    let before = lines[..at].iter().rev();
    Some(before.take_while(|line| line.starts_with("#[") || line.starts_with("//")).copied().collect())
}

/// Whether a file is a test program or crate by itself, or the module that a file beside or above it declares.
fn is_compiled(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(root());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if matches!(&*stem, "main" | "lib") || folder.join("../Cargo.toml").is_file() && folder.ends_with("tests")
    {
        return true;
    }
    let (module, folder) = match &*stem {
        "mod" => {
            (folder.file_name().unwrap_or_default().to_string_lossy(), folder.parent().unwrap_or(root()))
        }
        _ => (stem, folder),
    };
    let declaration = format!("mod {module};");
    let around =
        [Some(folder), folder.parent()].into_iter().flatten().flat_map(|folder| files(folder, &["rs"]));
    around.into_iter().any(|path| read(&path).lines().any(|line| line.trim().ends_with(&declaration)))
}

#[test]
fn no_row_of_upstreams_is_left_out() {
    let inventory = inventory();
    let counted: Vec<_> = inventory.iter().map(|(title, rows)| (title.as_str(), rows.len())).collect();

    assert_eq!(counted, SECTIONS);
    for (title, rows) in &inventory {
        let mut names: Vec<_> = rows.iter().map(|row| &row.upstream).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), rows.len(), "{title} has a row twice");
    }
}

#[test]
fn every_row_is_held_by_a_test_or_says_why_it_is_not_ours() {
    for (title, rows) in inventory() {
        for Row { upstream, held_by } in rows {
            let reason = held_by.strip_prefix(NOT_OURS).map(str::trim);

            let is_explained = reason.is_some_and(|reason| reason.len() >= SHORTEST_REASON);
            let is_held = reason.is_none() && references(&held_by).next().is_some();
            assert!(is_explained || is_held, "{title}: {upstream}");
        }
    }
}

#[test]
fn every_test_that_the_inventory_names_is_there_and_runs() {
    let text = read(&root().join("tests/inventory.md"));
    let (_, tables) = text.split_once("\n## ").expect("there are sections");
    let mut named: Vec<_> = references(tables).collect();
    named.sort_unstable();
    named.dedup();
    assert!(named.len() > 100, "only {} references are found", named.len());

    let faults: Vec<_> = named.iter().filter_map(|reference| Some((reference, fault(reference)?))).collect();

    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_is_not_there_or_does_not_run_is_noticed() {
    for (reference, expected) in [
        ("conformance:no-such-case", "the case is not listed"),
        ("tests/it/nowhere.rs::a_test", "there is no such file"),
        ("tests/it/inventory.rs::no_row", "there is no such function"),
        ("tests/it/inventory.rs::references", "the function is no test"),
        ("crates/artifact/tests/killed.rs::publishing_without_end", "the test does not always run"),
    ] {
        assert_eq!(fault(reference), Some(expected), "{reference}");
    }
    assert_eq!(fault("tests/it/inventory.rs::no_row_of_upstreams_is_left_out"), None);
}
