//! Archives whose uncompressed bytes upstream made from the same trees (spec 12, conformance goldens).

use artifact::digest::Algorithm;
use artifact::{Content, Limits, Operation, Recipe, Scratch, build};

use crate::layer::{extract, extract_without, file_with, files, gzip, layer, make, sha256};
use crate::tar_builder::TarBuilder;

fn made(tar: TarBuilder) -> String {
    sha256(&extract(&layer(tar)).unwrap().tar)
}

#[test]
fn a_small_tree_is_archived_as_upstream_does() {
    let tar = TarBuilder::new()
        .file_with_mode("sub/deep/b.txt", 0o600, "x")
        .file_with_mode("run.sh", 0o755, "#!/bin/sh\necho hi\n")
        .directory("empty/")
        .file("a.yaml", "apiVersion: v1\nkind: ConfigMap\n");

    let archive = extract(&layer(tar)).unwrap();

    assert_eq!(archive.names(), ["a.yaml", "empty", "run.sh", "sub", "sub/deep", "sub/deep/b.txt"]);
    assert_eq!(archive.tar.len(), 6144);
    assert_eq!(sha256(&archive.tar), "af31b3851de734327face91a05483bdd2c7fc20f234aa31d7424309f29d0fa7e");
    assert_eq!(
        archive.built.digest.to_string(),
        "sha256:24e97f9b75628902ffacd4519ade80bbe51e4fa39b5b785c286db6c4c7a649ed"
    );
    assert_eq!(archive.built.digest.to_string(), format!("sha256:{}", sha256(&archive.bytes)));
    assert_eq!(archive.built.size, archive.bytes.len() as u64);
}

#[test]
fn long_names_and_names_beyond_ascii_are_archived_as_upstream_does() {
    let split = format!("{}/{}.yaml", "d".repeat(90), "f".repeat(60));
    let tar = TarBuilder::new()
        .file(&split, "y")
        .records(b'x', &[("path", "naïve.txt".as_bytes())])
        .file("naive.txt", "z")
        .file(&format!("{}.txt", "g".repeat(120)), "w");

    assert_eq!(made(tar), "8d9706219b17cb473b96fdb1df33a9114b5051c09c4e764760ca1bef5f5f1520");
}

#[test]
fn one_empty_file_is_archived_as_upstream_does() {
    assert_eq!(
        made(files(&[("foo.txt", "")])),
        "cbc3f6e959808384b3ab0fa1ced2f6f03da3a1c92d99a71d464295992137592f"
    );
}

#[test]
fn only_the_execute_bit_survives() {
    let modes = [
        ("m644", 0o644),
        ("m755", 0o755),
        ("m600", 0o600),
        ("m410", 0o410),
        ("m601", 0o601),
        ("m4755", 0o4755),
    ];
    let tar =
        modes.into_iter().fold(TarBuilder::new(), |tar, (name, mode)| tar.file_with_mode(name, mode, "x"));
    let tar = tar
        .entry("d700", b'5', 0o700, 0, "")
        .entry("d777", b'5', 0o1777, 0, "")
        .entry("d000", b'5', 0, 0, "")
        .file("d000/in", "i");

    assert_eq!(made(tar), "a8c9d06f0dd4e5fa01796e832d93ac730a6d3e8928c8651678a262be351c0cdf");
}

#[test]
fn files_are_private_and_directories_are_open_to_their_group() {
    let tar = TarBuilder::new()
        .file_with_mode("m666", 0o666, "")
        .file_with_mode("m777", 0o777, "")
        .entry("read-only", b'5', 0o555, 0, "")
        .file("read-only/in", "");

    let archive = extract(&layer(tar)).unwrap();

    assert_eq!(archive.names(), ["m666", "m777", "read-only", "read-only/in"]);
    assert_eq!(archive.modes(), [0o750, 0o600, 0o700, 0o750, 0o600]);
}

#[test]
fn one_empty_file_can_be_left_out() {
    let without = extract_without(&layer(files(&[("foo.txt", "")])), "foo.txt");

    let nothing = extract(&layer(TarBuilder::new())).unwrap();
    assert_eq!(without.tar, nothing.tar);
    assert_eq!(without.built.digest, nothing.built.digest);
}

