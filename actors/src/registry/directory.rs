//! Which Registry an origin has: started on first use, started anew after a panic.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Actor, Addr, Recipient};
use oci::{Origin, OriginKey};

use super::{Admit, HostRecorders, Registry, Settings, TakeCensus};

/// The Registries of all origins. A map, no actor; cheap to copy.
#[derive(Clone)]
pub struct Registries {
    settings: Arc<Settings>,
    recorders: Arc<dyn HostRecorders>,
    list: Arc<Mutex<List>>,
}

#[derive(Default)]
struct List {
    started: u64,
    running: BTreeMap<OriginKey, Running>,
}

struct Running {
    number: u64,
    registry: Addr<Registry>,
}

impl Registries {
    /// Without any Registry yet; each will be measured by a recorder of its own.
    #[must_use]
    pub fn new(settings: Settings, recorders: Arc<dyn HostRecorders>) -> Self {
        Self { settings: Arc::new(settings), recorders, list: Arc::default() }
    }

    /// The Registry of this origin, started if there is none. To be called on the arbiter's thread, and before each
    /// [`Admit`]: a Registry that nobody has needed for ten minutes ends.
    ///
    /// # Errors
    /// The origin's CA, client certificate or proxy cannot be used.
    pub fn of(&self, origin: &Origin) -> Result<Recipient<Admit>, oci::Error> {
        let key = origin.key();
        let mut list = locked(&self.list);
        if let Some(running) = list.running.get(&key).filter(|running| running.registry.connected()) {
            return Ok(running.registry.clone().recipient());
        }
        list.started += 1;
        let number = list.started;
        let listing = Listing { list: Arc::clone(&self.list), key: key.clone(), number };
        let settings = Arc::clone(&self.settings);
        let registry = Registry::new(origin.clone(), settings, self.recorders.as_ref(), listing)?.start();
        let recipient = registry.clone().recipient();
        list.running.insert(key, Running { number, registry });
        Ok(recipient)
    }

    /// Who can be asked for a census, by origin.
    #[must_use]
    pub fn each(&self) -> Vec<(OriginKey, Recipient<TakeCensus>)> {
        let list = locked(&self.list);
        list.running
            .iter()
            .map(|(key, running)| (key.clone(), running.registry.clone().recipient()))
            .collect()
    }
}

/// The entry of one Registry in the directory.
pub(super) struct Listing {
    list: Arc<Mutex<List>>,
    key: OriginKey,
    number: u64,
}

impl Listing {
    /// Strikes the entry out, unless it is that of a successor.
    pub(super) fn strike(&self) {
        let mut list = locked(&self.list);
        if list.running.get(&self.key).is_some_and(|running| running.number == self.number) {
            list.running.remove(&self.key);
        }
    }
}

fn locked(list: &Mutex<List>) -> MutexGuard<'_, List> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
