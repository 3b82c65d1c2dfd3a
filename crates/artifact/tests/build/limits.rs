//! Layers that ask for too much (D15), and callers that no longer want one.

use std::cell::Cell;
use std::io::{self, Write};

use artifact::digest::Algorithm;
use artifact::{Content, Error, LimitError, Limits, Operation, Recipe, Scratch, build};

use crate::layer::{files, gzip, layer, make, message};
use crate::tar_builder::TarBuilder;

fn refused(tar: TarBuilder, limits: Limits) -> LimitError {
    match make(&layer(tar), &Recipe::default(), &limits) {
        Err(Error::Limit(limit)) => limit,
        other => panic!("not refused by a limit: {other:?}"),
    }
}

fn accepted(tar: TarBuilder, limits: Limits) -> bool {
    make(&layer(tar), &Recipe::default(), &limits).is_ok()
}

#[test]
fn files_may_be_as_large_together_as_is_allowed_and_no_larger() {
    let limits = Limits { unpacked_bytes: Some(4096), ..Limits::default() };
    let tar = |second: usize| files(&[("a", &"a".repeat(4000)), ("b", &"b".repeat(second))]);

    assert!(accepted(tar(96), limits));
    assert_eq!(
        refused(tar(97), limits).to_string(),
        "tar \"b\" is bigger than max archive size of 4096 bytes"
    );
}

#[test]
fn one_file_may_fill_the_limit_and_not_exceed_it_by_a_byte() {
    let big = |size: usize| files(&[("big-file", &"x".repeat(size))]);
    for (size, limit) in [(256, 255), (1024, 512)] {
        let limits = |bytes: u64| Limits { unpacked_bytes: Some(bytes), ..Limits::default() };
        let text = format!("tar \"big-file\" is bigger than max archive size of {limit} bytes");

        assert_eq!(refused(big(size), limits(limit)).to_string(), text);
        assert!(accepted(big(size), limits(size as u64)));
        assert!(accepted(big(size), Limits::default()), "without a limit there is none");
    }
}

#[test]
fn a_file_is_refused_before_its_data_is_read() {
    let limits = Limits { unpacked_bytes: Some(4096), ..Limits::default() };
    let claims = TarBuilder::new().entry("a", b'0', 0o644, 1 << 32, "");

    assert!(matches!(refused(claims, limits), LimitError::Size { .. }));
}

#[test]
fn hard_links_count_as_the_files_that_they_become() {
    let limits = Limits { unpacked_bytes: Some(100), ..Limits::default() };
    let tar = |links: usize| {
        (0..links).fold(files(&[("a", "0123456789")]), |tar, link| tar.hard_link(&format!("l{link}"), "a"))
    };

    assert!(accepted(tar(9), limits));
    assert!(matches!(refused(tar(10), limits), LimitError::Size { .. }));
}

#[test]
fn a_layer_may_not_unpack_to_many_times_its_size() {
    let limits = Limits { harmless_bytes: 64 * 1024, ratio: 20, ..Limits::default() };
    let zeros = |length: usize| files(&[("a", &"\0".repeat(length))]);
    let hidden_in_a_link = TarBuilder::new().entry("g", b'g', 0o644, 1 << 20, "").data(&vec![0; 1 << 20]);
    let linked = (0..100)
        .fold(files(&[("a", &"a".repeat(4096))]), |tar, link| tar.hard_link(&format!("l{link}"), "a"));
    let sparse = [
        ("GNU.sparse.major", &b"0"[..]),
        ("GNU.sparse.minor", b"1"),
        ("GNU.sparse.numblocks", b"1"),
        ("GNU.sparse.map", b"4611686018427387904,0"),
        ("GNU.sparse.size", b"4611686018427387904"),
    ];
    let sparse = TarBuilder::new().records(b'x', &sparse).file("a", "");

    assert!(accepted(zeros(60 * 1024), limits));
    for bomb in [zeros(1 << 20), hidden_in_a_link, linked, sparse] {
        assert!(matches!(refused(bomb, limits), LimitError::Ratio { .. }));
    }
}

#[test]
fn the_fixed_limits_are_those_that_were_ruled() {
    let limits = Limits::default();

    assert_eq!(limits.unpacked_bytes, None);
    assert_eq!((limits.harmless_bytes, limits.ratio, limits.entries), (256 << 20, 200, 1_000_000));
}

#[test]
fn entries_are_counted_and_so_are_the_directories_that_names_imply() {
    let limits = Limits { entries: 6, ..Limits::default() };
    let six = || files(&[("a/b/c/d", ""), ("a/e", "")]);
    let repeated = |tar: TarBuilder, add: fn(TarBuilder) -> TarBuilder| (0..7).fold(tar, |tar, _| add(tar));

    assert!(accepted(six().symbolic_link("l", "a"), limits));
    let one_more = six().symbolic_link("l", "a").file("f", "");
    let directories = repeated(TarBuilder::new(), |tar| tar.directory("a"));
    let same_file = repeated(TarBuilder::new(), |tar| tar.file("a", ""));
    let links = repeated(TarBuilder::new(), |tar| tar.symbolic_link("a", "b"));
    let deep = files(&[("1/2/3/4/5/6/7", "")]);
    for tar in [one_more, directories, same_file, links, deep] {
        assert_eq!(refused(tar, limits), LimitError::Entries(6));
    }
}

