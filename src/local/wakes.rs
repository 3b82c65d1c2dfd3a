//! When the folder is worth another look: at once where the system tells of changes, else ever so often.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Between looks where the system tells of changes: it may lose some, and tells of none on a network's disk.
const SELDOM: Duration = Duration::from_secs(10);
/// Between looks where it does not.
const OFTEN: Duration = Duration::from_millis(500);

/// Tells of changes in a folder, not in those below it.
pub(super) struct Wakes {
    changed: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
}

impl Wakes {
    /// Begins to listen.
    pub(super) fn of(folder: &Path) -> Self {
        let changed = Arc::new(Notify::new());
        let watcher = watcher(folder, &changed)
            .inspect_err(|error| {
                tracing::warn!(%error, "the system does not tell of changed files: the folder is looked at every {OFTEN:?}");
            })
            .ok();
        Self { changed, watcher }
    }

    /// Waits for a change, at most for this long where it is given.
    pub(super) async fn next(&self, at_most: Option<Duration>) {
        let pause = if self.watcher.is_some() { SELDOM } else { OFTEN };
        let pause = at_most.map_or(pause, |time| time.min(pause));
        tokio::select! {
            biased;
            () = self.changed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn watcher(folder: &Path, changed: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let changed = Arc::clone(changed);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Our own reading is told as well.
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            changed.notify_one();
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
