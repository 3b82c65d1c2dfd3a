//! Layers that were made to do harm (spec 5.3, D9).

use artifact::{Error, LayerError};

use crate::layer::{extract, files, layer, refusal};
use crate::tar_builder::TarBuilder;

#[test]
fn names_that_lead_out_of_the_tree_are_refused_as_upstream_words_it() {
    let cases = [
        ("../evil.txt", r#""../evil.txt""#),
        ("../abc/file", r#""../abc/file""#),
        ("../../../../../tmp/test", r#""../../../../../tmp/test""#),
        ("/srv/evil.txt", r#""/srv/evil.txt""#),
        ("a\\b.txt", r#""a\\b.txt""#),
        ("a/../../b", r#""a/../../b""#),
        ("..", r#""..""#),
        ("a/..", r#""a/..""#),
        ("", r#""""#),
    ];
    for (name, quoted) in cases {
        let expected = format!("tar contained invalid name error {quoted}");
        let before = files(&[("ok.txt", "o")]);
        assert_eq!(refusal(&layer(before.file(name, "e"))), expected);
        assert_eq!(refusal(&layer(TarBuilder::new().directory(name))), expected);
        assert_eq!(refusal(&layer(TarBuilder::new().symbolic_link(name, "a"))), expected);
    }
}

#[test]
fn a_name_from_a_record_is_no_safer() {
    let tar = TarBuilder::new().records(b'x', &[("path", b"../evil")]).file("harmless", "e");

    assert_eq!(refusal(&layer(tar)), "tar contained invalid name error \"../evil\"");
}

#[test]
fn devices_and_pipes_are_refused_as_upstream_words_it() {
    for (flag, kind) in [(b'3', "Dcrw-r--r--"), (b'4', "Drw-r--r--"), (b'6', "prw-r--r--")] {
        let tar = files(&[("a.txt", "a")]).entry("dev/null", flag, 0o644, 0, "");

        assert_eq!(
            refusal(&layer(tar)),
            format!("tar file entry dev/null contained unsupported file type {kind}")
        );
    }
}

#[test]
fn a_hard_link_is_the_file_that_came_before_it() {
    let tar = TarBuilder::new()
        .file_with_mode("a.txt", 0o755, "content")
        .hard_link("hard", "./a.txt")
        .file("a.txt", "changed")
        .hard_link("a.txt", "a.txt");
    let archive = extract(&layer(tar)).unwrap();

    let expected = [(".", ""), ("a.txt", "changed"), ("hard", "content")];
    let expected = expected.map(|(name, data)| (name.to_owned(), data.as_bytes().to_vec()));
    assert_eq!(archive.entries(), expected);
    assert_eq!(archive.modes(), [0o750, 0o700, 0o700]);
}

#[test]
fn a_hard_link_to_nothing_that_came_before_it_is_refused() {
    let missing = TarBuilder::new().hard_link("a", "b");
    let loops = TarBuilder::new().hard_link("a", "b").hard_link("b", "a");
    let later = TarBuilder::new().hard_link("a", "b").file("b", "");
    let itself = TarBuilder::new().hard_link("a", "a");
    let directory = TarBuilder::new().directory("b").hard_link("a", "b");
    for tar in [missing, loops, later, itself, directory] {
        assert!(matches!(extract(&layer(tar)), Err(Error::Layer(LayerError::Link { .. }))));
    }

    let outside = TarBuilder::new().hard_link("a", "../../etc/passwd");
    assert_eq!(refusal(&layer(outside)), "tar contained invalid name error \"../../etc/passwd\"");
}

#[test]
fn a_hard_link_to_a_symbolic_link_is_passed_over_like_it() {
    let tar = TarBuilder::new()
        .symbolic_link("soft", "/etc/passwd")
        .hard_link("hard", "soft")
        .hard_link("again", "hard");

    assert_eq!(extract(&layer(tar)).unwrap().names(), [""; 0]);
}

#[test]
fn nothing_is_written_through_a_symbolic_link() {
    let tar = TarBuilder::new()
        .symbolic_link("d", "/etc")
        .file("d/passwd", "x")
        .file("f", "kept")
        .symbolic_link("f", "/etc/passwd");

    assert_eq!(extract(&layer(tar)).unwrap().names(), ["d", "d/passwd", "f"]);
}

#[test]
fn a_name_cannot_be_a_file_and_a_directory() {
    let below_a_file = files(&[("a", ""), ("a/b", "")]);
    let over_a_directory = files(&[("a/b", ""), ("a", "")]);
    let over_a_file = files(&[("a", "")]).directory("a");
    let over_the_root = files(&[("./", "")]);
    for tar in [below_a_file, over_a_directory, over_a_file, over_the_root] {
        assert!(matches!(extract(&layer(tar)), Err(Error::Layer(LayerError::Conflict { .. }))));
    }
}

#[test]
fn global_headers_are_passed_over_and_change_no_entry() {
    let tar = TarBuilder::new()
        .records(b'g', &[("comment", b"0123456789"), ("path", b"../evil"), ("size", b"9")])
        .file("a.txt", "a");

    assert_eq!(extract(&layer(tar)).unwrap().names(), ["a.txt"]);
}

#[test]
fn a_size_in_a_record_outranks_the_header_so_that_nothing_can_hide_in_the_data() {
    let hidden = TarBuilder::new().file("hidden", "x").unfinished();
    let size = hidden.len().to_string();
    let tar = TarBuilder::new()
        .records(b'x', &[("size", size.as_bytes())])
        .entry("cover", b'0', 0o644, 0, "")
        .data(&hidden)
        .file("last", "");

    assert_eq!(extract(&layer(tar)).unwrap().names(), ["cover", "last"]);
}

#[test]
fn a_duplicate_keeps_the_execute_bit_that_the_first_one_had() {
    let tar = TarBuilder::new().file_with_mode("a", 0o755, "1").file_with_mode("a", 0o644, "2");

    let archive = extract(&layer(tar)).unwrap();

    assert_eq!(archive.modes()[1], 0o700);
    assert_eq!(archive.entries()[1].1, b"2");
}
