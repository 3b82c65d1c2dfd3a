//! The chart, as far as it can be read without helm: values, their schema and the templates agree; tests/cluster renders it.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use serde_json::Value;
use sluice::config::Cli;

use crate::architecture::{files, read, root};

/// Where helm itself adds a value, in a chart that is a dependency.
const HELMS_OWN: &str = "global";

fn chart(file: &str) -> String {
    read(&root().join("helm/sluice").join(file))
}

fn schema() -> Value {
    serde_json::from_str(&chart("values.schema.json")).expect("the schema is JSON")
}

fn templates() -> String {
    let folder = root().join("helm/sluice/templates");
    files(&folder, &["yaml", "tpl", "txt"]).iter().map(|path| read(path)).collect()
}

/// A key of values.yaml, by its dotted path, and whether a comment stands right above it.
struct Key {
    path: String,
    has_comment: bool,
}

fn keys() -> Vec<Key> {
    let (mut keys, mut names, mut has_comment) = (Vec::new(), Vec::new(), false);
    for line in chart("values.yaml").lines() {
        let text = line.trim_start();
        if let Some((name, _)) = text.split_once(':').filter(|_| !text.starts_with('#')) {
            names.truncate((line.len() - text.len()) / 2);
            names.push(name.to_owned());
            keys.push(Key { path: names.join("."), has_comment });
        }
        has_comment = text.starts_with("# ");
    }
    assert!(keys.len() > 30, "only {} keys are found", keys.len());
    keys
}

/// The words in a text that follow a prefix.
fn words_after<'a>(text: &'a str, prefix: &str, is_part: impl Fn(char) -> bool) -> BTreeSet<&'a str> {
    let words = text
        .split(prefix)
        .skip(1)
        .map(|rest| rest.split(|character| !is_part(character)).next().unwrap_or_default());
    words.collect()
}

/// The path itself and those of the objects that it is in, the outermost last.
fn ancestry(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('.').map(|(outer, _)| outer))
}

/// What the schema says of a path.
fn described<'a>(schema: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(schema, |schema, name| &schema["properties"][name])
}

fn paths_of(schema: &Value, outer: &str) -> Vec<String> {
    let properties = schema["properties"].as_object();
    let inner = properties.into_iter().flatten().flat_map(|(name, schema)| {
        let path = if outer.is_empty() { name.clone() } else { format!("{outer}.{name}") };
        let mut paths = paths_of(schema, &path);
        paths.push(path);
        paths
    });
    inner.collect()
}

#[test]
fn every_value_has_a_comment() {
    let keys = keys();
    let commented: BTreeSet<_> =
        keys.iter().filter(|key| key.has_comment).map(|key| key.path.as_str()).collect();

    for Key { path, .. } in &keys {
        let has_inner = keys.iter().any(|key| key.path.starts_with(&format!("{path}.")));

        assert!(has_inner || ancestry(path).any(|path| commented.contains(path)), "{path} has no comment");
    }
}

#[test]
fn every_value_is_in_the_schema_and_the_schema_knows_no_other() {
    let schema = schema();
    let keys: BTreeSet<_> = keys().into_iter().map(|key| key.path).collect();
    let described_paths = paths_of(&schema, "");

    for path in &described_paths {
        assert!(described(&schema, path)["description"].is_string(), "{path}");
        assert!(keys.contains(path) || path == HELMS_OWN, "{path} is not in values.yaml");
    }
    for path in &keys {
        let is_free = ancestry(path).any(|outer| {
            described(&schema, outer)["type"] == "object"
                && described(&schema, outer)["additionalProperties"] != false
        });
        assert!(described_paths.contains(path) || is_free, "{path} is not in the schema");
    }
}

#[test]
fn the_schema_refuses_values_that_it_does_not_know() {
    fn check(schema: &Value, path: &str) {
        let Some(properties) = schema["properties"].as_object() else {
            return;
        };
        assert_eq!(schema["additionalProperties"], false, "{path}");
        for (name, schema) in properties {
            check(schema, &format!("{path}.{name}"));
        }
    }
    check(&schema(), "values");
}

#[test]
fn every_value_is_used_and_every_used_value_is_there() {
    let templates = templates();
    let used =
        words_after(&templates, ".Values.", |character| character.is_ascii_alphabetic() || character == '.');
    let keys = keys();

    for Key { path, .. } in &keys {
        let has_inner = keys.iter().any(|key| key.path.starts_with(&format!("{path}.")));
        assert!(has_inner || ancestry(path).any(|path| used.contains(path)), "{path} is not used");
    }
    for path in used {
        assert!(keys.iter().any(|key| key.path == path), "{path} is not in values.yaml");
    }
}

#[test]
fn every_flag_that_the_chart_sets_is_one_of_the_program() {
    let program = Cli::command();
    let run = program.find_subcommand("run").unwrap();
    let known: BTreeSet<_> = run.get_arguments().filter_map(clap::Arg::get_long).collect();
    let deployment = chart("templates/deployment.yaml");
    let flags =
        words_after(&deployment, "--", |character| character.is_ascii_lowercase() || character == '-');

    assert!(flags.contains("storage-adv-addr"));
    let unknown: Vec<_> = flags.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_chart_has_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    let lines: Vec<_> = chart("Chart.yaml").lines().map(str::to_owned).collect();

    for field in ["version", "appVersion"] {
        assert!(lines.contains(&format!("{field}: {version}")), "{field}");
    }
}

#[test]
fn the_image_is_built_with_the_toolchain_of_the_project() {
    let toolchain = read(&root().join("rust-toolchain.toml"));
    let version =
        toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    let image = read(&root().join("Dockerfile"));

    assert!(image.contains(&format!("FROM rust:{version}-")));
    assert!(image.contains(&format!("RUSTUP_TOOLCHAIN={version}\n")));
}

#[test]
fn every_value_that_the_guide_names_is_one_of_the_chart() {
    let pages = ["install.md", "migrate.md", "webhooks.md"];
    let guide: String = pages.iter().map(|page| read(&root().join("docs").join(page))).collect();
    let is_part = |character: char| character.is_ascii_alphabetic() || character == '.';
    let keys = keys();
    let is_inner =
        |word: &str| word.split_once('.').is_some_and(|(outer, _)| keys.iter().any(|key| key.path == outer));
    let mut named = words_after(&guide, "--set ", is_part);
    named.extend(
        words_after(&guide, "`", is_part)
            .into_iter()
            .filter(|word| guide.contains(&format!("`{word}=")) || is_inner(word)),
    );

    assert!(named.len() > 5, "only {named:?} are found");
    for value in named {
        assert!(keys.iter().any(|key| key.path == value), "there is no {value}");
    }
}
