//! The status of an object as values: what was recorded, and what a pass makes of it.

use std::collections::BTreeMap;

use crate::{Conditions, LayerSelector};

/// `status` without transition times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Status {
    /// The generation that was worked off; `-1` before the first one.
    pub observed_generation: i64,
    /// Our conditions.
    pub conditions: Conditions,
    /// The URL of the link to the current artifact.
    pub url: Option<String>,
    /// The stored artifact.
    pub artifact: Option<Artifact>,
    /// `spec.ignore` as the artifact was made with it.
    pub observed_ignore: Option<String>,
    /// `spec.layerSelector` as the artifact was made with it.
    pub observed_layer_selector: Option<LayerSelector>,
    /// The last token that was seen.
    pub last_handled_reconcile_at: Option<String>,
    /// The material that the revision was verified with (D38).
    pub fingerprint: Option<String>,
}

/// `status.artifact` (spec 1.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Artifact {
    /// The digest of the stored file.
    pub digest: String,
    /// Its path below the storage root.
    pub path: String,
    /// Where it is served.
    pub url: String,
    /// What it is: `tag@sha256:..` or `sha256:..`.
    pub revision: String,
    /// Its size in bytes.
    pub size: Option<i64>,
    /// When it was stored: RFC 3339, whole seconds.
    pub last_update_time: String,
    /// The annotations of the image's manifest.
    pub metadata: BTreeMap<String, String>,
}
