//! What the Receiver hears.

use std::sync::Arc;
use std::time::Duration;

use actix::{Message, Recipient};
use hooks::Push;
use tokio::sync::oneshot;

use super::hook::Hook;
use super::tally::Ending;
use super::webhook::Webhook;
use crate::Key;
use crate::watcher::Nudge;

/// Something happened to a `RegistryWebhook`, or to the watch. The awaited reply is the backpressure on the watch.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub enum HookChanged {
    /// A complete list begins: what it does not show is gone.
    RelistStarted,
    /// An object is there, or changed.
    Applied(Arc<Webhook>),
    /// An object is gone.
    Deleted(Key),
    /// The list is complete.
    RelistFinished,
}

/// An authenticated delivery is to be worked off.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Deliver {
    /// To which hook it came.
    pub hook: Arc<Hook>,
    /// The sender's own name for it.
    pub id: Option<String>,
    /// What was pushed.
    pub pushes: Vec<Push>,
    /// The objects are to show in their status that they handled it, by this value of `requestedAt`.
    pub request: Option<String>,
    /// Who wants to know what came of it; one who no longer waits does no harm.
    pub reply: oneshot::Sender<Receipt>,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How it ended.
    pub ending: Ending,
    /// Whom it woke, or will wake.
    pub objects: Vec<Key>,
    /// When the next one is taken, if this one came too early.
    pub retry_after: Option<Duration>,
}

/// Deliveries were refused since the tally of this hook was last told.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct Refused(pub Key);

/// This replica leads and tells whom a push concerns itself, or it leads no longer and asks through the cluster.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct Lead(pub Option<Recipient<Nudge>>);

/// The program stops: whoever is to be woken, now or later, is asked for through the cluster; answers when all requests are written
/// or given up.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct HandOver;
