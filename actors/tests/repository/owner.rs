//! What the owner of an object that has an artifact can see of a pass that fails.

use std::time::Duration;

use actix::Actor;
use reconcile::{ConditionKind, Reason, Severity, Truth};
use serde_json::Value;
use sluice_actors::repository::{Repository, Services, SpecObserved};
use sluice_actors::status_writer::Announce;
use sluice_actors::testing::Probe;
use sluice_actors::translate::recorded;
use sluice_actors::{FINALIZER, Key};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout};

use crate::support::{Seen, object};

/// What is to be seen of a failure.
pub(crate) struct Told {
    /// The condition that shows it.
    pub(crate) condition: Option<ConditionKind>,
    pub(crate) reason: Reason,
    pub(crate) message: String,
    pub(crate) next: Next,
}

/// What comes after it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another attempt, after so long.
    Retry(Duration),
    /// Nothing, until the object changes.
    Stall,
}

/// Timers fire at whole milliseconds, each up to one late.
const TICKS: Duration = Duration::from_millis(2);

/// The first step of the back-off.
pub(crate) const SOON: Next = Next::Retry(Duration::from_millis(750));

impl Told {
    /// A failure to fetch that is soon tried again.
    pub(crate) fn fetch(reason: Reason, message: &str) -> Self {
        let condition = Some(ConditionKind::FetchFailed);
        Self { condition, reason, message: message.to_owned(), next: SOON }
    }
}

/// What comes next from there; under a clock that stands still, what never comes fails at once.
pub(crate) async fn next<T>(from: &mut UnboundedReceiver<T>) -> T {
    let day = Duration::from_hours(24);
    timeout(day, from.recv()).await.expect("it never comes").expect("the other end is there")
}

/// Runs one pass of an object that looks like this and checks all that its owner sees of it, until what comes next.
pub(crate) async fn sees(services: &Services, mut seen: Seen, look: Value, told: Told) {
    tokio::time::pause();
    let (announce, mut events) = Probe::start_with(|_: &Announce| async {});
    let (stopped, _) = Probe::start_with(|_| async {});
    let (naming, _) = Probe::start_with(|_| async {});
    let services = Services { announce, ..services.clone() };
    let object = object(1, look);
    let artifact = recorded(&object).artifact;
    assert!(artifact.is_some() || !object.finalizers.iter().any(|finalizer| finalizer == FINALIZER));
    let repository = Repository::new(Key::new("team", "app"), services.into(), stopped, naming).start();
    repository.send(SpecObserved { object, initial: false }).await.unwrap();
    next(&mut seen.inspect).await;

    let status = next(&mut seen.write).await.status;
    let ended = Instant::now();

    assert_eq!(status.artifact, artifact, "the artifact stays");
    let shown = |kind| {
        let condition = status.conditions.get(kind)?;
        Some((condition.truth, condition.reason.as_str(), condition.message.as_str()))
    };
    let (reason, message) = (told.reason.as_str(), told.message.as_str());
    for kind in
        [ConditionKind::FetchFailed, ConditionKind::StorageOperationFailed, ConditionKind::SourceVerified]
    {
        let truth = if kind == ConditionKind::SourceVerified { Truth::False } else { Truth::True };
        assert_eq!(shown(kind), (told.condition == Some(kind)).then_some((truth, reason, message)));
    }
    let ready = shown(ConditionKind::Ready).unwrap();
    assert_eq!(ready.0, Truth::False);
    if told.condition.is_some() || told.next == Next::Stall {
        assert_eq!(ready, (Truth::False, reason, message));
    }
    let stalled = (told.next == Next::Stall).then_some((Truth::True, reason, message));
    assert_eq!(shown(ConditionKind::Stalled), stalled);
    let reconciling = shown(ConditionKind::Reconciling).map(|(truth, reason, _)| (truth, reason));
    let retrying = (told.next != Next::Stall).then_some((Truth::True, "ProgressingWithRetry"));
    assert_eq!(reconciling, retrying);
    let event = &next(&mut events).await.announcements[0];
    assert_eq!(
        (event.severity, event.reason, event.message.as_str()),
        (Severity::Warning, told.reason, message)
    );
    match told.next {
        Next::Retry(pause) => {
            next(&mut seen.inspect).await;
            let waited = ended.elapsed();
            assert!((pause..=pause + TICKS).contains(&waited), "{waited:?}");
        }
        Next::Stall => {
            let day = Duration::from_hours(24);
            assert!(timeout(day, seen.inspect.recv()).await.is_err(), "it was tried again");
        }
    }
    tokio::time::resume();
}
