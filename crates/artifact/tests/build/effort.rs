//! What comparing ignore rules with the names of a layer may take.

use std::cell::Cell;

use artifact::digest::Algorithm;
use artifact::{Content, Error, Limits, Recipe, Scratch, build};

use crate::layer::{files, layer, make, message};
use crate::tar_builder::TarBuilder;

fn with_steps(content: &Content, ignore: &str, ignore_steps: u64) -> Result<(), Error> {
    let recipe = Recipe { ignore: Some(ignore.to_owned()), ..Recipe::default() };
    make(content, &recipe, &Limits { ignore_steps, ..Limits::default() }).map(drop)
}

/// Directories in one another with names of 255 bytes, and so many files in the last.
fn long_names(depth: usize, count: usize) -> Content {
    let directory = vec!["a".repeat(255); depth].join("/");
    let file = |number: usize| format!("{directory}/{}{number:05}", "a".repeat(250));
    layer((0..count).fold(TarBuilder::new(), |tar, number| tar.file(&file(number), "")))
}

/// A thousandth of what the limit was made against: 7,600 patterns and 32,000 names of 4 KiB.
#[test]
fn patterns_that_are_slow_on_long_names_are_refused() {
    let (names, limit) = (long_names(15, 1000), Limits::default().ignore_steps / 1000);
    let run = "a".repeat(128);

    for line in [format!("*{run}b\n"), format!("*{run}?b*\n"), format!("**/*{run}[b]\n")] {
        let refused = with_steps(&names, &line.repeat(240), limit).unwrap_err();

        assert_eq!(
            message(&refused),
            format!(
                "ignore rules are too large: more than {limit} steps to compare them with every name in the layer; \
                 use fewer patterns, or fewer wildcards in them"
            )
        );
    }
}

/// A hundredth of both.
#[test]
fn two_hundred_patterns_for_a_hundred_thousand_names_are_no_more_than_two_thirds_of_what_is_allowed() {
    let name = |number: usize| {
        let (cluster, app) = (number % 2, number % 10);
        format!(
            "environments/production/cluster-{cluster}/apps/frontend-{app}/base/deployment-patch-{number:06}.yaml"
        )
    };
    let names = layer((0..1000).fold(TarBuilder::new(), |tar, number| tar.file(&name(number), "")));
    let line = |number: usize| match number % 5 {
        0 => format!("*.generated-{number:04}.go\n"),
        1 => format!("/vendor/github-{number:05}/\n"),
        2 => format!("test-*-fixture-{number:05}\n"),
        3 => format!("**/node_modules-{number:05}\n"),
        _ => format!("*-[a-z]-{number:03}-report*\n"),
    };
    let ignore: String = (0..200).map(line).collect();

    assert!(name(0).len() >= 80 && line(0).len() >= 20);
    with_steps(&names, &ignore, Limits::default().ignore_steps / 150).unwrap();
}

#[test]
fn a_build_asks_while_it_compares_one_name_whether_to_go_on() {
    let names = long_names(3, 1);
    let questions = |ignore: String| {
        let asked = Cell::new(0);
        let cancelled = || asked.replace(asked.get() + 1) == u32::MAX;
        let recipe = Recipe { ignore: Some(ignore), ..Recipe::default() };
        let scratch = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(scratch.path());
        let (limits, out) = (Limits::default(), &mut std::io::sink());
        build(&names, &recipe, &limits, Algorithm::Sha256, &scratch, &cancelled, out).unwrap();
        asked.get()
    };
    let line = format!("*{}b?\n", "a".repeat(128));

    assert!(questions(line.repeat(1000)) > questions(line) + 10);
}

#[test]
fn a_build_asks_at_every_ignore_file_whether_to_go_on() {
    let questions = |name: &str| {
        let asked = Cell::new(0);
        let cancelled = || asked.replace(asked.get() + 1) == u32::MAX;
        let tar = (0..100).fold(files(&[]), |tar, number| tar.file(&format!("d{number}/{name}"), ""));
        let scratch = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(scratch.path());
        let (recipe, limits, out) = (Recipe::default(), Limits::default(), &mut std::io::sink());
        build(&layer(tar), &recipe, &limits, Algorithm::Sha256, &scratch, &cancelled, out).unwrap();
        asked.get()
    };

    assert_eq!(questions(".sourceignore"), questions(".sourceignor3") + 100);
}
