//! What is measured, under upstream's names where upstream measures it (spec 8.2); `docs/metrics.md` has the list.
//!
//! Each struct here is what one actor, or one end, is measured by. Its methods say what happened; names and labels are
//! its own matter, and labels come from enums and constants: only one series has the names of objects, as upstream's has.

mod leader;
mod passes;
mod process;
mod requests;
mod running;
#[cfg(test)]
mod tests;
mod tokens;
mod writes;

use prometheus::Registry;
use prometheus::core::Collector;

pub use leader::Leader;
pub use passes::Passes;
pub use process::Process;
pub use requests::Requests;
pub use tokens::Tokens;
pub use writes::Writes;

/// Upstream's name for the controller and the work queue of this kind.
const CONTROLLER: &str = "ocirepository";

fn register(registry: &Registry, series: Vec<Box<dyn Collector>>) -> prometheus::Result<()> {
    series.into_iter().try_for_each(|series| registry.register(series))
}
