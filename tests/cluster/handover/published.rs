//! What the registry holds for the objects, one repository each.

use serde_json::Value;

use super::fixture::folder;
use crate::support::files::below;
use crate::support::registry::Registry;
use crate::support::tools::Keys;

/// What an object leads to in the registry.
pub(super) struct Published {
    /// The digest of the manifest.
    pub(super) manifest: String,
    /// When it was made, as its annotation says.
    pub(super) created: String,
    /// The bytes of its only layer.
    pub(super) layer: Vec<u8>,
    /// The digest of that.
    pub(super) layer_digest: String,
}

/// The files of `content/` with their paths.
pub(super) fn content() -> Vec<(String, Vec<u8>)> {
    let root = folder("content");
    let relative = |path: &std::path::Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    below(&root).iter().map(|path| (relative(path), std::fs::read(path).unwrap())).collect()
}

/// Publishes what the object of this name asks for.
pub(super) async fn publish(registry: &Registry, name: &str, keys: &Keys) -> Published {
    let content = content();
    let files: Vec<(&str, &[u8])> = content.iter().map(|(path, bytes)| (&**path, &**bytes)).collect();
    let (repository, manifest) = match name {
        "chart" => ("charts/podinfo", registry.push_chart("charts", "podinfo", "1.2.3").await),
        "semver" => {
            registry.push("semver:1.9.0", &files[1..]).await;
            registry.push("semver:2.0.0", &files[1..]).await;
            (name, registry.push("semver:1.10.0", &files).await)
        }
        "verified" => {
            let digest = registry.push("verified:v1", &files).await;
            registry.sign(&format!("verified@{digest}"), keys).await;
            (name, digest)
        }
        _ => (name, registry.push(&format!("{name}:v1"), &files).await),
    };
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let text = read(registry, repository, &format!("manifests/{manifest}"), kind).await;
    let parsed: Value = serde_json::from_slice(&text).unwrap();
    let layer_digest = registry.layer_of(&manifest);
    Published {
        created: parsed["annotations"]["org.opencontainers.image.created"].as_str().unwrap().to_owned(),
        layer: read(registry, repository, &format!("blobs/{layer_digest}"), "*/*").await,
        layer_digest,
        manifest,
    }
}

async fn read(registry: &Registry, repository: &str, what: &str, kind: &str) -> Vec<u8> {
    let url = format!("http://{}/v2/{repository}/{what}", registry.host());
    let answer = reqwest::Client::new().get(url).header("accept", kind).send().await.unwrap();
    answer.error_for_status().unwrap().bytes().await.unwrap().to_vec()
}
