//! The one image of scripted registries.

use artifact::digest::Algorithm;
use serde_json::json;

use super::files::archive_of;

pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

pub(crate) fn layer() -> Vec<u8> {
    archive_of("a.yaml", b"a: 1\n")
}

pub(crate) fn manifest() -> String {
    let layer = layer();
    let described = |media_type: &str, bytes: &[u8]| json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len()});
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": described("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [described(LAYER_TYPE, &layer)],
    })
    .to_string()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Algorithm::Sha256.digest_of(bytes).unwrap().to_string()
}
