//! The manifests of `examples/`, with the demo's registry in the place of the one that they name.

use std::path::Path;

use anyhow::Context as _;
use serde_yaml::{Mapping, Value};
use sluice_actors::Key;
use sluice_actors::cluster::ClusterReader;

/// The registry that the examples name.
const REGISTRY: &str = "ghcr.io";
/// The Secret of the examples.
const SECRET: (&str, &str) = ("default", "registry-credentials");

/// Each of them holds one object; `chart.yaml` that named `chart`, and so on.
const EXAMPLES: [(&str, &str); 4] = [
    ("branch.yaml", include_str!("../../examples/branch.yaml")),
    ("chart.yaml", include_str!("../../examples/chart.yaml")),
    ("registry-credentials.yaml", include_str!("../../examples/registry-credentials.yaml")),
    ("release.yaml", include_str!("../../examples/release.yaml")),
];

/// Writes the examples into a folder; their artifacts are in this registry then.
pub(super) fn write(folder: &Path, registry: &str) -> anyhow::Result<()> {
    for (name, text) in EXAMPLES {
        fs_err::write(folder.join(name), text.replace(REGISTRY, registry))?;
    }
    Ok(())
}

/// What the examples' Secret holds for this registry.
pub(super) async fn credential(
    reader: &dyn ClusterReader,
    registry: &str,
) -> anyhow::Result<Option<oci::Credential>> {
    let (namespace, name) = SECRET;
    let secret = reader.secret(namespace, name).await?;
    let config = secret
        .data
        .get(".dockerconfigjson")
        .context("the Secret of the examples has no .dockerconfigjson")?;
    Ok(oci::docker_config::select(&[oci::DockerConfig::parse_json(config)?], registry, ""))
}

/// Asks for an object to be reconciled, as `flux reconcile` does, by an edit of its file.
pub(super) fn request(folder: &Path, key: &Key, token: &str) -> anyhow::Result<()> {
    let path = folder.join(format!("{}.yaml", key.name));
    let mut object: Value = serde_yaml::from_str(&fs_err::read_to_string(&path)?)?;
    let metadata =
        object.get_mut("metadata").and_then(Value::as_mapping_mut).context("the manifest has no metadata")?;
    let annotations = metadata.entry("annotations".into()).or_insert_with(|| Mapping::new().into());
    let annotations = annotations.as_mapping_mut().context("the annotations are no map")?;
    annotations.insert("reconcile.fluxcd.io/requestedAt".into(), token.into());
    fs_err::write(&path, serde_yaml::to_string(&object)?)?;
    Ok(())
}
