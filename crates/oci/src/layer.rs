//! Which layer of an artifact is taken (spec 5.1, rulings D16 and D40).

use crate::descriptor::Descriptor;

/// The media type of a Helm chart's layer.
pub const HELM_CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const HELM_PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// Content types that do not show their kind by their ending.
const KNOWN: [&str; 7] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];
const KNOWN_ENDINGS: [&str; 3] = ["+gzip", ".tar.gz", "+zstd"];

/// Why there is no layer to take, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// The manifest has no layers, or none that may be taken.
    #[error("no layers found in artifact")]
    None,
    /// No layer has the media type that was selected.
    #[error("failed to find layer with media type '{0}' in artifact")]
    NotFound(String),
}

/// The layer that a selector, or without one the default rule, picks.
///
/// `media_type` is that of the selector; empty counts as none. By default it is the first layer of a known content
/// type, else the first; a Helm provenance file only if it is selected.
///
/// # Errors
/// [`LayerError`].
pub fn choose<'a>(layers: &'a [Descriptor], media_type: Option<&str>) -> Result<&'a Descriptor, LayerError> {
    if layers.is_empty() {
        return Err(LayerError::None);
    }
    if let Some(wanted) = media_type.filter(|wanted| !wanted.is_empty()) {
        let found = layers.iter().find(|layer| layer.media_type == wanted);
        return found.ok_or_else(|| LayerError::NotFound(wanted.to_owned()));
    }
    let eligible = || layers.iter().filter(|layer| layer.media_type != HELM_PROVENANCE);
    let chosen = eligible().find(|layer| is_content(&layer.media_type)).or_else(|| eligible().next());
    chosen.ok_or(LayerError::None)
}

/// Whether a layer is a Helm chart, which arrives whole unless somebody says otherwise (ruling D40).
#[must_use]
pub fn is_helm_chart(layer: &Descriptor) -> bool {
    layer.media_type == HELM_CHART
}

fn is_content(media_type: &str) -> bool {
    KNOWN.contains(&media_type) || KNOWN_ENDINGS.iter().any(|ending| media_type.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use reference::Digest;

    use super::*;

    fn layers(media_types: &[&str]) -> Vec<Descriptor> {
        let layer = |media_type: &&str| Descriptor {
            media_type: (*media_type).to_owned(),
            digest: Digest::sha256_from_bytes([0; 32]),
            size: 0,
            data: None,
            annotations: BTreeMap::new(),
            artifact_type: None,
            platform: None,
        };
        media_types.iter().map(layer).collect()
    }

    fn chosen(media_types: &[&str], selector: Option<&str>) -> Result<usize, LayerError> {
        let layers = layers(media_types);
        let chosen = choose(&layers, selector)?;
        Ok(layers.iter().position(|layer| std::ptr::eq(layer, chosen)).unwrap())
    }

    #[test]
    fn a_selector_picks_the_first_layer_of_exactly_its_type() {
        assert_eq!(chosen(&["a+gzip", "b", "b"], Some("b")), Ok(1));
        assert_eq!(chosen(&["b+gzip"], Some("b")), Err(LayerError::NotFound("b".to_owned())));
        assert_eq!(chosen(&[HELM_PROVENANCE], Some(HELM_PROVENANCE)), Ok(0));
        assert_eq!(
            chosen(&["a"], Some("application/vnd.example.absent")).unwrap_err().to_string(),
            "failed to find layer with media type 'application/vnd.example.absent' in artifact"
        );
    }

    #[test]
    fn without_a_selector_known_content_comes_first() {
        for known in [
            "application/vnd.cncf.flux.content.v1.tar+gzip",
            HELM_CHART,
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.v1.tar+zstd",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.example.site.tar.gz",
        ] {
            assert_eq!(chosen(&["text/plain", known], None), Ok(1), "{known}");
        }
        assert_eq!(chosen(&["text/plain", "text/html"], None), Ok(0));
        assert_eq!(chosen(&["a+gzip", "b+gzip"], Some("")), Ok(0));
    }

    #[test]
    fn a_provenance_file_is_never_picked_by_default() {
        assert_eq!(chosen(&[HELM_PROVENANCE, HELM_CHART], None), Ok(1));
        assert_eq!(chosen(&[HELM_PROVENANCE, "text/plain"], None), Ok(1));
        assert_eq!(chosen(&[HELM_PROVENANCE], None), Err(LayerError::None));
        assert_eq!(chosen(&[], None).unwrap_err().to_string(), "no layers found in artifact");
    }
}
