//! Sluice: the program. It parses, wires, serves and drains; it decides nothing.

pub mod cluster;
pub mod config;
pub mod demo;
mod drain;
pub mod lease;
pub mod local;
pub mod metrics;
mod operate;
pub mod serve;
mod telemetry;
pub mod trigger;
pub mod webhooks;
pub mod wiring;

use std::process::ExitCode;

use clap::Parser;
use config::{Cli, Command, Config, DemoArguments, RunArguments, TriggerArguments};
use tokio_util::sync::CancellationToken;

pub use operate::operate;

/// What ends the process at once.
const FAILURE: i32 = 1;
/// Bad usage, as opposed to a failure.
const USAGE: u8 = 2;

/// The program, from its arguments to its exit status: 0, 1 after a failure, 2 for arguments that cannot be used.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(arguments) => run(&arguments),
        Command::Trigger(arguments) => trigger(&arguments),
        Command::Demo(arguments) => show(&arguments),
    }
}

fn run(arguments: &RunArguments) -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let config = match Config::new(arguments, &environment) {
        Ok(config) => config,
        Err(problems) => {
            for problem in problems {
                eprintln!("sluice run: {problem}");
            }
            return ExitCode::from(USAGE);
        }
    };
    telemetry::install(config.log_level, config.log_encoding);
    for gate in &config.idle_gates {
        tracing::info!(
            gate,
            "the feature gate has no effect: object identity is always on, and Secrets are never cached"
        );
    }
    finish(arbiter().block_on(async move {
        let shutdown = operate::on_signal(CancellationToken::new())?;
        let ends = match &config.manifests {
            None => cluster::ends(&config).await?,
            Some(folder) => {
                local::ends(folder, config.events.clone().map(cluster::Notifier::new).transpose()?)?
            }
        };
        let ended = operate(&config, ends, shutdown).await;
        if ended.is_err() {
            // Work on the pool would hold the process until it ends, and what it makes counts no more.
            finish(ended);
            std::process::exit(FAILURE);
        }
        ended
    }))
}

/// The tour writes for a reader: no log is installed that would break its table.
fn show(arguments: &DemoArguments) -> ExitCode {
    let once = arguments.once;
    let toured = arbiter().block_on(async move {
        let shutdown = operate::on_signal(CancellationToken::new())?;
        demo::run(once, shutdown).await
    });
    let Err(error) = toured else {
        return ExitCode::SUCCESS;
    };
    eprintln!("sluice demo: {error:#}");
    ExitCode::FAILURE
}

/// Its lines are for the log of a pipeline, or for a terminal.
fn trigger(arguments: &TriggerArguments) -> ExitCode {
    let told = arbiter().block_on(trigger::run(arguments, &|line| eprintln!("{line}")));
    match told {
        Ok(trigger::Verdict::Done) => ExitCode::SUCCESS,
        Ok(trigger::Verdict::Failed) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sluice trigger: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    tracing::error!(error = format!("{error:#}"), "the operator ended");
    ExitCode::FAILURE
}

/// Where actors can be started: one arbiter decides, the pool works (design s. 3).
///
/// # Panics
/// The system has no thread left.
pub fn arbiter() -> actix::SystemRunner {
    // Another provider can only have been installed by this very function.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let build = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("threads and timers are there when a process starts")
    };
    actix::System::with_tokio_rt(build)
}
