//! The folder `.status`: the records on disk, each replaced as a whole.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use sluice_actors::Key;

use super::document::documents;
use super::record::Record;

/// What is written before it is renamed; no object can have this name.
const DRAFT: &str = ".draft";

/// The folder of the records, which is ours as long as this lives.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    /// Holds the lock on the folder.
    _lock: std::fs::File,
}

impl Disk {
    /// Takes the folder of the records below this folder.
    ///
    /// # Errors
    /// It cannot be written, or another process works there.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let root = folder.join(".status");
        fs_err::create_dir_all(&root).context("the status of objects cannot be kept")?;
        let lock =
            fs_err::File::create(root.join(".lock")).context("the status of objects cannot be kept")?;
        let (lock, _) = lock.into_parts();
        if let Err(error) = lock.try_lock() {
            bail!(
                "{} cannot be locked, perhaps because another sluice works on this folder: {error}",
                root.display()
            );
        }
        Ok(Self { root, _lock: lock })
    }

    /// All records. One that cannot be read is told and left out: its object begins a new life.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn load(&self) -> anyhow::Result<Vec<Record>> {
        let mut records = Vec::new();
        for namespace in entries(&self.root)? {
            if !namespace.is_dir() {
                continue;
            }
            for path in entries(&namespace)? {
                if path.extension().is_none_or(|extension| extension != "yaml") {
                    continue;
                }
                match read(&path).filter(|record| self.path(&record.key) == path) {
                    Some(record) => records.push(record),
                    None => {
                        tracing::error!(file = %path.display(), "this status cannot be read; its object begins anew");
                    }
                }
            }
        }
        Ok(records)
    }

    /// Replaces a record. It survives the death of this process; after that of the machine an older one may be found.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn save(&self, record: &Record) -> anyhow::Result<()> {
        let path = self.path(&record.key);
        let folder = self.root.join(&*record.key.namespace);
        let text = serde_yaml::to_string(&record.to_stored())?;
        fs_err::create_dir_all(&folder)?;
        let draft = folder.join(DRAFT);
        fs_err::write(&draft, text)?;
        fs_err::rename(&draft, &path)?;
        Ok(())
    }

    /// Removes a record.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn remove(&self, key: &Key) -> anyhow::Result<()> {
        let path = self.path(key);
        if path.try_exists()? {
            fs_err::remove_file(path)?;
        }
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(&*key.namespace).join(format!("{}.yaml", key.name))
    }
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Option<Record> {
    let text = fs_err::read_to_string(path).ok()?;
    let document = documents(&text).into_iter().next()?;
    Record::of_stored(&document.content.ok()?)
}
