//! The files of the folder: what each of them holds, and which have come to rest since they changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::contents::{Content, content};

/// A file is read when it has not changed for this long: editors empty a file before they fill it, and `git
/// checkout` removes one before it writes it anew. Read in between, that would delete objects.
const SETTLE: Duration = Duration::from_millis(100);
/// An object of the API server has at most 1.5 MiB.
const LARGEST_FILE: u64 = 4 << 20;

/// The folder, as it was when it was looked at last.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    all: BTreeMap<String, File>,
}

#[derive(Debug, Default)]
struct File {
    /// What was read.
    read: Option<Stamp>,
    /// What was seen last, and since when.
    seen: Option<(Option<Stamp>, Instant)>,
    content: Content,
}

/// Two looks at a file with equal stamps are looks at equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What a look brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Some file was read anew, or is gone.
    pub(super) changed: bool,
    /// A file is not at rest yet: look again after this time.
    pub(super) again: Option<Duration>,
}

impl Files {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), all: BTreeMap::new() }
    }

    /// Reads everything at once, at rest or not: the look of a start.
    ///
    /// # Errors
    /// The folder itself cannot be read.
    pub(super) fn first_look(&mut self, now: Instant) -> io::Result<()> {
        self.look_after(Duration::ZERO, now).map(drop)
    }

    /// Reads the files that have changed and come to rest.
    ///
    /// # Errors
    /// The folder itself cannot be read; what was known stays.
    pub(super) fn look(&mut self, now: Instant) -> io::Result<Look> {
        self.look_after(SETTLE, now)
    }

    /// What the files hold, in the order of their names.
    pub(super) fn contents(&self) -> impl Iterator<Item = (&str, &Content)> {
        self.all.iter().map(|(name, file)| (name.as_str(), &file.content))
    }

    fn look_after(&mut self, settle: Duration, now: Instant) -> io::Result<Look> {
        let stamps = stamps(&self.folder)?;
        let names: BTreeSet<String> = self.all.keys().chain(stamps.keys()).cloned().collect();
        let mut look = Look { changed: false, again: None };
        for name in names {
            let stamp = stamps.get(&name).copied();
            let file = self.all.entry(name.clone()).or_default();
            let Some(unrest) = file.unrest(stamp, settle, now) else {
                continue;
            };
            if !unrest.is_zero() {
                look.again_after(unrest);
                continue;
            }
            if stamp.is_some() {
                let (after, text) = read(&self.folder.join(&name));
                if after != stamp && !settle.is_zero() {
                    look.again_after(settle);
                    continue;
                }
                file.content = content(text, std::mem::take(&mut file.content));
            }
            (file.read, file.seen) = (stamp, None);
            look.changed = true;
        }
        self.all.retain(|_, file| file.read.is_some() || file.seen.is_some());
        Ok(look)
    }
}

impl Look {
    fn again_after(&mut self, unrest: Duration) {
        self.again = Some(self.again.map_or(unrest, |again| again.min(unrest)));
    }
}

impl File {
    /// How long this file has to rest before it is read; `None` when it is known as it is.
    fn unrest(&mut self, stamp: Option<Stamp>, settle: Duration, now: Instant) -> Option<Duration> {
        if self.read == stamp {
            self.seen = None;
            return None;
        }
        let since = match self.seen {
            Some((seen, since)) if seen == stamp => since,
            _ => now,
        };
        self.seen = Some((stamp, since));
        Some(settle.saturating_sub(now.saturating_duration_since(since)))
    }
}

fn stamps(folder: &Path) -> io::Result<BTreeMap<String, Stamp>> {
    let mut stamps = BTreeMap::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Some((stem, "yaml" | "yml")) = name.rsplit_once('.') else {
            continue;
        };
        if stem.is_empty() || stem.starts_with('.') {
            continue;
        }
        // A link is followed: mounted ConfigMaps are made of links.
        let Ok(metadata) = fs_err::metadata(entry.path()) else {
            continue;
        };
        if metadata.is_file() {
            stamps.insert(name, stamp(&metadata));
        }
    }
    Ok(stamps)
}

fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    Stamp {
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// The text of a file, and its stamp after it was read.
fn read(path: &Path) -> (Option<Stamp>, Result<String, String>) {
    let mut bytes = Vec::new();
    let limit = LARGEST_FILE + 1;
    let read = fs_err::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    let text = match read {
        Err(error) => Err(error.to_string()),
        Ok(_) if bytes.len() as u64 == limit => Err("the file has more than 4 MiB".to_owned()),
        Ok(_) => String::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned()),
    };
    (fs_err::metadata(path).ok().map(|metadata| stamp(&metadata)), text)
}

#[cfg(test)]
mod tests;
