//! A place in the queue: who has it, and how it is given up.

use std::sync::Arc;

use actix::{Message, Recipient, WeakRecipient};
use oci::Credential;
use reconcile::Failure;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::allowance::Period;
use super::health::Seeker;
use super::{Holder, HostRecovered, Turn};

/// An attempt that waits for a turn.
pub(super) struct Waiter {
    pub(super) seeker: Seeker,
    pub(super) credential: Arc<Credential>,
    pub(super) recovered: WeakRecipient<HostRecovered>,
    pub(super) granted: Granted,
    pub(super) since: Instant,
}

/// Where the answer goes.
pub(super) type Granted = oneshot::Sender<Result<Turn, Failure>>;

impl Waiter {
    /// Ends the wait without a turn.
    pub(super) fn refuse(self, failure: Failure) {
        // Nobody hears it where the attempt was overtaken meanwhile.
        drop(self.granted.send(Err(failure)));
    }

    /// Takes the waiter apart for its turn.
    pub(super) fn granted(self, period: Period) -> (Holder, Arc<Credential>, Granted) {
        let holder = Holder { seeker: self.seeker, recovered: self.recovered, period };
        (holder, self.credential, self.granted)
    }
}

/// Nobody waits at this place any more (sent by whoever waited, to its Registry).
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(super) struct PlaceLeft {
    pub(super) number: u64,
}

/// Waits for the turn of this place, or until the attempt is overtaken.
pub(super) async fn for_turn(
    turn: oneshot::Receiver<Result<Turn, Failure>>,
    cancel: CancellationToken,
    number: u64,
    registry: Recipient<PlaceLeft>,
) -> Result<Turn, Failure> {
    let mut place = Place { number, registry: Some(registry) };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Failure::cancelled()),
        answer = turn => {
            place.registry = None;
            answer.unwrap_or_else(|_| Err(Failure::internal("the turns of the registry were lost")))
        }
    }
}

/// Tells the Registry when the wait ends without an answer, also when its future is dropped.
struct Place {
    number: u64,
    registry: Option<Recipient<PlaceLeft>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(registry) = &self.registry {
            registry.do_send(PlaceLeft { number: self.number });
        }
    }
}
