//! The log of the process: upstream's lines, on standard error (spec 8.4).

mod fields;
mod lines;
#[cfg(test)]
mod tests;

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogEncoding, LogLevel};
use lines::Lines;

/// The transport crates log each frame; only their warnings tell an operator anything.
const NOISY: [&str; 8] = ["hyper", "hyper_util", "h2", "rustls", "reqwest", "tower", "kube", "actix_server"];

/// Installs the log of the process; a second call has no effect.
pub(crate) fn install(level: LogLevel, encoding: LogEncoding) {
    let lines = Lines::new(encoding, io::stderr, jiff::Timestamp::now);
    let installed = tracing_subscriber::registry().with(filter(level)).with(lines).try_init();
    if let Err(error) = installed {
        tracing::debug!(%error, "the log was installed before");
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let (ours, theirs) = match level {
        LogLevel::Trace => ("trace", "warn"),
        LogLevel::Debug => ("debug", "warn"),
        LogLevel::Info => ("info", "warn"),
        LogLevel::Error => ("error", "error"),
    };
    let directives = NOISY.iter().map(|name| format!(",{name}={theirs}"));
    EnvFilter::new(ours.to_owned() + &directives.collect::<String>())
}
