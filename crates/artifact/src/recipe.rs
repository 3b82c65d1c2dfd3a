//! What is to be made of a layer.

/// What is done with a layer (`spec.layerSelector.operation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Operation {
    /// Its files are archived anew, without those that are ignored (spec 5.3 to 5.5).
    #[default]
    Extract,
    /// Its bytes are stored as they came (spec 5.2).
    Copy,
}

/// All that decides, with the layer itself, which bytes are stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Recipe {
    /// What is done with the layer.
    pub operation: Operation,
    /// `spec.ignore`; has no say in a copy.
    pub ignore: Option<String>,
    /// The layer is a Helm chart that nobody selected by its type: it stays whole unless it or `ignore` has a pattern (D40).
    pub chart: bool,
}
