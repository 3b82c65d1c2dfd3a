//! The cluster's place taken by a folder of manifests.
//!
//! The files declare objects as `kubectl apply` would; `.status` beside them holds what an API server would hold
//! of each, so that a restart is a restart. Nothing between the two ends knows the difference.
//!
//! ```text
//! files -> documents -> manifests -> contents -> records -> source -> Watcher
//!                                             \-> shelf            records <- sink <- StatusWriter
//! ```

mod contents;
mod disk;
mod document;
mod files;
mod manifest;
mod record;
mod records;
mod shelf;
mod sink;
mod source;
mod wakes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use sluice_actors::Object;
use tokio::sync::watch;

use contents::{Contents, Problem};
use disk::Disk;
use files::Files;
use records::Records;
use shelf::Shelf;
use sink::Sink;

use crate::cluster::Notifier;
use crate::wiring::Ends;

/// Before a record is written again that could not be written.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// A folder of manifests, which belongs to this process as long as a copy of this lives.
#[derive(Clone)]
pub struct Folder(Arc<Stand>);

struct Stand {
    folder: PathBuf,
    records: Arc<Records>,
    shelf: Arc<Shelf>,
    seen: Mutex<Seen>,
}

struct Seen {
    files: Files,
    told: BTreeSet<Problem>,
    behind: bool,
}

/// The two ends at a folder of manifests; events go to the notifier too, where there is one.
///
/// # Errors
/// A sentence, when the folder cannot be used.
pub fn ends(folder: &Path, notifier: Option<Notifier>) -> anyhow::Result<Ends> {
    Ok(Folder::open(folder)?.ends(notifier))
}

impl Folder {
    /// Reads the folder, and what is recorded of its objects.
    ///
    /// # Errors
    /// A sentence, when the folder cannot be read, its statuses cannot be written, or another process has it.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("the folder of manifests {} cannot be used", folder.display());
        if !std::fs::metadata(folder).with_context(cannot)?.is_dir() {
            bail!("the folder of manifests {} is no folder", folder.display());
        }
        let records = Records::open(Disk::open(folder).with_context(cannot)?).with_context(cannot)?;
        let mut files = Files::new(folder);
        files.first_look(Instant::now()).with_context(cannot)?;
        let stand = Stand {
            folder: folder.to_owned(),
            records: Arc::new(records),
            shelf: Arc::new(Shelf::default()),
            seen: Mutex::new(Seen { files, told: BTreeSet::new(), behind: true }),
        };
        stand.look();
        Ok(Self(Arc::new(stand)))
    }

    /// What the operator runs between.
    #[must_use]
    pub fn ends(&self, notifier: Option<Notifier>) -> Ends {
        let stand = Arc::clone(&self.0);
        Ends {
            webhooks: None,
            reader: Arc::clone(&stand.shelf) as _,
            writer: Arc::new(Sink { records: Arc::clone(&stand.records), notifier }),
            source: Box::new(|watcher, stop| Box::pin(source::follow(stand, watcher, stop))),
            election: None,
            series: Vec::new(),
        }
    }

    /// The objects as they are now, in the order of their names.
    #[must_use]
    pub fn objects(&self) -> Vec<Arc<Object>> {
        self.0.records.all()
    }

    /// What cannot be used of the files, each with the file and the line.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.0.seen().told.iter().map(|problem| self.0.located(problem)).collect()
    }

    /// Grows with every change of an object, by its author or by the operator, and of the problems.
    #[must_use]
    pub fn version(&self) -> watch::Receiver<u64> {
        self.0.records.version()
    }
}

impl Stand {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn located(&self, problem: &Problem) -> String {
        self.folder.join(problem.to_string()).display().to_string()
    }

    /// Looks at the files and follows what they declare; how soon to look again.
    fn look(&self) -> Option<Duration> {
        let mut seen = self.seen();
        let look = match seen.files.look(Instant::now()) {
            Ok(look) => look,
            Err(error) => {
                tracing::error!(%error, "the folder of manifests cannot be read; its objects stay as they were");
                return None;
            }
        };
        if !look.changed && !seen.behind {
            return look.again;
        }
        let contents = Contents::of(seen.files.contents());
        for problem in contents.problems.difference(&seen.told) {
            tracing::error!("{}", self.located(problem));
        }
        self.shelf.stock(&contents);
        let followed = self.records.declare(&contents);
        seen.behind = followed.is_err();
        let told = std::mem::replace(&mut seen.told, contents.problems);
        let news = told != seen.told;
        drop(seen);
        if news {
            self.records.touch();
        }
        let Err(error) = followed else { return look.again };
        tracing::error!(
            error = format!("{error:#}"),
            "a change of the folder could not be recorded and is tried again"
        );
        Some(look.again.map_or(WRITE_AGAIN, |again| again.min(WRITE_AGAIN)))
    }
}

#[cfg(test)]
mod tests;
