//! The objects that are kept, and what changes them: the folder on one side, the operator on the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use sluice_actors::cluster::WriteError;
use sluice_actors::watcher::ObjectChanged;
use sluice_actors::{Key, Object};
use tokio::sync::watch;

use super::contents::{Contents, Declaration};
use super::disk::Disk;
use super::record::Record;
use sluice_actors::cluster::merge;

/// All objects; its calls write to disk before they return.
#[derive(Debug)]
pub(super) struct Records {
    disk: Disk,
    books: Mutex<Books>,
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Books {
    kept: BTreeMap<Key, Record>,
    wanted: BTreeMap<Key, Declaration>,
    faulty: BTreeSet<String>,
    unsent: BTreeMap<Key, Unsent>,
}

/// What the watch has not been told of an object.
#[derive(Debug, Default)]
struct Unsent {
    gone: Option<Arc<str>>,
    applied: bool,
}

impl Records {
    /// The records that are on this disk.
    ///
    /// # Errors
    /// The disk cannot be read.
    pub(super) fn open(disk: Disk) -> anyhow::Result<Self> {
        let kept: BTreeMap<Key, Record> =
            disk.load()?.into_iter().map(|record| (record.key.clone(), record)).collect();
        let newest = kept.values().map(|record| record.version).max().unwrap_or(0);
        let books = Mutex::new(Books { kept, ..Books::default() });
        Ok(Self { disk, books, version: watch::channel(newest).0 })
    }

    /// Follows what the folder declares now.
    ///
    /// # Errors
    /// Some record could not be written: declare the same again later.
    pub(super) fn declare(&self, contents: &Contents) -> anyhow::Result<()> {
        let mut books = self.books();
        books.wanted.clone_from(&contents.repositories);
        books.faulty.clone_from(&contents.faulty);
        let keys: BTreeSet<Key> = books.kept.keys().chain(books.wanted.keys()).cloned().collect();
        let results: Vec<_> = keys.iter().map(|key| self.follow(&mut books, key)).collect();
        results.into_iter().collect()
    }

    /// The object as it is now.
    pub(super) fn get(&self, key: &Key) -> Result<Value, WriteError> {
        let books = self.books();
        books.kept.get(key).map(Record::to_value).ok_or(WriteError::Gone)
    }

    /// All objects as they are now.
    pub(super) fn all(&self) -> Vec<Arc<Object>> {
        self.books().kept.values().filter_map(observed).collect()
    }

    /// Merges the `status` of a patch into that of the object.
    pub(super) fn patch_status(&self, key: &Key, patch: &Value) -> Result<Value, WriteError> {
        let mut books = self.books();
        let mut record = addressed(&books, key, patch)?.clone();
        if let Some(change) = patch.get("status") {
            merge(&mut record.status, change);
        }
        self.keep(&mut books, record).map_err(|error| failed(&error))
    }

    /// Takes over the finalizers of a patch; the life of the object may end by that.
    pub(super) fn patch(&self, key: &Key, patch: &Value) -> Result<Value, WriteError> {
        let mut books = self.books();
        let mut record = addressed(&books, key, patch)?.clone();
        let finalizers = wanted_finalizers(patch, &record)?;
        if record.deleted.is_some()
            && finalizers.iter().any(|finalizer| !record.finalizers.contains(finalizer))
        {
            let text = "no new finalizers can be added while the object is being deleted";
            return Err(WriteError::Refused(text.to_owned()));
        }
        record.finalizers = finalizers;
        if !record.is_over() {
            return self.keep(&mut books, record).map_err(|error| failed(&error));
        }
        self.end(&mut books, &record).map_err(|error| failed(&error))?;
        if let Err(error) = self.follow(&mut books, key) {
            tracing::error!(%key, error = format!("{error:#}"), "the next life of the object could not be written");
        }
        Ok(record.to_value())
    }

    /// What has changed since the last call, oldest first for each object; several changes of one are one.
    pub(super) fn changes(&self) -> Vec<ObjectChanged> {
        let mut books = self.books();
        let unsent = std::mem::take(&mut books.unsent);
        let mut changes = Vec::new();
        for (key, Unsent { gone, applied }) in unsent {
            if let Some(uid) = gone {
                changes.push(ObjectChanged::Deleted { key: key.clone(), uid });
            }
            if applied {
                changes.extend(books.kept.get(&key).and_then(observed).map(ObjectChanged::Applied));
            }
        }
        changes
    }

