//! The names of fields that log lines carry: upstream's, which `flux logs` filters by (spec 8.4).

/// The namespace of the object that a line is about.
pub const NAMESPACE: &str = "namespace";
/// Its name.
pub const NAME: &str = "name";
/// Which pass of the object: a UUID.
pub const RECONCILE_ID: &str = "reconcileID";
/// Why something failed, in a sentence.
pub const ERROR: &str = "error";
/// The reason of a condition or an event.
pub const REASON: &str = "reason";
