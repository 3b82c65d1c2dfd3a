//! Which stored file was made by which recipe, so that nothing is built twice (D32).

use std::collections::{BTreeMap, HashMap};

use crate::digest::Digest;
use crate::disk::Identity;

/// Most recipes remembered. More than a large fleet has distinct archives; at some 500 bytes each they are 8 MiB. The one
/// remembered longest ago goes first, and costs one build if it is wanted again.
pub(super) const CAPACITY: usize = 16 * 1024;

/// What a recipe made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) path: String,
    pub(super) identity: Identity,
    pub(super) digest: Digest,
}

/// The index; lives in memory only, and is filled again from the records as objects are inspected.
#[derive(Default)]
pub(super) struct Recipes {
    made: HashMap<String, (u64, Made)>,
    order: BTreeMap<u64, String>,
    next: u64,
}

impl Recipes {
    /// Remembers what a recipe made, in the place of what it made before.
    pub(super) fn remember(&mut self, recipe: &str, made: Made) {
        self.forget(recipe);
        if self.order.len() >= CAPACITY
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.made.remove(&oldest);
        }
        self.next += 1;
        self.order.insert(self.next, recipe.to_owned());
        self.made.insert(recipe.to_owned(), (self.next, made));
    }

    /// What the recipe made, as far as is remembered.
    pub(super) fn made(&self, recipe: &str) -> Option<Made> {
        self.made.get(recipe).map(|(_, made)| made.clone())
    }

    /// Forgets a recipe.
    pub(super) fn forget(&mut self, recipe: &str) {
        if let Some((position, _)) = self.made.remove(recipe) {
            self.order.remove(&position);
        }
    }
}
