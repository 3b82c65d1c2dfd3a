//! Who names what. Pure; which version an object has read is its Repository's knowledge.

use std::collections::{BTreeMap, BTreeSet};

use super::messages::DependencyChanged;
use crate::repository::DependencyShown;
use crate::{Dependency, DependencyKind, Key};

/// The objects by what they name, in both directions. What nobody names takes no room.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    named: BTreeMap<Key, BTreeSet<Dependency>>,
    naming: BTreeMap<Dependency, BTreeSet<Key>>,
    /// While a list of a kind comes in: what is named and has not been shown.
    unshown: BTreeMap<DependencyKind, BTreeSet<Dependency>>,
}

impl Dependencies {
    /// The object names these and nothing else.
    pub(super) fn name(&mut self, key: &Key, dependencies: BTreeSet<Dependency>) {
        let before = self.named.get(key).cloned().unwrap_or_default();
        for dropped in before.difference(&dependencies) {
            let Some(keys) = self.naming.get_mut(dropped) else {
                continue;
            };
            keys.remove(key);
            if keys.is_empty() {
                self.naming.remove(dropped);
            }
        }
        for added in dependencies.difference(&before) {
            self.naming.entry(added.clone()).or_default().insert(key.clone());
        }
        if dependencies.is_empty() {
            self.named.remove(key);
        } else {
            self.named.insert(key.clone(), dependencies);
        }
    }

    /// What is to be shown to whom.
    pub(super) fn shown(&mut self, changed: DependencyChanged) -> Vec<(DependencyShown, BTreeSet<Key>)> {
        match changed {
            DependencyChanged::RelistStarted(kind) => {
                let named = self.naming.keys().filter(|dependency| dependency.kind == kind);
                self.unshown.insert(kind, named.cloned().collect());
                Vec::new()
            }
            DependencyChanged::Applied { dependency, version } => {
                let unshown = self.unshown.get_mut(&dependency.kind);
                let listed = unshown.map(|unshown| unshown.remove(&dependency)).is_some();
                self.told(DependencyShown { dependency, version: Some(version), listed })
            }
            DependencyChanged::Deleted(dependency) => self.told(absent(dependency, false)),
            DependencyChanged::RelistFinished(kind) => {
                let unshown = self.unshown.remove(&kind).unwrap_or_default();
                unshown.into_iter().flat_map(|gone| self.told(absent(gone, true))).collect()
            }
        }
    }

    fn told(&self, shown: DependencyShown) -> Vec<(DependencyShown, BTreeSet<Key>)> {
        let keys = self.naming.get(&shown.dependency).cloned();
        keys.map(|keys| (shown, keys)).into_iter().collect()
    }
}

fn absent(dependency: Dependency, listed: bool) -> DependencyShown {
    DependencyShown { dependency, version: None, listed }
}

#[cfg(test)]
mod tests;
