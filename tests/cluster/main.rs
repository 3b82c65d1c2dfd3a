//! The whole operator as a process, against a real API server with etcd and a real registry.
//!
//! `cargo test --test cluster [FILTER]` builds `tests/testbed` where `SLUICE_TESTBED` does not name its directory. Everything
//! listens on loopback. All tests share one control plane; each has a namespace, a registry and an operator of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed; without libtest, clippy does not know that these are tests"
)]

mod accounts;
mod damaged;
mod exposed;
mod failures;
mod first_artifact;
mod gitea;
mod handover;
mod helm;
mod installed;
mod killed;
mod lifecycle;
mod long_list;
mod outage;
mod permitted;
mod refused;
mod removed;
mod replicas;
mod secrets;
mod support;
mod testbed;
mod thousand;
mod transcript;
mod two_writers;
mod verified;
mod webhooks;
mod webhooks_hostile;

use libtest_mimic::Trial;
use support::bench::Bench;
use support::process;

/// Tests mostly wait, for processes or for a Lease to expire; more at a time and two cores are too busy for the limits of D48.
const THREADS: usize = 6;

fn main() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nobody else installs one");
    end_children_on_signals();
    let mut arguments = libtest_mimic::Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    let bench = Bench::new();
    let groups = vec![
        testbed::tests(&bench),
        thousand::tests(&bench),
        accounts::tests(&bench),
        damaged::tests(&bench),
        exposed::tests(&bench),
        failures::tests(&bench),
        first_artifact::tests(&bench),
        gitea::tests(&bench),
        handover::tests(&bench),
        helm::tests(&bench),
        installed::tests(&bench),
        killed::tests(&bench),
        lifecycle::tests(&bench),
        long_list::tests(&bench),
        permitted::tests(&bench),
        refused::tests(&bench),
        removed::tests(&bench),
        replicas::tests(&bench),
        secrets::tests(&bench),
        transcript::tests(&bench),
        two_writers::tests(&bench),
        verified::tests(&bench),
        webhooks::tests(&bench),
        webhooks_hostile::tests(&bench),
    ];
    let mut trials = mixed(groups);
    // It counts seconds, so it comes when the others are nearly done.
    trials.extend(outage::tests(&bench));
    let conclusion = libtest_mimic::run(&arguments, trials);
    eprintln!("tools consume has taken {} artifacts", bench.consumed());
    drop(bench);
    process::kill_all();
    conclusion.exit();
}

/// One of each group after the other: some groups mostly work, and others mostly wait for a Lease to expire.
fn mixed(groups: Vec<Vec<Trial>>) -> Vec<Trial> {
    let mut groups: Vec<_> = groups.into_iter().map(Vec::into_iter).collect();
    let mut mixed = Vec::new();
    loop {
        let before = mixed.len();
        mixed.extend(groups.iter_mut().filter_map(Iterator::next));
        if mixed.len() == before {
            return mixed;
        }
    }
}

/// Children have groups of their own, so that a Ctrl-C does not reach them by itself.
fn end_children_on_signals() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads can be started");
    std::thread::spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be listened to");
            let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
            tokio::select! {
                biased;
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        process::kill_all();
        std::process::exit(130);
    });
}
