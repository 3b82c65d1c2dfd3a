//! Child processes: each with a process group and a log of its own, none outlives the run.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How often a condition without a notification is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(25);

/// Process groups that run now.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A child process that is killed, with all of its own children, when this value goes.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command. Its output goes to a file in this directory.
    pub(crate) fn start(name: &'static str, mut command: Command, directory: &Path) -> Self {
        let log = directory.join(format!("{name}.log"));
        let output = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        running().insert(group_of(&child));
        Self { name, child, log }
    }

    /// Its number.
    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(group_of(&self.child)).expect("a child has an id")
    }

    /// All that it has printed.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Looks until something is found; panics when the process ends before, or when the limit has passed.
    pub(crate) async fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl AsyncFnMut(&Self) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(found) = look(self).await {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended with {status} before {what}:\n{}", self.name, self.tail());
            }
            assert!(Instant::now() < deadline, "{}: no {what} within {limit:?}:\n{}", self.name, self.tail());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(&mut self) {
        let group = group_of(&self.child);
        if let Some(group) = Pid::from_raw(group) {
            // A group that is gone is as good as killed.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
        running().remove(&group);
    }

    /// Asks it to end, and returns its exit status once it has.
    pub(crate) async fn terminate(&mut self, limit: Duration) -> i32 {
        let group = Pid::from_raw(group_of(&self.child)).expect("a child has an id");
        let _ = kill_process_group(group, Signal::TERM);
        self.ended(limit).await
    }

    /// Waits until it ends, and returns its exit status.
    pub(crate) async fn ended(&mut self, limit: Duration) -> i32 {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(
                Instant::now() < deadline,
                "{} does not end within {limit:?}:\n{}",
                self.name,
                self.tail()
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// The last lines of its output.
    pub(crate) fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<&str> = output.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills whatever runs; for an end that skips every `Drop`.
pub(crate) fn kill_all() {
    for group in running().iter().filter_map(|group| Pid::from_raw(*group)) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn running() -> MutexGuard<'static, BTreeSet<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn group_of(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("process ids are positive and fit")
}
