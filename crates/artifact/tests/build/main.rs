//! Whole builds: a layer in, an archive out.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails; clippy knows only the test functions themselves"
)]

mod compressed;
mod effort;
mod golden;
mod hostile;
mod ignored;
mod layer;
mod limits;
mod tar_builder;
