//! The small memory per object that outlives the process (D45): one file of JSON lines, of which the last about an object
//! counts.
//!
//! A line is appended by one write; what a killed process left of a line does not parse and is passed over. The file is
//! rewritten when it has doubled, and after a write that failed, so that no later line is glued to half of one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use fs_err::File;
use serde::{Deserialize, Serialize};

use super::Key;
use crate::disk;

/// Bytes that may be appended before the file is rewritten however small it is: rewriting costs an fsync.
pub(super) const SLACK: u64 = 64 * 1024;

/// What is remembered of an object for whoever reconciles it. All of it may be missing: then defaults are assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The object's uid when this was noted: a new object of the same name has nothing to do with it.
    pub uid: String,
    /// The object's generation when this was noted.
    pub generation: i64,
    /// The platform that the annotation `sluice.dev/platform` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The recipe of the archive with the digest below (D32).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// Where it was published, relative to the root; the status may not have come to name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Digest of the stored file that the recipe made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The fields of ours (D25, D26) that the spec used, such as `ref.branch`.
    pub fields: BTreeSet<String>,
}

/// All that is on record of an object: what the caller noted, and when its files were superseded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) record: Option<Record>,
    /// By file name, in milliseconds since 1970.
    pub(super) superseded: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    namespace: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    superseded: BTreeMap<String, u64>,
}

/// The records, in memory and in their file.
pub(super) struct Records {
    path: PathBuf,
    temporary: PathBuf,
    entries: BTreeMap<Key, Entry>,
    pub(super) file: Option<File>,
    length: u64,
    length_rewritten: u64,
}

impl Records {
    /// Reads the file, if there is one. It is written anew only where it must be: an fsync may take a tenth of a second of a
    /// start, when the disk has much to write.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let mut records = Self {
            path: path.to_owned(),
            temporary: temporary.into(),
            entries: BTreeMap::new(),
            file: None,
            length: 0,
            length_rewritten: 0,
        };
        disk::remove(&records.temporary)?;
        let whole = disk::look(path)?.is_some() && records.read()?;
        records.length_rewritten =
            records.entries.iter().map(|(key, entry)| line(key, entry).len() as u64).sum();
        if whole && records.has_room_for(0) {
            records.file = Some(disk::append(path)?);
        } else {
            records.rewrite()?;
        }
        Ok(records)
    }

    /// Whether each line was one, the last one too.
    fn read(&mut self) -> io::Result<bool> {
        let mut reader = BufReader::new(disk::open(&self.path)?.0);
        let (mut text, mut whole) = (Vec::new(), true);
        while reader.read_until(b'\n', &mut text)? > 0 {
            self.length += text.len() as u64;
            if let Ok(line) = serde_json::from_slice::<Line>(&text)
                && let Ok(key) = Key::new(&line.namespace, &line.name)
            {
                self.keep(&key, Entry { record: line.record, superseded: line.superseded });
                whole &= text.ends_with(b"\n");
            } else {
                whole = false;
            }
            text.clear();
        }
        Ok(whole)
    }

    fn has_room_for(&self, bytes: u64) -> bool {
        self.length + bytes <= 2 * self.length_rewritten + SLACK
    }

    fn keep(&mut self, key: &Key, entry: Entry) {
        if entry == Entry::default() {
            self.entries.remove(key);
        } else {
            self.entries.insert(key.clone(), entry);
        }
    }

    /// What is on record of an object; nothing by default.
    pub(super) fn entry(&self, key: &Key) -> Entry {
        self.entries.get(key).cloned().unwrap_or_default()
    }

    /// Puts an entry in the place of the object's last one; an empty one removes it, an equal one writes nothing.
    ///
    /// The memory has the entry even where the file could not be written; the next entry then rewrites the file.
    pub(super) fn put(&mut self, key: &Key, entry: Entry) -> io::Result<()> {
        if self.entry(key) == entry {
            return Ok(());
        }
        let line = line(key, &entry);
        self.keep(key, entry);
        if !self.has_room_for(line.len() as u64) {
            return self.rewrite();
        }
        let Some(mut file) = self.file.take() else {
            return self.rewrite();
        };
        file.write_all(&line)?;
        self.length += line.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    fn rewrite(&mut self) -> io::Result<()> {
        self.file = None;
        disk::remove(&self.temporary)?;
        let mut text = Vec::new();
        for (key, entry) in &self.entries {
            text.extend(line(key, entry));
        }
        let mut file = disk::create(&self.temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        disk::rename(&self.temporary, &self.path)?;
        self.length = text.len() as u64;
        self.length_rewritten = self.length;
        self.file = Some(disk::append(&self.path)?);
        Ok(())
    }
}

fn line(key: &Key, entry: &Entry) -> Vec<u8> {
    let line = Line {
        namespace: key.namespace().to_owned(),
        name: key.name().to_owned(),
        record: entry.record.clone(),
        superseded: entry.superseded.clone(),
    };
    let mut text = serde_json::to_vec(&line).expect("strings and numbers are always JSON");
    text.push(b'\n');
    text
}
