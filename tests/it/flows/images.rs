//! Images as registries hold them: a manifest and its layers.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const SOURCE: &str = "https://github.com/stefanprodan/podinfo";

/// One image.
pub(crate) struct Image {
    pub(crate) manifest: Vec<u8>,
    pub(crate) layer: Vec<u8>,
}

impl Image {
    /// What a release of podinfo is to these tests: two manifests that name the version.
    pub(crate) fn podinfo(version: &str) -> Self {
        let layer = layer(&[
            ("kustomize/deployment.yaml", &deployment(version)),
            ("kustomize/hpa.yaml", "kind: HorizontalPodAutoscaler\n"),
        ]);
        let digest = digest(&layer);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": self::digest(b"{}")},
            "layers": [{"mediaType": DOCKER_LAYER, "size": layer.len(), "digest": digest}],
            "annotations": annotations(version),
        });
        Self { manifest: manifest.to_string().into_bytes(), layer }
    }

    pub(crate) fn digest(&self) -> String {
        digest(&self.manifest)
    }
}

pub(crate) fn deployment(version: &str) -> String {
    format!("kind: Deployment\nimage: ghcr.io/stefanprodan/podinfo:{version}\n")
}

pub(crate) fn annotations(version: &str) -> Value {
    json!({
        "org.opencontainers.image.source": SOURCE,
        "org.opencontainers.image.revision": format!("{version}@sha1:b3b00fe35424a45d373bf4c7214178bc36fd7872"),
    })
}

/// The digest of bytes: `sha256:` and 64 hex digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    format!("sha256:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat())
}

fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}
