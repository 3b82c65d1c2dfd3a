//! A whole operator in this process, measured: one attempt, an unchanged pass, and fleets of up to ten thousand objects.
//! `cargo bench --bench fleet -- attempt` (or `pass`, or `load`) measures one of them.

mod attempt;
#[path = "../beside/mod.rs"]
mod beside;
mod cluster;
mod load;
mod pass;
mod registry;
mod stage;

use std::time::Duration;

use criterion::Criterion;

/// That of the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let asked = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if asked("load") {
        load::measure()?;
    }
    if asked("attempt") {
        let criterion = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
        attempt::measure(&mut criterion.configure_from_args());
    }
    if asked("pass") {
        pass::measure()?;
    }
    Ok(())
}