#[test]
fn names_are_bounded_one_by_one_and_together() {
    let long = format!("{}/{}", "a".repeat(255), "b/".repeat(1920));
    let limits = Limits { names_bytes: 100, ..Limits::default() };

    assert!(accepted(files(&[(long.trim_end_matches('/'), "")]), Limits::default()));
    assert_eq!(refused(files(&[(&format!("{long}c"), "")]), Limits::default()), LimitError::Name(4096));
    assert_eq!(refused(files(&[(&"c".repeat(256), "")]), Limits::default()), LimitError::Name(255));
    assert!(accepted(files(&[(&"c".repeat(100), "")]), limits));
    assert_eq!(refused(files(&[(&"c".repeat(100), ""), ("d", "")]), limits), LimitError::Names(100));
}

#[test]
fn ignore_files_are_bounded() {
    let tree = || layer(files(&[(".sourceignore", "0123456\n"), ("a/.sourceignore", "012\n")]));
    let made = |limits: Limits| make(&tree(), &Recipe::default(), &limits);
    let too_many_bytes = made(Limits { rules_bytes: 11, ..Limits::default() }).unwrap_err();

    assert_eq!(message(&too_many_bytes), "ignore rules are too large: more than 11 bytes");
    assert!(made(Limits { rules_bytes: 12, ..Limits::default() }).is_ok());
}

fn cancelled_after(questions: u32, content: &Content, operation: Operation) -> Result<u64, Error> {
    let asked = Cell::new(0);
    let cancelled = || asked.replace(asked.get() + 1) >= questions;
    let recipe = Recipe { operation, ..Recipe::default() };
    let scratch = tempfile::tempdir().unwrap();
    let mut out = io::sink();
    let built = build(
        content,
        &recipe,
        &Limits::default(),
        Algorithm::Sha256,
        &Scratch::new(scratch.path()),
        &cancelled,
        &mut out,
    );
    built.map(|built| built.size)
}

#[test]
fn a_build_ends_wherever_it_is_cancelled() {
    let tree = layer(files(&[("a", &"a".repeat(300_000)), ("b", "b"), ("c/d", "d")]));
    let empty_members = Content::memory(gzip(b"").repeat(50_000));

    for content in [&tree, &empty_members] {
        for questions in 0..6 {
            assert!(matches!(cancelled_after(questions, content, Operation::Extract), Err(Error::Cancelled)));
        }
    }
    assert!(matches!(cancelled_after(0, &tree, Operation::Copy), Err(Error::Cancelled)));
    assert!(cancelled_after(u32::MAX, &tree, Operation::Extract).is_ok());
}

#[test]
fn a_build_asks_at_every_entry_twice_and_at_every_block_of_data() {
    let questions = |tar: TarBuilder| {
        let asked = Cell::new(0);
        let cancelled = || asked.replace(asked.get() + 1) == u32::MAX;
        let (recipe, limits) = (Recipe::default(), Limits::default());
        let mut out = io::sink();
        let scratch = tempfile::tempdir().unwrap();
        build(
            &layer(tar),
            &recipe,
            &limits,
            Algorithm::Sha256,
            &Scratch::new(scratch.path()),
            &cancelled,
            &mut out,
        )
        .unwrap();
        asked.get()
    };
    let directories = (0..100).fold(TarBuilder::new(), |tar, number| tar.directory(&format!("d{number}")));
    let zeros = files(&[("a", &"\0".repeat(4 << 20))]);

    assert!(questions(directories) >= 200);
    assert!(questions(zeros) >= 32);
}

#[test]
fn a_disk_that_is_full_is_no_fault_of_the_layer() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let tree = layer(files(&[("a", "a")]));
    for operation in [Operation::Extract, Operation::Copy] {
        let recipe = Recipe { operation, ..Recipe::default() };
        let error = build(
            &tree,
            &recipe,
            &Limits::default(),
            Algorithm::Sha256,
            &Scratch::new(scratch.path()),
            &|| false,
            &mut Full,
        )
        .unwrap_err();

        assert!(matches!(error, Error::Write { .. }));
        assert_eq!(message(&error), "failed to write archive: no space left on device");
    }

    let large = layer(files(&[("a", &"0123456789".repeat(1_000_000))]));
    let nowhere = Scratch::new(scratch.path().join("missing"));
    let recipe = Recipe::default();
    let error =
        build(&large, &recipe, &Limits::default(), Algorithm::Sha256, &nowhere, &|| false, &mut io::sink())
            .unwrap_err();
    assert!(matches!(error, Error::Write { what: "contents of the layer", .. }));
}
