//! Manifests and indexes, read from bytes (OCI image specification; Docker schema 2).

use std::collections::BTreeMap;

use reference::Digest;
use serde::Deserialize;

use crate::annotations;
use crate::descriptor::Descriptor;
use crate::platform::Platform;

/// A manifest with its layers: what an artifact is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// The layers in their order.
    pub layers: Vec<Descriptor>,
    /// The configuration, which an artifact may use for its own type.
    pub config: Option<Descriptor>,
    /// The type of the artifact, where the manifest gives one.
    pub artifact_type: Option<String>,
}

/// What a digest leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An image or artifact.
    Image(Box<Image>),
    /// A list of alternatives, of which a platform picks one.
    Index(Vec<Descriptor>),
}

/// Why bytes are no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// No JSON, or JSON of another shape.
    #[error("{0}")]
    Shape(String),
    /// A kind of manifest that holds no digests of layers.
    #[error("unsupported MediaType: \"{0}\"")]
    MediaType(String),
    /// Manifest and index at once: which of the two is meant is anybody's guess.
    #[error("both layers and manifests, and no mediaType that says which are meant")]
    Ambiguous,
    /// Indexes within indexes within indexes.
    #[error("indexes are nested too deeply")]
    Depth,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    schema_version: u64,
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "annotations::bounded")]
    annotations: BTreeMap<String, String>,
}

const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const IMAGES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+json";

/// Reads a manifest or an index.
///
/// # Errors
/// [`ImageError`]; nothing is taken from a document that is only partly understood.
pub fn parse(bytes: &[u8]) -> Result<Content, ImageError> {
    // A JSON array would pass for an object whose fields are all absent.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ImageError::Shape("not a JSON object".to_owned()));
    }
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| ImageError::Shape(error.to_string()))?;
    if document.schema_version == 1 {
        let media_type =
            if document.media_type.is_empty() { SCHEMA_1.to_owned() } else { document.media_type };
        return Err(ImageError::MediaType(media_type));
    }
    let is_index = if INDEXES.contains(&document.media_type.as_str()) {
        true
    } else if IMAGES.contains(&document.media_type.as_str()) {
        false
    } else if document.layers.is_some() && document.manifests.is_some() {
        return Err(ImageError::Ambiguous);
    } else {
        document.manifests.is_some()
    };
    if is_index {
        return Ok(Content::Index(document.manifests.unwrap_or_default()));
    }
    Ok(Content::Image(Box::new(Image {
        annotations: document.annotations,
        layers: document.layers.unwrap_or_default(),
        config: document.config,
        artifact_type: document.artifact_type,
    })))
}

/// The first child of an index that fits the platform.
#[must_use]
pub fn child(children: &[Descriptor], platform: &Platform) -> Option<Digest> {
    children.iter().find(|child| platform.fits(child.platform.as_ref())).map(|child| child.digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn image(fields: &str) -> Result<Content, ImageError> {
        parse(format!(r#"{{"schemaVersion":2,{fields}}}"#).as_bytes())
    }

    #[test]
    fn an_image_gives_annotations_and_layers_in_order() {
        let layers = format!(
            r#""annotations":{{"a":"1"}},"config":{{"mediaType":"c","digest":"{DIGEST}","size":2}},
            "layers":[{{"mediaType":"x","digest":"{DIGEST}","size":3,"data":"YWJj"}},{{"digest":"{DIGEST}","size":0,"annotations":null}}]"#
        );

        let Ok(Content::Image(image)) = image(&layers) else { panic!("no image") };

        assert_eq!(image.annotations["a"], "1");
        assert_eq!(image.layers.iter().map(|layer| layer.media_type.as_str()).collect::<Vec<_>>(), ["x", ""]);
        assert_eq!(image.layers[0].data.as_deref(), Some(b"abc".as_slice()));
        assert_eq!(image.config.unwrap().media_type, "c");
    }

    #[test]
    fn an_index_is_told_by_its_media_type_or_its_shape() {
        let children = format!(r#""manifests":[{{"mediaType":"m","digest":"{DIGEST}","size":1}}]"#);

        assert!(matches!(image(&children), Ok(Content::Index(children)) if children.len() == 1));
        assert!(matches!(image(&format!(r#""mediaType":"{}""#, INDEXES[0])), Ok(Content::Index(_))));
        assert!(matches!(
            image(&format!(r#""mediaType":"{}",{children}"#, IMAGES[0])),
            Ok(Content::Image(_))
        ));
        assert_eq!(image(&format!(r#""layers":[],{children}"#)), Err(ImageError::Ambiguous));
    }

    #[test]
    fn what_is_no_manifest_is_an_error() {
        assert_eq!(parse(br#"{"schemaVersion":1}"#), Err(ImageError::MediaType(SCHEMA_1.to_owned())));
        for bytes in [
            "",
            "this is no manifest",
            "[]",
            r#"{"layers":{}}"#,
            r#"{"layers":[{"digest":"sha256:00","size":1}]}"#,
        ] {
            assert!(matches!(parse(bytes.as_bytes()), Err(ImageError::Shape(_))), "{bytes}");
        }
        let negative = format!(r#"{{"layers":[{{"digest":"{DIGEST}","size":-1}}]}}"#);
        assert!(matches!(parse(negative.as_bytes()), Err(ImageError::Shape(_))));
    }

    #[test]
    fn the_first_child_that_fits_is_taken() {
        let child_of = |platform: &str| {
            let other = DIGEST.replace("e3b0", "0000");
            let children = format!(
                r#""manifests":[{{"digest":"{other}","size":1,"platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}},{{"digest":"{DIGEST}","size":1}}]"#
            );
            let Ok(Content::Index(children)) = image(&children) else { panic!("no index") };
            child(&children, &platform.parse().unwrap()).map(|digest| digest.to_string())
        };

        assert_eq!(child_of("linux/arm64").unwrap(), DIGEST.replace("e3b0", "0000"));
        assert_eq!(child_of("linux/amd64").unwrap(), DIGEST);
        assert_eq!(child_of("windows/amd64"), None);
    }
}
