//! The rules of the layout, as tests: who may depend on whom, how long files are, how they begin, what they are called.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate, and the crates that it may not reach: each name stands for itself and for all that begins so with a dash.
const FENCES: [(&str, &[&str]); 9] = [
    ("sluice", &["ring", "native-tls", "openssl-sys"]),
    ("reference", &["actix", "tokio", "hyper", "kube", "k8s-openapi", "serde"]),
    ("reconcile", &["actix", "tokio", "hyper", "kube", "k8s-openapi", "serde"]),
    ("artifact", &["actix", "tokio", "hyper", "kube", "k8s-openapi"]),
    ("sluice-crds", &["actix", "tokio", "hyper", "kube-client", "kube-runtime"]),
    ("verify", &["actix", "tokio", "hyper", "kube", "k8s-openapi"]),
    ("hooks", &["actix", "tokio", "hyper", "kube", "k8s-openapi"]),
    ("oci", &["actix", "kube", "k8s-openapi"]),
    ("sluice-actors", &["actix-web", "kube-client", "kube-runtime"]),
];
/// Folders with files that people write.
const OURS: [&str; 7] = ["src", "actors", "crds", "crates", "tests", "benches", ".ci"];
const LONGEST_FILE: usize = 500;
const LONGEST_MEDIAN: usize = 150;
const EMPTY_NAMES: [&str; 9] =
    ["utils", "util", "common", "helpers", "helper", "manager", "types", "misc", "shared"];
/// What an actor that serves may not import: the others that serve, and those above it.
const SERVICES: [&str; 5] = ["resolver", "verifier", "fetcher", "storage", "status_writer"];
const ABOVE: [&str; 2] = ["repository", "watcher"];
/// The one value that one of them hands to another, in the message that asks for its publication.
const HANDED_OVER: &str = "crate::fetcher::Fetched";

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs_err::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a folder of ours can be listed").path();
            if path.is_dir() && path.file_name() != Some(OsStr::new("target")) {
                folders.push(path);
            } else if path
                .extension()
                .and_then(OsStr::to_str)
                .is_some_and(|extension| extensions.contains(&extension))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn ours(extensions: &[&str]) -> Vec<PathBuf> {
    let found: Vec<_> = OURS.iter().flat_map(|folder| files(&root().join(folder), extensions)).collect();
    assert!(found.len() > 50, "only {} files are found, so nothing is checked", found.len());
    found
}

pub(crate) fn read(path: &Path) -> String {
    fs_err::read_to_string(path).expect("a file of ours can be read")
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The names of all crates that one of ours is built from, with every feature of its own and none of others.
fn reach(package: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--frozen",
            "--all-features",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(["--package", package])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("cargo speaks UTF-8");
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn is_behind(fence: &str, name: &str) -> bool {
    name.strip_prefix(fence).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[test]
fn no_crate_reaches_what_it_is_fenced_from() {
    for (package, fences) in FENCES {
        let reached = reach(package);
        assert_eq!(reached.first().map(String::as_str), Some(package));

        let trespasses: Vec<_> =
            reached.iter().filter(|name| fences.iter().any(|fence| is_behind(fence, name))).collect();

        assert!(
            trespasses.is_empty(),
            "{package} may not depend on {trespasses:?}; ask cargo tree -i for the way"
        );
    }
}

#[test]
fn every_crate_of_ours_below_the_program_has_a_fence() {
    let manifests = [root().join("actors"), root().join("crds")].into_iter().chain(
        fs_err::read_dir(root().join("crates"))
            .expect("there are crates")
            .map(|entry| entry.expect("it is listed").path()),
    );
    for folder in manifests {
        let manifest = read(&folder.join("Cargo.toml"));

        assert!(
            FENCES.iter().any(|(package, _)| manifest.contains(&format!("name = \"{package}\"\n"))),
            "{} has no row in FENCES",
            shown(&folder)
        );
        assert!(
            manifest.contains("[lints]\nworkspace = true\n"),
            "{} does not take the lints",
            shown(&folder)
        );
    }
}

#[test]
fn services_do_not_import_each_other_nor_whom_they_serve() {
    for service in SERVICES {
        let folder = root().join("actors/src").join(service);
        let sources = files(&folder, &["rs"]);
        assert!(!sources.is_empty(), "{service} is gone: take it out of SERVICES");
        for path in sources {
            let text = read(&path).replace(HANDED_OVER, "");
            let others = SERVICES.iter().chain(&ABOVE).filter(|other| **other != service);
            for other in others {
                assert!(!text.contains(&format!("crate::{other}")), "{} imports {other}", shown(&path));
            }
        }
    }
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<_> =
        ours(&["rs", "go"]).iter().map(|path| (read(path).lines().count(), shown(path))).collect();
    lengths.sort();

    let long: Vec<_> = lengths.iter().filter(|(length, _)| *length > LONGEST_FILE).collect();
    let (median, _) = lengths[lengths.len() / 2];

    assert!(long.is_empty(), "over {LONGEST_FILE} lines: {long:?}");
    assert!(median < LONGEST_MEDIAN, "half of the files have {median} lines or more");
}

#[test]
fn every_rust_file_says_first_what_it_is_for() {
    let silent: Vec<_> =
        ours(&["rs"]).iter().filter(|path| !read(path).starts_with("//!")).map(|path| shown(path)).collect();

    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let empty: Vec<_> = ours(&["rs"])
        .iter()
        .filter(|path| {
            let within = path.strip_prefix(root()).unwrap_or(path).with_extension("");
            within.iter().any(|part| EMPTY_NAMES.iter().any(|name| part == OsStr::new(name)))
        })
        .map(|path| shown(path))
        .collect();

    assert!(empty.is_empty(), "{empty:?}");
}

#[test]
fn the_chart_installs_the_very_crds_that_are_generated() {
    let chart = root().join("helm/sluice");
    for generated in files(&root().join("crds/yaml"), &["yaml"]) {
        let name = generated.file_name().unwrap_or_default();

        assert!(
            read(&chart.join("crds").join(name)) == read(&generated),
            "copy {} into the chart",
            shown(&generated)
        );
    }
}
