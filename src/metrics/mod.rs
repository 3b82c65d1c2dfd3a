//! What is measured, under upstream's names where upstream measures it (spec 8.2); `docs/metrics.md` has the list.
//!
//! Each struct here is what one actor, or one end, is measured by. Its methods say what happened; names and labels are
//! its own matter, and labels come from enums and constants: only one series has the names of objects, as upstream's has, and hosts are counted.

mod deliveries;
mod flights;
mod hosts;
mod lag;
mod leader;
mod objects;
mod passes;
mod process;
mod requests;
mod room;
mod running;
mod served;
#[cfg(test)]
mod tests;
mod tokens;
mod writes;

use prometheus::core::Collector;
use prometheus::{HistogramOpts, Registry};

pub use deliveries::Deliveries;
pub use flights::{Flights, Question};
pub use hosts::Hosts;
pub use lag::Lag;
pub use leader::Leader;
pub use passes::Passes;
pub use process::Process;
pub use requests::Requests;
pub use room::Room;
pub use served::BytesServed;
pub use tokens::Tokens;
pub use writes::Writes;

/// Upstream's name for the controller and the work queue of this kind.
const CONTROLLER: &str = "ocirepository";
/// Seconds of a wait at a bound: from 1 ms to about 1000 s.
const WAIT_SECONDS: (f64, f64, usize) = (1e-3, 4.0, 11);

fn waits(name: &str, help: &str) -> prometheus::Result<HistogramOpts> {
    let (first, factor, count) = WAIT_SECONDS;
    let buckets = prometheus::exponential_buckets(first, factor, count)?;
    Ok(HistogramOpts::new(name, help).buckets(buckets))
}

fn register(registry: &Registry, series: Vec<Box<dyn Collector>>) -> prometheus::Result<()> {
    series.into_iter().try_for_each(|series| registry.register(series))
}
