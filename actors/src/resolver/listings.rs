//! One list of tags for all who want one of the same repository, each of whom keeps only the tag of its own range.
//!
//! A list is not kept: a choice that is entered when the list is sent for is offered its tags as they stream by.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oci::{Identity, OriginKey};
use reconcile::Failure;
use reference::{Repository, SelectError, TagChoice};

use super::Resolve;
use crate::failure::{Step, registry};
use crate::flights::{Flights, Traffic};
use crate::registry::Conduct;

/// Sharing never crosses authority: origin and identity come first (D24).
#[derive(Clone, PartialEq, Eq, Hash)]
struct Tagged {
    origin: OriginKey,
    identity: Identity,
    repository: Repository,
    url: String,
}

type Chosen = BTreeMap<u64, Result<String, SelectError>>;

/// The lists under way, and who has a choice to make from the next one.
#[derive(Clone, Default)]
pub(super) struct Listings {
    flights: Flights<Tagged, Result<Arc<Chosen>, Failure>>,
    entered: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    by_source: HashMap<Tagged, BTreeMap<u64, TagChoice>>,
    next_number: u64,
}

impl Listings {
    /// What is counted of the lists.
    pub(super) fn traffic(&self) -> Arc<Traffic> {
        self.flights.traffic()
    }

    /// The tag that the choice comes to from a list that is sent for after this call.
    pub(super) async fn choose(&self, resolve: &Resolve, choice: TagChoice) -> Result<String, Failure> {
        let tagged = Tagged {
            origin: resolve.line.origin.clone(),
            identity: resolve.line.identity,
            repository: resolve.repository.clone(),
            url: resolve.url.clone(),
        };
        let entry = Entry::of(&self.entered, tagged.clone(), choice);
        let lead = async { Ok::<_, Infallible>(Box::pin(self.list(resolve, &tagged)).await) };
        let Ok(listed) = self.flights.join_unsent(tagged.clone(), lead).await;
        match listed?.get(&entry.number) {
            Some(chosen) => chosen.clone().map_err(|error| unusable(resolve, &error)),
            None => Err(Failure::internal("a choice was left out of a list of tags")),
        }
    }

    async fn list(&self, resolve: &Resolve, tagged: &Tagged) -> Result<Arc<Chosen>, Failure> {
        let line = &resolve.line;
        let mut choices = locked(&self.entered).by_source.get(tagged).cloned().unwrap_or_default();
        let mut offer = |tag: &str| choices.values_mut().for_each(|choice| choice.offer(tag));
        let listed = line.client.tags(&line.credential, resolve.repository.path(), &mut offer).await;
        listed.map_err(|error| registry(line, &resolve.repository, Step::Tags, &resolve.url, &error))?;
        line.note(resolve.repository.path(), Conduct::Answered);
        Ok(Arc::new(choices.into_iter().map(|(number, choice)| (number, choice.finish())).collect()))
    }
}

/// The failure of a range or filter that cannot be used, or that no tag satisfies.
pub(super) fn unusable(resolve: &Resolve, error: &SelectError) -> Failure {
    Step::Tags.failure(&resolve.url, &error.to_string())
}

/// A choice that is entered for as long as this lives.
struct Entry<'a> {
    entered: &'a Mutex<Entries>,
    tagged: Tagged,
    number: u64,
}

impl<'a> Entry<'a> {
    fn of(entered: &'a Mutex<Entries>, tagged: Tagged, choice: TagChoice) -> Self {
        let mut entries = locked(entered);
        let number = entries.next_number;
        entries.next_number += 1;
        entries.by_source.entry(tagged.clone()).or_default().insert(number, choice);
        drop(entries);
        Self { entered, tagged, number }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut entries = locked(self.entered);
        if let Some(choices) = entries.by_source.get_mut(&self.tagged) {
            choices.remove(&self.number);
            if choices.is_empty() {
                entries.by_source.remove(&self.tagged);
            }
        }
    }
}

fn locked(entered: &Mutex<Entries>) -> MutexGuard<'_, Entries> {
    entered.lock().unwrap_or_else(PoisonError::into_inner)
}