    /// The version of the newest change.
    pub(super) fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Wakes those who wait for a newer version.
    pub(super) fn touch(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one step of an object from what is kept to what is wanted.
    fn follow(&self, books: &mut Books, key: &Key) -> anyhow::Result<()> {
        let kept = books.kept.get(key);
        let next = match (kept, books.wanted.get(key)) {
            (None, None) => return Ok(()),
            (None, Some(wanted)) => Record::begun(key, wanted, now()),
            (Some(kept), Some(_)) if kept.deleted.is_some() => return Ok(()),
            (Some(kept), Some(wanted)) => kept.declared_anew(wanted),
            (Some(kept), None) if kept.deleted.is_some() || books.faulty.contains(&kept.file) => {
                return Ok(());
            }
            (Some(kept), None) => kept.condemned(now()),
        };
        if next.is_over() {
            return self.end(books, &next);
        }
        self.keep(books, next).map(drop)
    }

    /// Keeps a record, if it is news.
    fn keep(&self, books: &mut Books, mut record: Record) -> anyhow::Result<Value> {
        let before = books.kept.get(&record.key);
        if before == Some(&record) {
            return Ok(record.to_value());
        }
        let moved =
            before.is_some_and(|before| Record { file: record.file.clone(), ..before.clone() } == record);
        if moved {
            self.disk.save(&record)?;
            let value = record.to_value();
            books.kept.insert(record.key.clone(), record);
            return Ok(value);
        }
        record.version = *self.version.borrow() + 1;
        self.disk.save(&record)?;
        let value = record.to_value();
        books.unsent.entry(record.key.clone()).or_default().applied = true;
        self.version.send_replace(record.version);
        books.kept.insert(record.key.clone(), record);
        Ok(value)
    }

    fn end(&self, books: &mut Books, record: &Record) -> anyhow::Result<()> {
        self.disk.remove(&record.key)?;
        books.kept.remove(&record.key);
        books
            .unsent
            .insert(record.key.clone(), Unsent { gone: Some(Arc::clone(&record.uid)), applied: false });
        self.touch();
        Ok(())
    }
}

/// The record that a patch is for, if it is for this version of this life of it.
fn addressed<'a>(books: &'a Books, key: &Key, patch: &Value) -> Result<&'a Record, WriteError> {
    let record = books.kept.get(key).ok_or(WriteError::Gone)?;
    let demanded =
        |field: &str| patch.get("metadata").and_then(|metadata| metadata.get(field)).and_then(Value::as_str);
    if demanded("uid").is_some_and(|uid| uid != &*record.uid) {
        return Err(WriteError::Gone);
    }
    if demanded("resourceVersion").is_some_and(|version| version != record.version.to_string()) {
        return Err(WriteError::Conflict);
    }
    Ok(record)
}

fn wanted_finalizers(patch: &Value, record: &Record) -> Result<Vec<String>, WriteError> {
    let refused =
        |field: &str| WriteError::Refused(format!("{field} can only be changed in the file {}", record.file));
    let mut finalizers = serde_json::json!(record.finalizers);
    for (field, change) in patch.as_object().into_iter().flatten() {
        if field != "metadata" {
            return Err(refused(field));
        }
        for (field, change) in change.as_object().into_iter().flatten() {
            match field.as_str() {
                "uid" | "resourceVersion" => {}
                "finalizers" => merge(&mut finalizers, change),
                field => return Err(refused(field)),
            }
        }
    }
    let names = serde_json::from_value::<Option<Vec<String>>>(finalizers);
    names
        .map(Option::unwrap_or_default)
        .map_err(|_| WriteError::Refused("finalizers must be a list of texts".to_owned()))
}

fn observed(record: &Record) -> Option<Arc<Object>> {
    Object::parse(&record.to_value()).ok().map(Arc::new)
}

fn failed(error: &anyhow::Error) -> WriteError {
    WriteError::Failed(format!("{error:#}"))
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
