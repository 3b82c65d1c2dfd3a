//! Who follows which repository: what a push is held against.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use reconcile::{Desired, Source};
use reference::{Place, Selector};

use crate::Key;

/// The sources of all objects that attempts are made for, by place; written by Repositories, or by whoever watches in their
/// place, and read for each push.
#[derive(Debug, Default)]
pub struct Sources {
    listed: AtomicBool,
    index: RwLock<Index>,
}

#[derive(Debug, Default)]
struct Index {
    followers: HashMap<Place, BTreeMap<Key, Arc<Source>>>,
    places: BTreeMap<Key, Place>,
}

/// A push, as it is held against selectors.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'a> {
    /// The tag.
    pub name: &'a str,
    /// Whether it has lost its upper-case letters on the way.
    pub folded: bool,
}

impl Sources {
    /// A first list of objects is complete.
    pub fn complete(&self) {
        self.listed.store(true, Ordering::Release);
    }

    /// Whether it is: until then nobody can say whom a push concerns.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }

    /// The object has this source, or none that anything could be pushed to.
    pub fn note(&self, key: &Key, source: Option<&Arc<Source>>) {
        let place = source.map(|source| Place::of(&source.repository));
        let mut index = self.write();
        if index.places.get(key) != place.as_ref() {
            index.forget(key);
        }
        let (Some(place), Some(source)) = (place, source) else {
            return;
        };
        index.places.insert(key.clone(), place.clone());
        index.followers.entry(place).or_default().insert(key.clone(), Arc::clone(source));
    }

    /// The object asks for this; what is suspended, deleted, invalid or pinned to a digest follows nothing.
    pub fn follow(&self, key: &Key, desired: &Desired) {
        let source = desired.wish.as_ref().ok().filter(|_| desired.runnable());
        self.note(key, source.filter(|source| !matches!(source.selector, Selector::Digest(_))));
    }

    /// Nothing else is there any more.
    pub fn retain(&self, keys: &BTreeSet<Key>) {
        let mut index = self.write();
        let gone: Vec<_> = index.places.keys().filter(|key| !keys.contains(key)).cloned().collect();
        for key in gone {
            index.forget(&key);
        }
    }

    /// Whom a push of this tag to one of these places concerns, in this namespace or, with `None`, in all.
    #[must_use]
    pub fn following(&self, namespace: Option<&str>, places: &[Place], tag: Tag<'_>) -> BTreeSet<Key> {
        let index = self.read();
        let mut decided: HashMap<(&Selector, bool), bool> = HashMap::new();
        let mut found = BTreeSet::new();
        for (key, source) in places.iter().filter_map(|place| index.followers.get(place)).flatten() {
            if namespace.is_some_and(|namespace| *key.namespace != *namespace) {
                continue;
            }
            let helm = source.media_type() == Some(oci::layer::HELM_CHART);
            let follows = *decided
                .entry((&source.selector, helm))
                .or_insert_with(|| source.selector.follows(tag.name, helm, tag.folded));
            if follows {
                found.insert(key.clone());
            }
        }
        found
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn forget(&mut self, key: &Key) {
        let Some(place) = self.places.remove(key) else {
            return;
        };
        if let Some(followers) = self.followers.get_mut(&place) {
            followers.remove(key);
            if followers.is_empty() {
                self.followers.remove(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests;
