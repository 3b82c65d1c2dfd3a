//! What stays out of an archive (spec 5.4); the digests are those of what upstream made of the same trees.

use artifact::{Content, Limits, Recipe};

use crate::layer::{extract, extract_without, files, layer, make, sha256};
use crate::tar_builder::TarBuilder;

#[test]
fn a_sourceignore_file_holds_and_is_archived_itself() {
    let tree = files(&[
        (".sourceignore", "/private/\n*.md\n"),
        ("a.yaml", "a"),
        ("README.md", "r"),
        ("private/x", "x"),
        ("sub/y.md", "y"),
        ("sub/z", "z"),
    ]);

    assert_eq!(
        sha256(&extract(&layer(tree)).unwrap().tar),
        "44317dc24867beadab696d60b6341ea28dea7432cd4244a28a87fa79ccec32bc"
    );
}

#[test]
fn the_defaults_hold_where_there_is_no_pattern() {
    let excluded = [
        ".git/config",
        ".gitignore",
        ".gitmodules",
        ".gitattributes",
        "pic.png",
        "c.tar.gz",
        "c.zip",
        ".github/w.yml",
        ".travis.yml",
        "cloudbuild.yaml",
        ".goreleaser.yml",
        "sub/.sops.yaml",
        "sub/.git/config",
    ];
    let tree = files(&excluded.map(|name| (name, "x"))).file("keep.yaml", "k").file("sub/keep.svg", "k");

    assert_eq!(
        sha256(&extract(&layer(tree)).unwrap().tar),
        "5144abd7cd712c763885726e297c10153f97d78ba67f68046eea7a98c8d96dfe"
    );
}

#[test]
fn one_pattern_leaves_only_the_files_of_version_control_excluded() {
    let tree = files(&[
        (".git/config", "g"),
        ("pic.png", "p"),
        ("c.zip", "c"),
        (".travis.yml", "t"),
        ("custom", "c"),
        ("keep", "k"),
    ]);

    assert_eq!(
        sha256(&extract_without(&layer(tree), "custom").tar),
        "78d64293051cb345c271c3eea97e9774c52ef7295e94e2a1e487a5d3affe0fb7"
    );
}

#[test]
fn a_directory_is_kept_beside_what_a_pattern_of_the_user_excludes() {
    let tree = files(&[(".git/config", "g"), ("custom", "c"), ("test/.gitkeep", ""), ("horse.jpg", "h")]);

    let archive = extract_without(&layer(tree), "custom");

    assert_eq!(archive.names(), ["horse.jpg", "test", "test/.gitkeep"]);
    assert_eq!(archive.modes(), [0o750, 0o600, 0o750, 0o600]);
}

#[test]
fn a_child_of_an_excluded_directory_can_be_included() {
    let tree = files(&[
        ("a.yaml", "a"),
        ("deploy/x.yaml", "x"),
        ("deploy/prod/y.yaml", "y"),
        ("docs/z.md", "z"),
        ("docs/keep/k.md", "k"),
    ]);

    assert_eq!(
        sha256(&extract_without(&layer(tree), "/*\n!/deploy\n/deploy/prod\n!/docs/keep/k.md\n").tar),
        "54baa0bfae44ca3ae67d55191df86c5a2acb8cb7dc3a353338d5f71b888a3747"
    );
}

#[test]
fn the_object_has_the_last_word() {
    let tree =
        files(&[(".sourceignore", "a.yaml\nb.yaml\n"), ("a.yaml", "a"), ("b.yaml", "b"), ("c.yaml", "c")]);

    assert_eq!(
        sha256(&extract_without(&layer(tree), "!b.yaml\nc.yaml\n").tar),
        "2f623c69ae094130af82b2a4f0ce53c6e85527342717555e35525d8ce1fe12b9"
    );
}

#[test]
fn every_form_of_pattern_decides_as_upstream() {
    let tree = files(&[
        ("f1", "1"),
        ("f2", "2"),
        ("fa", "a"),
        ("x/f1", "1"),
        ("x/y/f2", "2"),
        ("x/y/z/deep.log", "l"),
        ("logs/deep.log", "l"),
        ("build", "file"),
        ("sub/build/out", "o"),
        ("only/root.txt", "r"),
        ("root.txt", "r"),
        ("sp ace", "s"),
    ]);

    assert_eq!(
        sha256(&extract_without(&layer(tree), "/f[0-9]\nx/**/f?\n**/z\nbuild/\n/root.txt\nsp ace\n").tar),
        "75fca74dd846bcb1dbaf6acc59449cb72ca712d8d9fc696c15aa3bfc17ccd1e4"
    );
}

