//! What is known and wanted of one object, and the one request that comes next: a state machine without I/O.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use reconcile::{Backoff, Failure, Shift, Status};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::authorship::Authorship;
use super::events::Events;
use super::held::Held;
use super::lane::{Lane, Next, RETRY, Stand};
use super::patch::{finalizer_patch, status_difference};
use crate::cluster::{StatusChange, WriteError, patch_failure};
use crate::fields::{ERROR, NAME, NAMESPACE};
use crate::translate::recorded;
use crate::{Key, Object};

/// Upstream's number of attempts against a writer that is faster (spec 2.10).
const CONFLICTS: u32 = 5;
/// Between conflicts; the first one is followed up at once.
const CONFLICT: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(30) };

/// One object.
pub(super) struct Entry {
    /// Which life of it.
    pub(super) uid: Arc<str>,
    /// Where its status and finalizers stand.
    pub(super) stand: Stand,
    /// Its events.
    pub(super) events: Events,
    /// Over, but for the events that wait.
    pub(super) leaving: bool,
    key: Key,
    known: Option<Arc<Object>>,
    stale: bool,
    authorship: Authorship,
    held: Option<Held>,
    draft: Option<Draft>,
    drafts: u64,
    unheeded: Option<Value>,
    wishes: VecDeque<Wish>,
    conflicts: u32,
    failures: u32,
}

struct Draft {
    number: u64,
    status: Arc<Status>,
    progress: bool,
}

struct Wish {
    held: bool,
    reply: oneshot::Sender<Result<(), Failure>>,
}

/// The next request for an object.
pub(super) enum Request {
    /// Read it anew.
    Get,
    /// Change its status to that of the draft of this number.
    Status {
        /// The number of the draft.
        draft: u64,
        /// The change.
        change: StatusChange,
    },
    /// Patch its finalizers.
    Finalizers(Value),
}

impl Request {
    /// The version of the object that a write changes.
    fn version(&self) -> Option<&str> {
        match self {
            Self::Get => None,
            Self::Status { change, .. } => Some(&change.of.resource_version),
            Self::Finalizers(patch) => patch["metadata"]["resourceVersion"].as_str(),
        }
    }

    fn changes_artifact(&self) -> bool {
        matches!(self, Self::Status { change, .. } if change.difference.get("artifact").is_some())
    }
}

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acceptance {
    /// It waits to be written.
    Taken,
    /// It took the place of one that nobody has written.
    Replaced,
    /// A final draft waits, which progress does not overwrite.
    Dropped,
}

impl Entry {
    /// The entry of a life of an object of which nothing else is known.
    pub(super) fn new(key: Key, uid: Arc<str>, events: Events) -> Self {
        Self {
            uid,
            stand: Stand::Idle,
            events,
            leaving: false,
            key,
            known: None,
            stale: false,
            authorship: Authorship::default(),
            held: None,
            draft: None,
            drafts: 0,
            unheeded: None,
            wishes: VecDeque::new(),
            conflicts: 0,
            failures: 0,
        }
    }

    /// Where the work of a lane stands.
    pub(super) fn stand_in(&mut self, lane: Lane) -> &mut Stand {
        match lane {
            Lane::Object => &mut self.stand,
            Lane::Events => &mut self.events.stand,
        }
    }

    /// The newest version that is known.
    pub(super) fn known(&self) -> Option<&Arc<Object>> {
        self.known.as_ref()
    }

    /// Whether nothing is said of the object, because another writer has it (D46).
    pub(super) fn is_left(&self) -> bool {
        self.authorship.is_left()
    }

    /// Takes an observation, unless something newer is known.
    pub(super) fn observe(&mut self, object: Arc<Object>, at: Instant) -> Option<Shift> {
        self.learn(object);
        self.judge(at)
    }

    fn learn(&mut self, object: Arc<Object>) {
        let newer = self.known.as_ref().is_none_or(|known| {
            let age = age(&object.resource_version, &known.resource_version);
            age == Ordering::Greater || (age == Ordering::Equal && !self.stale)
        });
        if newer {
            self.known = Some(object);
            self.stale = false;
        }
    }

