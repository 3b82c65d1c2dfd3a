//! A disk that loses bits: what only hashing can find is found by the scrub, and is rebuilt.

use std::fs::{FileTimes, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use crate::support::api::artifact;
use crate::support::bench::Bench;
use crate::support::manifest::repository;
use crate::support::scene::Scene;
use crate::support::waiting::{if_so, until};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![bench.trial(a_stored_file_that_loses_a_bit_is_rebuilt_though_nothing_else_shows_on_it)]
}

/// Changes the first byte where it lies; size, inode and time stay as they were.
fn spoil(file: &Path) {
    let (before, bytes) = (file.metadata().unwrap(), std::fs::read(file).unwrap());
    let mut open = OpenOptions::new().write(true).open(file).unwrap();
    open.write_all(&[!bytes[0]]).unwrap();
    open.set_times(FileTimes::new().set_modified(before.modified().unwrap())).unwrap();
    let after = file.metadata().unwrap();
    let identity = |file: &std::fs::Metadata| (file.ino(), file.size(), file.mtime(), file.mtime_nsec());
    assert_eq!(identity(&before), identity(&after));
}

async fn a_stored_file_that_loses_a_bit_is_rebuilt_though_nothing_else_shows_on_it(scene: Scene) {
    let registry = scene.registry().await;
    let operator = scene.operator_of(&json!({"scrubInterval": "1s"})).await;
    let digest = registry.push("app:v1", &[("a.yaml", b"a: 1\n")]).await;
    let spec = json!({"ref": {"tag": "v1"}, "interval": "10h"});
    scene.namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    let before = scene.namespace.until_ready("app").await;
    let file = operator.artifacts("app").join(format!("{digest}.tar.gz"));
    let content = std::fs::read(&file).unwrap();

    spoil(&file);

    scene.namespace.until_event("app", "ArtifactVerificationFailed").await;
    until("the file as it was", async || if_so(std::fs::read(&file).is_ok_and(|now| now == content), ()))
        .await;
    let object = scene.namespace.until_ready("app").await;
    assert_eq!(artifact(&object).1, artifact(&before).1);
    let lines = operator.output();
    let told: Vec<_> = lines.lines().filter(|line| line.contains("a stored file is damaged")).collect();
    assert!(told.len() == 1 && told[0].contains(r#""name":"app""#), "{told:?}");
}
