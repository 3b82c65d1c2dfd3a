//! Who builds what: one builder a recipe, all others wait for what it publishes.
//!
//! Sharing bytes never shares authority (D24): a recipe begins with (origin, repository), and only who has read the
//! manifest itself, with its own credential, may claim it. What another repository of the origin has led to is offered
//! together with a ticket: whoever proves that its own repository has the layer need not transfer it. A waiter inherits no failure: after a failed build everybody
//! who waits gets a ticket of its own, and the first publish serves the rest.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::messages::{Claimed, Granted, RecipeKey};
use artifact::store::PrivateLink;

type Recall = Arc<dyn Fn(&str) -> Option<PrivateLink> + Send + Sync>;

/// The claims of all recipes.
#[derive(Clone)]
pub struct Claims {
    table: Arc<Mutex<HashMap<String, Entry>>>,
    recall: Recall,
}

#[derive(Default)]
struct Entry {
    builders: usize,
    open: bool,
    waiting: VecDeque<oneshot::Sender<Granted>>,
}

/// The right to build one recipe. Dropped unused it passes to the next that waits.
pub struct Ticket {
    recipe: RecipeKey,
    claims: Claims,
    spent: bool,
}

impl Claims {
    /// Claims over a store that recalls what was built.
    #[must_use]
    pub fn new(recall: Recall) -> Self {
        Self { table: Arc::default(), recall }
    }

    /// The right to build a recipe, or a place in the queue. Who may build looks first for what is there: [`Ticket::recall`].
    #[must_use]
    pub fn claim(&self, recipe: &RecipeKey) -> Claimed {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = table.entry(recipe.of_repository.clone()).or_default();
        if entry.builders == 0 || entry.open {
            entry.builders += 1;
            return Claimed::Build(self.ticket(recipe));
        }
        let (sender, place) = oneshot::channel();
        entry.waiting.push_back(sender);
        Claimed::Wait(place)
    }

    fn ticket(&self, recipe: &RecipeKey) -> Ticket {
        Ticket { recipe: recipe.clone(), claims: self.clone(), spent: false }
    }

    fn end(&self, recipe: &RecipeKey, end: End) {
        let mut granted = Vec::new();
        {
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(entry) = table.get_mut(&recipe.of_repository) else {
                return;
            };
            entry.builders = entry.builders.saturating_sub(1);
            entry.waiting.retain(|waiter| !waiter.is_closed());
            entry.open |= end == End::Failed;
            let served = end == End::Published || entry.open;
            let heirs = if served { entry.waiting.len() } else { usize::from(entry.builders == 0) };
            granted.extend(entry.waiting.drain(..heirs.min(entry.waiting.len())));
            if end != End::Published {
                entry.builders += granted.len();
            }
            if entry.builders == 0 && entry.waiting.is_empty() {
                table.remove(&recipe.of_repository);
            }
        }
        for waiter in granted {
            self.grant(recipe, waiter, end);
        }
    }

    fn grant(&self, recipe: &RecipeKey, waiter: oneshot::Sender<Granted>, end: End) {
        let built = (end == End::Published).then(|| (self.recall)(&recipe.of_repository)).flatten();
        let answer = if let Some(archive) = built {
            Granted::Built(archive)
        } else {
            if end == End::Published {
                let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
                table.entry(recipe.of_repository.clone()).or_default().builders += 1;
            }
            Granted::Build(self.ticket(recipe))
        };
        // A waiter that is gone drops its ticket, which passes on.
        drop(waiter.send(answer));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Published,
    Failed,
    Dropped,
}

impl Ticket {
    /// The archive, if the store recalls it, or what another repository of the origin has led to. Touches the disk.
    #[must_use]
    pub fn recall(self) -> Claimed {
        let recall = Arc::clone(&self.claims.recall);
        if let Some(archive) = recall(&self.recipe.of_repository) {
            self.published();
            return Claimed::Built(archive);
        }
        match recall(&self.recipe.of_origin) {
            Some(archive) => Claimed::Elsewhere(self, archive),
            None => Claimed::Build(self),
        }
    }

    /// The archive is published and can be recalled: all who wait are served.
    pub fn published(mut self) {
        self.spent = true;
        self.claims.end(&self.recipe, End::Published);
    }

    /// The build failed: everybody who waits tries for itself.
    pub fn failed(mut self) {
        self.spent = true;
        self.claims.end(&self.recipe, End::Failed);
    }

    /// The recipe's key.
    #[must_use]
    pub fn recipe(&self) -> &RecipeKey {
        &self.recipe
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.spent {
            self.claims.end(&self.recipe, End::Dropped);
        }
    }
}
