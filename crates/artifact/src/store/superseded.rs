//! Since when an object's files are no longer its current artifact, and the collection of those that may go (D31).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::key::{LOCK, is_artifact, is_named_as_artifact};
use super::records::Entry;
use super::retention::{Former, surplus};
use super::{Error, Key, Published, Record, Store, error};
use crate::disk::{self, Look};
use crate::hold::hold;

impl Store {
    /// Puts a record in the place of the object's last one after a publication, whose predecessor is superseded now. One that
    /// is lost with the process counts as superseded when it is next seen.
    ///
    /// # Errors
    /// As [`Store::set_record`].
    pub fn record_published(&self, key: &Key, published: &Published, record: Record) -> Result<(), Error> {
        let lock = self.locks.of(key);
        let _held = hold(&lock);
        let mut superseded = self.entry(key).superseded;
        if let Some(file) = published.replaced.clone() {
            superseded.entry(file).or_insert_with(|| milliseconds(self.host.now()));
        }
        let current = key.file_of(&published.path);
        superseded.retain(|file, _| Some(&**file) != current);
        self.put_entry(key, Entry { record: Some(record), superseded })
    }

    /// Notes every file beside `current` that is not yet noted as superseded now; upstream's artifacts and those whose time
    /// was lost count from the first time they are seen here, strays, which nobody was ever shown, from when they were
    /// written. Returns them, and whether `current` is there itself. The file that is still `shown` to consumers is none of
    /// them.
    ///
    /// The caller holds the object's lock, and has seen the directory at this `place` since.
    fn supersede(
        &self,
        key: &Key,
        current: &str,
        shown: Option<&str>,
        place: Option<Look>,
    ) -> Result<(Vec<Former>, bool), Error> {
        let directory = key.directory();
        let names = disk::names(&self.full(&directory)).map_err(error::failed("list", &directory))?;
        let now = milliseconds(self.host.now());
        let known = self.entry(key);
        let mut superseded = BTreeMap::new();
        let mut former = Vec::new();
        let mut current_exists = false;
        let mut artifacts = 0;
        for file in names.into_iter().filter(|name| is_artifact(name)) {
            let path = key.path_of(&file);
            let found = disk::look(&self.full(&path)).map_err(error::unseen(&path))?;
            let Some(found) = found.filter(|found| found.is_file) else {
                continue;
            };
            artifacts += 1;
            if file == current {
                current_exists = true;
                continue;
            }
            if shown == Some(&*file) {
                continue;
            }
            let unnoted =
                || if is_named_as_artifact(&file) { now } else { found.identity.modified_milliseconds() };
            let since = now.min(known.superseded.get(&file).copied().unwrap_or_else(unnoted));
            superseded.insert(file.clone(), since);
            former.push(Former { file, age: Duration::from_millis(now - since) });
        }
        if let Some(place) = place {
            hold(&self.alone).note(&place.identity, artifacts == 1);
        }
        // The memory has it in any case; a time that is lost with the process only lets a file live longer.
        drop(self.put_entry(key, Entry { record: known.record, superseded }));
        Ok((former, current_exists))
    }

    /// Removes the superseded files of an object that retention no longer keeps, with their locks; returns how many. A
    /// `latest.tar.gz` that led to one of them, which a process published that was killed before it was recorded, leads to
    /// the current one then.
    ///
    /// The caller holds the object's lock.
    pub(super) fn collect(&self, key: &Key, current: &str, shown: Option<&str>) -> Result<usize, Error> {
        let place = self.place_of(key)?;
        if place.is_some_and(|place| hold(&self.alone).holds(&place.identity)) {
            return Ok(0);
        }
        let (former, current_exists) = self.supersede(key, current, shown, place)?;
        let settings = &self.settings;
        let garbage =
            surplus(former, current_exists.into(), settings.retention_ttl, settings.retention_records);
        for file in &garbage {
            let path = key.path_of(file);
            disk::remove(&self.full(&path)).map_err(error::failed("remove", &path))?;
            hold(&self.known).forget(&path);
            disk::remove(&self.full(&format!("{path}{LOCK}")))
                .map_err(error::failed("remove lock of", &path))?;
        }
        let latest = self.full(&key.latest_path());
        let lost = !garbage.is_empty() && matches!(disk::real(&latest), Ok(None));
        if lost && current_exists {
            self.point_latest(key, &key.path_of(current))?;
        }
        Ok(garbage.len())
    }

    /// The object's directory, if it has one.
    pub(super) fn place_of(&self, key: &Key) -> Result<Option<Look>, Error> {
        let directory = key.directory();
        disk::look(&self.full(&directory)).map_err(error::unseen(&directory))
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
