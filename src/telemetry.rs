//! Log lines as upstream writes them (spec 8.4): JSON to standard error, or readable text.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{self, format::Writer};

use crate::config::{LogEncoding, LogLevel};

/// Installs the log of the process; a second call has no effect.
pub(crate) fn install(level: LogLevel, encoding: LogEncoding) {
    let level = match level {
        LogLevel::Trace => "trace",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Error => "error",
    };
    // The transport crates log each frame; only their warnings tell an operator anything.
    let quiet = "hyper=warn,hyper_util=warn,h2=warn,rustls=warn,reqwest=warn,tower=warn,kube=warn,actix_server=warn";
    let filter = EnvFilter::new(format!("{level},{quiet}"));
    let lines = fmt::fmt().with_env_filter(filter).with_writer(io::stderr).with_timer(Milliseconds);
    let installed = match encoding {
        LogEncoding::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        LogEncoding::Console => lines.try_init(),
    };
    if let Err(error) = installed {
        tracing::debug!(%error, "the log was installed before");
    }
}

/// ISO 8601 with milliseconds, in UTC.
struct Milliseconds;

impl FormatTime for Milliseconds {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        let now = jiff::Timestamp::now();
        write!(writer, "{}", now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}