#[test]
fn entries_are_sorted_by_the_bytes_of_their_names_directory_by_directory() {
    let names = ["b/1", "a-b", "a/z", "a.b", "A", "é", "_", "b.x", "a0"];
    let tar = files(&names.map(|name| (name, "")));

    assert_eq!(made(tar), "3971df384f8371e5e0dce401b79eaf86ef44f6a9971bd4fca7ccb4bd3960f73b");
}

#[test]
fn names_are_cleaned() {
    let tar = TarBuilder::new()
        .directory("./")
        .file("./a.txt", "a")
        .file("./d//b.txt", "b")
        .file("..c", "c")
        .file("d/..e", "e");

    assert_eq!(made(tar), "49514521bd84d5e8cc3883b82c4f318919c18b3e497fbf97e2be2c18446f0534");
}

#[test]
fn empty_directories_are_kept() {
    let tar = TarBuilder::new().directory("a/").directory("b/c/d/").file("e/f", "");

    assert_eq!(made(tar), "dc97809f93b91c54cbb8913142b666c103c89f8b396d70b301072d686f880e48");
}

#[test]
fn an_archive_without_entries_has_a_root() {
    assert_eq!(made(TarBuilder::new()), "a6c3074b61cf17b6c20da13944bfac01ed05930dc9cef70890045d62cbfb78d5");
}

#[test]
fn of_two_entries_with_one_name_the_later_one_wins() {
    let tar = files(&[
        ("a.txt", "the first, longer"),
        ("a.txt", "second"),
        ("b.txt", "short"),
        ("b.txt", "longer than before"),
    ]);

    assert_eq!(made(tar), "c004117aa687c68f58f25faf6b0019fee152e0572112ec813ae07eb802d1632a");
}

#[test]
fn symbolic_links_are_passed_over() {
    let tar = TarBuilder::new()
        .file("a.txt", "a")
        .symbolic_link("link", "a.txt")
        .symbolic_link("out", "/etc/passwd")
        .symbolic_link("d/l", "../a.txt");

    assert_eq!(made(tar), "e656dc551498acb8f231047b598af9b3501faa782631e881dd7b1ad8656a89c1");
}

#[test]
fn three_thousand_files_are_archived_as_upstream_does() {
    let tar = (0..3000).fold(TarBuilder::new(), |tar, number| {
        tar.file(&format!("many/f{number:05}.txt"), format!("file {number}\n"))
    });

    assert_eq!(made(tar), "3ba47ad1abb97c793d147d988323cfb882019754962bdd461f245f76bfdb6190");
}

#[test]
fn a_copy_is_the_layer_itself_whatever_it_is() {
    let recipe = Recipe { operation: Operation::Copy, ignore: Some("*".to_owned()), chart: false };
    let directory = tempfile::tempdir().unwrap();

    for content in [Content::memory(&b"no archive"[..]), file_with(directory.path(), b"no archive")] {
        let mut out = Vec::new();
        let built = build(
            &content,
            &recipe,
            &Limits::default(),
            Algorithm::Sha512,
            &Scratch::new(directory.path()),
            &|| false,
            &mut out,
        )
        .unwrap();

        assert_eq!(out, b"no archive");
        assert_eq!(built.size, 10);
        assert_eq!(built.digest, Algorithm::Sha512.digest_of(&out[..]).unwrap());
    }
}

#[test]
fn neither_the_place_of_the_layer_nor_the_order_of_its_entries_changes_a_byte() {
    let big = "0123456789abcdef".repeat(1024 * 1024);
    let one = files(&[("b/big", &big), ("a", "1"), ("c", "3"), ("b/also", "2")]).finish();
    let other = files(&[("c", "3"), ("b/also", "2"), ("b/big", &big), ("a", "1")]).finish();
    let directory = tempfile::tempdir().unwrap();

    let in_memory = extract(&Content::memory(gzip(&one))).unwrap();
    let from_file =
        make(&file_with(directory.path(), &gzip(&other)), &Recipe::default(), &Limits::default()).unwrap();

    assert_eq!(in_memory.names(), ["a", "b", "b/also", "b/big", "c"]);
    assert_eq!(in_memory.entries()[4].1, big.as_bytes());
    assert!(in_memory.bytes == from_file.bytes);
}
