//! Content to archive to artifact, in one pass, and what is remembered of it.

use artifact::store::{PublishError, Record};
use artifact::{Recipe, build};
use reconcile::{Artifact, Failure, Operation};
use reference::digest_part;

use super::{Desk, Making, Publish, Published, Supply, Ticket, store_key};
use crate::Scope;
use crate::failure;
use crate::fetcher::Fetched;

/// Publishes what was supplied, unless the attempt is no longer wanted.
pub(super) fn publish(desk: &Desk, publish: Publish) -> Result<Published, Failure> {
    let Publish { scope, supply, revision, metadata, making } = publish;
    let (stored, recipe) = match supply {
        Supply::Archive(archive) => (link(desk, &scope, &revision, &making, &archive)?, None),
        Supply::Content { ticket, content, turn } => {
            drop(turn);
            let recipe = ticket.recipe().of_repository.clone();
            (built(desk, &scope, &revision, &making, ticket, content)?, Some(recipe))
        }
    };
    record(desk, &scope, &making, recipe, &stored);
    let link = match &stored.latest {
        Ok(()) => Ok(desk.address.latest(&stored.path)),
        Err(error) => Err(failure::chain(error)),
    };
    let artifact = Artifact {
        url: desk.address.url(&stored.path),
        digest: stored.digest.to_string(),
        path: stored.path,
        revision,
        size: i64::try_from(stored.size).ok(),
        last_update_time: now(),
        metadata,
    };
    Ok(Published { artifact, link })
}

fn link(
    desk: &Desk,
    scope: &Scope,
    revision: &str,
    making: &Making,
    archive: &artifact::store::PrivateLink,
) -> Result<artifact::store::Published, Failure> {
    let key = store_key(&scope.key)?;
    desk.store
        .publish_link(&key, digest_part(revision), archive, || Publish::wanted(scope))
        .map_err(|error| failure::store(making.operation, &error))
}

fn built(
    desk: &Desk,
    scope: &Scope,
    revision: &str,
    making: &Making,
    ticket: Ticket,
    fetched: Fetched,
) -> Result<artifact::store::Published, Failure> {
    match build_and_publish(desk, scope, revision, making, fetched) {
        Ok(stored) => {
            for recipe in [&ticket.recipe().of_repository, &ticket.recipe().of_origin] {
                desk.store.remember(recipe, &stored.path, &stored.digest);
            }
            ticket.published();
            Ok(stored)
        }
        Err(failure) => {
            if failure.is_cancelled() {
                drop(ticket);
            } else {
                ticket.failed();
            }
            Err(failure)
        }
    }
}

fn build_and_publish(
    desk: &Desk,
    scope: &Scope,
    revision: &str,
    making: &Making,
    fetched: Fetched,
) -> Result<artifact::store::Published, Failure> {
    let spooled;
    let content = match (fetched, making.operation) {
        (Fetched::Spool(spool), Operation::Copy) => {
            let sealed = desk.store.seal(spool).map_err(|error| failure::store(making.operation, &error))?;
            return link(desk, scope, revision, making, &sealed);
        }
        (Fetched::Spool(spool), Operation::Extract) => {
            spooled = spool;
            spooled.content()
        }
        (Fetched::Elsewhere(archive), _) => return link(desk, scope, revision, making, &archive),
        (Fetched::Memory(bytes), _) => artifact::Content::memory(bytes),
    };
    let recipe = Recipe {
        operation: match making.operation {
            Operation::Extract => artifact::Operation::Extract,
            Operation::Copy => artifact::Operation::Copy,
        },
        ignore: making.ignore.clone(),
        chart: making.chart,
    };
    let algorithm = desk.store.algorithm();
    let cancelled = || scope.cancel.is_cancelled();
    let key = store_key(&scope.key)?;
    desk.store
        .publish(
            &key,
            digest_part(revision),
            |out| {
                let built =
                    build(&content, &recipe, &desk.limits, algorithm, desk.store.scratch(), &cancelled, out)?;
                Ok((built.digest, built.size))
            },
            || Publish::wanted(scope),
        )
        .map_err(|error| match error {
            PublishError::Store(error) => failure::store(making.operation, &error),
            PublishError::Write(error) => failure::content(making.operation, &making.url, &error),
        })
}

fn record(
    desk: &Desk,
    scope: &Scope,
    making: &Making,
    recipe: Option<String>,
    stored: &artifact::store::Published,
) {
    let Ok(key) = store_key(&scope.key) else { return };
    let record = Record {
        uid: scope.uid.to_string(),
        generation: making.generation,
        platform: making.platform.clone(),
        path: recipe.is_some().then(|| stored.path.clone()),
        digest: recipe.is_some().then(|| stored.digest.to_string()),
        recipe,
        fields: making.fields.clone(),
    };
    warn_of(desk.store.record_published(&key, stored, record));
}

/// An object that is not remembered (D45) is reconciled all the same.
pub(super) fn warn_of(recorded: Result<(), artifact::store::Error>) {
    if let Err(error) = recorded {
        tracing::warn!(
            error = failure::chain(&error),
            "the record of an artifact may be lost with the process"
        );
    }
}

/// RFC 3339, whole seconds.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