    /// Judges what is known; while a request is under way it may be the work of that one, whose answer will tell.
    fn judge(&mut self, at: Instant) -> Option<Shift> {
        let known = self.known.clone().filter(|_| !self.stand.is_flying())?;
        let shift = self.authorship.judge(&known, at);
        match shift {
            Some(Shift::Released { respecified: true }) => self.draft = None,
            Some(Shift::Released { respecified: false }) => self.restore(),
            Some(Shift::TakenOver | Shift::Left) | None => {}
        }
        shift
    }

    /// Drafts what we wrote last, unless something newer was drafted since.
    fn restore(&mut self) {
        let ours = self.authorship.ours.as_ref().filter(|_| self.draft.is_none());
        if let Some(status) = ours.map(|ours| recorded(ours)) {
            self.accept(Arc::new(status), false);
        }
    }

    /// Takes a draft.
    pub(super) fn accept(&mut self, status: Arc<Status>, progress: bool) -> Acceptance {
        if progress && (self.is_left() || self.owes()) {
            return Acceptance::Dropped;
        }
        self.drafts += 1;
        let before = self.draft.replace(Draft { number: self.drafts, status, progress });
        let unwritten = before.is_some() && !self.stand.is_flying();
        if unwritten { Acceptance::Replaced } else { Acceptance::Taken }
    }

    /// Takes a wish for or against our finalizer; the answer comes later.
    pub(super) fn wish(&mut self, held: bool) -> oneshot::Receiver<Result<(), Failure>> {
        let (reply, answer) = oneshot::channel();
        self.wishes.push_back(Wish { held, reply });
        answer
    }

    /// Whether a final draft waits to be written.
    pub(super) fn owes(&self) -> bool {
        self.draft().is_some_and(|draft| !draft.progress)
    }

    /// The draft that is to be written. One of an object that is left stays, for the case that it is ours again.
    fn draft(&self) -> Option<&Draft> {
        self.draft.as_ref().filter(|_| !self.is_left())
    }

    /// The next request, if one is due.
    pub(super) fn next(&mut self, now: &str) -> Option<Request> {
        if self.draft().is_none() && self.wishes.is_empty() {
            return None;
        }
        let Some(object) = self.known.clone().filter(|_| !self.stale) else {
            return Some(Request::Get);
        };
        while let Some(wish) = self.wishes.front() {
            if let Some(patch) = finalizer_patch(&object, wish.held) {
                return Some(Request::Finalizers(patch));
            }
            self.answer_wish(Ok(()));
        }
        let draft = self.draft()?;
        let hash = Held::of(&object, &draft.status);
        if self.held.as_ref() != Some(&hash) {
            let difference = status_difference(&object, &draft.status, now);
            if let Some(difference) =
                difference.filter(|difference| self.unheeded.as_ref() != Some(difference))
            {
                let change = StatusChange { of: object, difference };
                return Some(Request::Status { draft: draft.number, change });
            }
            self.held = Some(hash);
        }
        self.draft = None;
        None
    }

    /// Takes the answer to a request: what is to be done next, and what it tells of who writes the object.
    pub(super) fn answered(
        &mut self,
        request: &Request,
        answer: Result<Object, WriteError>,
        now: &str,
        at: Instant,
    ) -> (Next, Option<Shift>) {
        let next = match answer {
            Ok(object) if object.uid != self.uid => self.failed(request, &WriteError::Gone),
            Ok(object) => {
                self.succeeded(request, object, now);
                Next::Again
            }
            Err(error) => self.failed(request, &error),
        };
        (next, self.judge(at))
    }

    /// Ends what waits for the object itself: it is gone.
    pub(super) fn end(&mut self) {
        self.known = None;
        self.draft = None;
        self.authorship = Authorship::default();
        while let Some(wish) = self.wishes.front() {
            let answer = if wish.held { Err(patch_failure(&WriteError::Gone)) } else { Ok(()) };
            self.answer_wish(answer);
        }
    }

    fn succeeded(&mut self, request: &Request, object: Object, now: &str) {
        self.failures = 0;
        // The watch may have shown this version before: one copy of it is enough.
        let shown = self.known.clone().filter(|known| known.resource_version == object.resource_version);
        let object = &shown.unwrap_or_else(|| Arc::new(object));
        self.learn(Arc::clone(object));
        match request {
            Request::Get => self.stale = false,
            Request::Finalizers(_) => {
                self.conflicts = 0;
                self.answer_wish(Ok(()));
            }
            Request::Status { draft, .. } => {
                self.conflicts = 0;
                self.authorship.wrote(object);
                let written = self.draft.take_if(|waiting| waiting.number == *draft);
                if let Some(written) = written {
                    self.unheeded = status_difference(object, &written.status, now);
                }
            }
        }
    }