#[test]
fn the_root_stays_whatever_is_ignored() {
    let tree = files(&[("a.yaml", "a"), ("sub/b.txt", "b")]);

    assert_eq!(
        sha256(&extract_without(&layer(tree), "*").tar),
        "a6c3074b61cf17b6c20da13944bfac01ed05930dc9cef70890045d62cbfb78d5"
    );
}

#[test]
fn a_deeper_file_outranks_one_above_it_and_holds_only_below_itself() {
    let tree = files(&[
        ("!first/.sourceignore", "!*.log\n"),
        ("!first/a.log", ""),
        (".sourceignore", "*.log\n"),
        ("a.log", ""),
        ("sub/.sourceignore", "!keep.log\n"),
        ("sub/keep.log", ""),
        ("sub/other.log", ""),
        ("keep.log", ""),
    ]);

    assert_eq!(
        extract(&layer(tree)).unwrap().names(),
        [
            "!first",
            "!first/.sourceignore",
            "!first/a.log",
            ".sourceignore",
            "sub",
            "sub/.sourceignore",
            "sub/keep.log"
        ]
    );
}

#[test]
fn ignore_files_of_version_control_are_not_read_and_a_directory_is_no_ignore_file() {
    let tree = files(&[
        (".git/.sourceignore", "*\n"),
        ("sub/.git/x/.sourceignore", "*\n"),
        ("a", "a"),
        ("a.png", "p"),
    ])
    .directory("sub/.sourceignore");

    assert_eq!(extract(&layer(tree)).unwrap().names(), ["a", "sub", "sub/.sourceignore"]);
}

#[test]
fn ignore_files_of_every_directory_are_read_and_those_of_git_are_not() {
    let tree = files(&[
        (".sourceignore", "root.txt\n"),
        (".gitignore", "*.yaml\n"),
        ("root.txt", ""),
        ("a/root.txt", ""),
        ("a/b/.sourceignore", "!root.txt\nb.txt\n"),
        ("a/b/root.txt", ""),
        ("a/b/b.txt", ""),
        ("a/app.yaml", ""),
        ("z/.sourceignore", "z.txt\n"),
        ("z/z.txt", ""),
        ("z/b.txt", ""),
    ]);

    assert_eq!(
        extract(&layer(tree)).unwrap().names(),
        [
            ".sourceignore",
            "a",
            "a/app.yaml",
            "a/b",
            "a/b/.sourceignore",
            "a/b/root.txt",
            "z",
            "z/.sourceignore",
            "z/b.txt"
        ]
    );
}

#[test]
fn the_ignore_file_that_counts_is_the_one_that_is_left() {
    let tree = files(&[(".sourceignore", "a\n"), ("a", ""), ("b", ""), (".sourceignore", "b\n")]);

    assert_eq!(extract(&layer(tree)).unwrap().names(), [".sourceignore", "a"]);
}

fn chart(with: &[(&str, &str)]) -> Content {
    let tar = files(&[
        ("web/Chart.yaml", "name: web\n"),
        ("web/files/logo.png", "png"),
        ("web/files/data.tar.gz", "archive"),
        ("web/.github/x.yaml", "ci"),
    ]);
    layer(with.iter().fold(tar, |tar: TarBuilder, (name, data)| tar.file(name, data)))
}

#[test]
fn a_chart_arrives_whole_unless_somebody_has_a_pattern() {
    let made = |layer: &Content, ignore: Option<&str>, chart| {
        let recipe = Recipe { ignore: ignore.map(str::to_owned), chart, ..Recipe::default() };
        make(layer, &recipe, &Limits::default()).unwrap()
    };

    assert_eq!(
        made(&chart(&[]), Some("# nothing\n"), true).names(),
        [
            "web",
            "web/.github",
            "web/.github/x.yaml",
            "web/Chart.yaml",
            "web/files",
            "web/files/data.tar.gz",
            "web/files/logo.png"
        ]
    );
    assert_eq!(
        sha256(&made(&chart(&[]), None, false).tar),
        "dfac7d462bf0c62e53feb5e19556441474ceee6d04e81eb7dafdfa40b9db559c"
    );
    assert_eq!(
        sha256(&made(&chart(&[]), Some("*.tar.gz"), true).tar),
        "f1bc27ebe4b9aea889ef418dc3b1939e8726bf4b053f39d136b5d65b6c0af882"
    );
    assert_eq!(
        sha256(&made(&chart(&[(".sourceignore", "data.tar.gz\n")]), None, true).tar),
        "60796320116c39556d9fc881c447b2eaddebbcd140a2733873f41144bc5d3839"
    );
}
