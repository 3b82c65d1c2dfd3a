//! From source-controller to Sluice and back, on one cluster (docs/migrate.md).
//!
//! Source-controller does not run here: `tests/fixtures/handover` holds what it leaves, and what it reads is what it would have
//! left itself.

mod archive;
mod back;
mod definition;
mod fixture;
mod history;
mod kept;
mod lost;
mod published;
mod stage;
mod storage;

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::support::bench::Bench;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(kept::with_its_storage_a_cluster_changes_hands_and_nobody_notices),
        bench.trial(lost::without_its_storage_each_extracted_artifact_gets_one_new_digest),
        bench.trial(back::what_is_left_is_what_source_controller_would_have_left),
    ]
}