    fn failed(&mut self, request: &Request, error: &WriteError) -> Next {
        match error {
            WriteError::Conflict => self.conflicted(request, error),
            WriteError::Gone => {
                self.end();
                self.leaving = true;
                Next::Again
            }
            WriteError::Refused(text) => match request {
                Request::Get => self.postponed(error, None),
                Request::Finalizers(_) => {
                    self.answer_wish(Err(patch_failure(error)));
                    Next::Again
                }
                Request::Status { draft, .. } => {
                    tracing::error!(
                        { NAMESPACE } = %self.key.namespace,
                        { NAME } = %self.key.name,
                        { ERROR } = text,
                        "the status was refused"
                    );
                    self.draft.take_if(|waiting| waiting.number == *draft);
                    Next::Again
                }
            },
            WriteError::Busy { retry_after, .. } => {
                self.doubt(request);
                self.postponed(error, *retry_after)
            }
            WriteError::Failed(_) => {
                self.doubt(request);
                self.postponed(error, None)
            }
            WriteError::NotLeader => self.postponed(error, None),
        }
    }

    /// It may have been done, though nobody said so.
    fn doubt(&mut self, request: &Request) {
        if request.changes_artifact() {
            self.authorship.doubted();
        }
    }

    fn conflicted(&mut self, request: &Request, error: &WriteError) -> Next {
        let known = self.known.as_ref().map(|known| known.resource_version.as_ref());
        self.stale |= known == request.version();
        self.conflicts += 1;
        if self.conflicts >= CONFLICTS {
            self.deny_wishes(error);
        }
        if self.wishes.is_empty() && self.draft.is_none() {
            self.conflicts = 0;
            return Next::Again;
        }
        if self.conflicts == 1 { Next::Again } else { Next::Rest(CONFLICT.after(self.conflicts - 1)) }
    }

    fn postponed(&mut self, error: &WriteError, retry_after: Option<Duration>) -> Next {
        self.deny_wishes(error);
        self.draft.take_if(|draft| draft.progress);
        if self.draft.is_none() {
            return Next::Again;
        }
        self.failures += 1;
        tracing::warn!(
            { NAMESPACE } = %self.key.namespace,
            { NAME } = %self.key.name,
            { ERROR } = %error,
            failures = self.failures,
            "a status could not be written and is tried again"
        );
        Next::Rest(RETRY.after(self.failures).max(retry_after.unwrap_or_default()))
    }

    fn deny_wishes(&mut self, error: &WriteError) {
        while !self.wishes.is_empty() {
            self.answer_wish(Err(patch_failure(error)));
        }
    }

    fn answer_wish(&mut self, answer: Result<(), Failure>) {
        let Some(wish) = self.wishes.pop_front() else {
            return;
        };
        if wish.reply.send(answer).is_err() {
            tracing::debug!("nobody waits for the finalizer any more");
        }
    }
}

/// Compares resource versions, which are numbers; any other one counts as newer where it differs.
fn age(version: &str, known: &str) -> Ordering {
    match (version.parse::<u64>(), known.parse::<u64>()) {
        (Ok(version), Ok(known)) => version.cmp(&known),
        _ if version == known => Ordering::Equal,
        _ => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_version_that_the_watch_has_shown_before_the_answer_one_copy_is_kept() {
        let metadata = json!({"name": "app", "namespace": "team", "uid": "one", "resourceVersion": "7"});
        let answer = json!({"metadata": metadata});
        let shown = Arc::new(Object::parse(&answer).unwrap());
        let mut entry = Entry::new(shown.key.clone(), Arc::clone(&shown.uid), Events::default());
        entry.observe(Arc::clone(&shown), Instant::now());

        let change = StatusChange { of: Arc::clone(&shown), difference: json!({}) };
        let written = Request::Status { draft: 1, change };
        entry.answered(&written, Ok(Object::parse(&answer).unwrap()), "now", Instant::now());

        assert!(entry.authorship.ours.as_ref().is_some_and(|ours| Arc::ptr_eq(ours, &shown)));
        assert!(entry.known().is_some_and(|known| Arc::ptr_eq(known, &shown)));
    }
}
