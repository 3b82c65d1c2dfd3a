//! A list of tags that is much longer than what the operator may keep of it.

use std::fmt::Write as _;
use std::sync::Arc;

use artifact::digest::Algorithm;
use flate2::Compression;
use flate2::write::GzEncoder;
use libtest_mimic::Trial;
use serde_json::json;

use crate::support::bench::Bench;
use crate::support::manifest::repository;
use crate::support::scene::Scene;
use crate::support::scripted::{Answer, Asked, Scripted};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![bench.trial(a_hundred_thousand_tags_are_read_and_kept_by_nobody)]
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.empty.v1+json";
const LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";

const TAGS: u32 = 100_000;
/// What a first artifact takes anyhow, and less than 100,000 texts do. The list is of 1.2 MiB.
const MOST_MEMORY_KIB: u64 = 6 * 1024;

fn digest(bytes: &[u8]) -> String {
    Algorithm::Sha256.digest_of(bytes).unwrap().to_string()
}

fn layer() -> Vec<u8> {
    let content = b"a: 1\n";
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "a.yaml", &content[..]).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

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
    let (layer, list) = (layer(), list());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest(b"{}"), "size": 2},
        "layers": [{"mediaType": LAYER, "digest": digest(&layer), "size": layer.len()}],
    });
    let (newest, manifest) = (format!("/v2/app/manifests/1.0.{}", TAGS - 1), manifest.to_string());
    Scripted::start(|_| {
        move |asked: &Asked| match asked.path.as_str() {
            "/v2/" => Answer::new(200, ""),
            "/v2/app/tags/list" => Answer::new(200, list.clone()),
            path if path == newest => Answer::new(200, manifest.clone()).with("Content-Type", MANIFEST),
            path if path.starts_with("/v2/app/blobs/") => Answer::new(200, layer.clone()),
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
