//! Which superseded files go (spec 7.6, with D31: age counts from when a file was superseded).

use std::time::Duration;

/// A file that is not the current artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Former {
    /// In the object's directory.
    pub(super) file: String,
    /// Since it was superseded.
    pub(super) age: Duration,
}

/// Names of the files to be collected, oldest first: all that were superseded for longer than `lifetime`, then as many of
/// the oldest as exceed `records`, the current artifact counted (`current` is 1 if it is there).
///
/// Upstream counts some files twice and so keeps more in a pass that does both; its tests do not tell the two apart.
pub(super) fn surplus(
    mut former: Vec<Former>,
    current: usize,
    lifetime: Duration,
    records: usize,
) -> Vec<String> {
    former.sort_by(|one, other| other.age.cmp(&one.age).then_with(|| one.file.cmp(&other.file)));
    let expired = former.iter().filter(|file| file.age > lifetime).count();
    let over = (former.len() + current).saturating_sub(records);
    former.truncate(expired.max(over));
    former.into_iter().map(|file| file.file).collect()
}
