//! A list of tags that is much longer than what the operator may keep of it.

use std::fmt::Write as _;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use crate::support::bench::Bench;
use crate::support::image::{MANIFEST_TYPE, layer, manifest};
use crate::support::manifest::repository;
use crate::support::scene::Scene;
use crate::support::scripted::{Answer, Asked, Scripted};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![bench.trial(a_hundred_thousand_tags_are_read_and_kept_by_nobody)]
}

const TAGS: u32 = 100_000;
/// What a first artifact takes anyhow, and less than 100,000 texts do. The list is of 1.2 MiB.
const MOST_MEMORY_KIB: u64 = 6 * 1024;

fn list() -> String {
    let mut list = String::from(r#"{"name":"app","tags":["#);
    for number in 0..TAGS {
        write!(list, r#""1.0.{number}","#).unwrap();
    }
    list.push_str(r#""latest"]}"#);
    list
}

/// A registry of one repository.
async fn registry() -> Scripted {
    let (newest, list) = (format!("/v2/app/manifests/1.0.{}", TAGS - 1), list());
    Scripted::start(|_| {
        move |asked: &Asked| match asked.path.as_str() {
            "/v2/" => Answer::new(200, ""),
            "/v2/app/tags/list" => Answer::new(200, list.clone()),
            path if path == newest => Answer::new(200, manifest()).with("Content-Type", MANIFEST_TYPE),
            path if path.starts_with("/v2/app/blobs/") => Answer::new(200, layer()),
            _ => Answer::new(404, ""),
        }
    })
    .await
}

async fn a_hundred_thousand_tags_are_read_and_kept_by_nobody(scene: Scene) {
    let (namespace, registry) = (&scene.namespace, registry().await);
    let operator = scene.operator().await;
    operator.peak();
    let before = operator.peak();

    let spec = json!({"ref": {"semver": "1.0.x"}});
    namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;
    let app = namespace.until_ready("app").await;

    let revision = app["status"]["artifact"]["revision"].as_str().unwrap();
    assert!(revision.starts_with(&format!("1.0.{}@", TAGS - 1)), "{revision}");
    let peak = operator.peak();
    eprintln!("{TAGS} tags: {before} KiB before, {peak} KiB at most");
    assert!(peak <= before + MOST_MEMORY_KIB, "{before} KiB before, {peak} KiB at most");
}
