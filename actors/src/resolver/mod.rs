//! Resolves tags, digests and version ranges; interval passes share answers, whoever was asked for shares a question that
//! has not been sent yet (D28).
//!
//! Owns: resolutions under way and recent ones.        Receives: [`Resolve`].
//! Bounds: one attempt a caller, by its turn; recent answers by age (30 s).
//! Fails: an attempt, on any input; the process, if it panics itself.

mod listings;
mod messages;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture};
use reconcile::Failure;
use reference::{Digest, Repository, Revision, Selector, TagChoice};
use tokio::time::Instant;

pub use messages::{Freshness, Resolve, Resolved};

use crate::failure::{Step, over_budget, registry};
use crate::flights::{Flights, Traffic};
use crate::registry::Conduct;

use listings::Listings;

/// No answer is older than this when it is used again (D28).
const OLDEST: Duration = Duration::from_secs(30);

/// The actor.
#[derive(Default)]
pub struct Resolver {
    flights: Flights<Question, Flown>,
    listings: Listings,
    recent: Recent,
}

/// Sharing never crosses authority: origin and identity come first (D24).
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    origin: oci::OriginKey,
    identity: oci::Identity,
    repository: Repository,
    selector: Selector,
    helm: bool,
    url: String,
}

type Answer = Result<Resolved, Failure>;

/// An answer, and when its question was sent.
type Flown = (Instant, Answer);

/// The recent answers, with the time of their question.
#[derive(Clone, Default)]
struct Recent(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    by_question: HashMap<Question, (Instant, Resolved)>,
    swept: Option<Instant>,
}

impl Recent {
    /// The answer whose question was sent last, if that was after this moment.
    fn get(&self, question: &Question, after: Instant) -> Option<Flown> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, resolved) = answers.by_question.get(question)?;
        (*asked >= after && asked.elapsed() <= OLDEST).then(|| (*asked, Ok(resolved.clone())))
    }

    /// What is kept is at most twice as old as [`OLDEST`].
    fn put(&self, question: Question, asked: Instant, resolved: Resolved) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.swept.is_none_or(|swept| swept.elapsed() > OLDEST) {
            answers.by_question.retain(|_, (asked, _)| asked.elapsed() <= OLDEST);
            answers.swept = Some(Instant::now());
        }
        answers.by_question.insert(question, (asked, resolved));
    }
}

impl Resolver {
    /// What is counted of resolutions.
    #[must_use]
    pub fn resolutions(&self) -> Arc<Traffic> {
        self.flights.traffic()
    }

    /// What is counted of lists of tags.
    #[must_use]
    pub fn lists(&self) -> Arc<Traffic> {
        self.listings.traffic()
    }
}

impl Actor for Resolver {
    type Context = Context<Self>;
}

impl Handler<Resolve> for Resolver {
    type Result = ResponseFuture<Result<Resolved, Failure>>;

    fn handle(&mut self, resolve: Resolve, _: &mut Context<Self>) -> Self::Result {
        let (flights, listings, recent) = (self.flights.clone(), self.listings.clone(), self.recent.clone());
        Box::pin(async move {
            let scope = resolve.scope.clone();
            scope.offload(shared(resolve, flights, listings, recent)).await
        })
    }
}

async fn shared(
    resolve: Resolve,
    flights: Flights<Question, Flown>,
    listings: Listings,
    recent: Recent,
) -> Answer {
    if let Selector::Digest(text) = &resolve.selector {
        let digest =
            Digest::parse(text).map_err(|error| Step::Digest.failure(&resolve.url, &error.to_string()))?;
        return Ok(Resolved { revision: Revision { tag: None, digest }, manifest: None });
    }
    let question = Question {
        origin: resolve.line.origin.clone(),
        identity: resolve.line.identity,
        repository: resolve.repository.clone(),
        selector: resolve.selector.clone(),
        helm: resolve.helm,
        url: resolve.url.clone(),
    };
    let lead = async |after: Option<Instant>| {
        if let Some(flown) = after.and_then(|after| recent.get(&question, after)) {
            return Ok::<_, Infallible>(flown);
        }
        let asked = Instant::now();
        let answer = Box::pin(ask(&resolve, &listings)).await;
        if let Ok(resolved) = &answer {
            // Those whom a push concerns, too, are about to need the manifest.
            let manifest = resolved.manifest.clone().filter(|_| after.is_some());
            recent.put(question.clone(), asked, Resolved { revision: resolved.revision.clone(), manifest });
        }
        Ok((asked, answer))
    };
    let flown = async {
        match resolve.freshness {
            Freshness::Now => {
                let Ok((_, answer)) = flights.join_unsent(question.clone(), lead(None)).await;
                answer
            }
            Freshness::Within(age) => {
                let recent = Instant::now().checked_sub(age).and_then(|after| recent.get(&question, after));
                if let Some((_, answer)) = recent {
                    return answer;
                }
                let Ok((_, answer)) = flights.join(question.clone(), lead(None)).await;
                answer
            }
            Freshness::SentAfter(moment) => loop {
                let joined = flights.join_unsent(question.clone(), lead(Some(moment)));
                // Who led may have been content with an older answer.
                let Ok((asked, answer)) = joined.await;
                if asked >= moment {
                    return answer;
                }
            },
        }
    };
    let scope = &resolve.scope;
    let listing = matches!(resolve.selector, Selector::Semver { .. });
    let step = if listing { Step::Tags } else { Step::Digest };
    let in_time = scope.budget.spend(Box::pin(flown)).await;
    in_time.unwrap_or_else(|| Err(over_budget(&resolve.line, step, &resolve.url, &resolve.repository, scope)))
}

async fn ask(resolve: &Resolve, listings: &Listings) -> Answer {
    let line = &resolve.line;
    let tag = match &resolve.selector {
        Selector::Semver { constraint, filter } => {
            let choice = TagChoice::new(constraint, filter.as_deref(), resolve.helm)
                .map_err(|error| listings::unusable(resolve, &error))?;
            listings.choose(resolve, choice).await?
        }
        Selector::Tag(name) | Selector::Branch(name) => name.clone(),
        Selector::Latest | Selector::Digest(_) => "latest".to_owned(),
    };
    let found =
        line.client.resolve(&line.credential, resolve.repository.path(), &tag, resolve.expect_new).await;
    let found =
        found.map_err(|error| registry(line, &resolve.repository, Step::Digest, &resolve.url, &error))?;
    line.note(resolve.repository.path(), Conduct::Answered);
    Ok(Resolved {
        revision: Revision { tag: Some(tag), digest: found.digest },
        manifest: found.manifest.map(|manifest| manifest.bytes),
    })
}
