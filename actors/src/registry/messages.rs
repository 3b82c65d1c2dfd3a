//! What a Registry hears and says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Message, Recipient, WeakRecipient};
use oci::{Client, Credential, Identity, OriginKey};
use reconcile::Failure;

use crate::queue::Rank;
use crate::{Key, Scope};

/// Asks for a turn with this origin: waits in its queue, or fails at once where the host is down or cooling (row 4).
#[derive(Message)]
#[rtype(result = "Result<Turn, Failure>")]
pub struct Admit {
    /// Whose attempt it is; a waiting place is given up when it is cancelled.
    pub scope: Scope,
    /// How urgent it is: as its class, or more, where others wait for what it builds.
    pub rank: Rank,
    /// The repository that it will ask for, as [`Line::note`] will name it.
    pub repository: Arc<str>,
    /// The credential that the attempt will use.
    pub credential: Arc<Credential>,
    /// Who is told when the host answers again.
    pub recovered: WeakRecipient<HostRecovered>,
}

/// The host answers again: what was parked may go (row 15).
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct HostRecovered;

/// The permission to speak with one registry; given back when it is dropped.
pub struct Turn {
    /// How to speak with it.
    pub line: Line,
    returned: Recipient<TurnReturned>,
    number: u64,
}

/// The way to a registry with one credential; it remembers what the host did.
#[derive(Clone)]
pub struct Line {
    /// The client of the origin.
    pub client: Client,
    /// The origin, as keys name it.
    pub origin: OriginKey,
    /// The credential.
    pub credential: Arc<Credential>,
    /// The credential, as keys name it.
    pub identity: Identity,
    record: Arc<Mutex<Record>>,
}

#[derive(Default)]
struct Record {
    witness: Witness,
    /// Who waits for a first answer of the host, where the turn is a probe.
    told: Option<(u64, Recipient<HostAnswered>)>,
}

/// What the host did during one turn.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The last answer counts; none means that nothing was asked.
    pub conduct: Option<Conduct>,
    /// The repository that was asked for, as in [`Admit`].
    pub repository: String,
}

/// How a host behaved.
#[derive(Clone, Debug)]
pub enum Conduct {
    /// It answered, be it with a refusal.
    Answered,
    /// It could not be reached, hung up, or did not answer in time.
    Unreachable {
        /// What the attempt met, in the words of the host alone: who waits for it adds what it wants itself.
        failure: Failure,
    },
    /// It answered with a server error.
    Faulty {
        /// What the attempt met, in the words of the host alone: who waits for it adds what it wants itself.
        failure: Failure,
    },
    /// It asked for patience (429, 503 with `Retry-After`).
    Busy {
        /// What the attempt met, in the words of the host alone: who waits for it adds what it wants itself.
        failure: Failure,
        /// For how long.
        retry_after: std::time::Duration,
    },
}

/// A turn came back (sent by its `Drop`).
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct TurnReturned {
    /// Which one.
    pub number: u64,
    /// What the host did.
    pub witness: Witness,
    /// With which credential.
    pub identity: Identity,
}

/// A host that was down has answered a probe, which goes on (sent by its [`Line`]): nobody else has to wait for its end.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct HostAnswered {
    /// The probe's turn.
    pub number: u64,
    /// What the host did.
    pub witness: Witness,
    /// With which credential.
    pub identity: Identity,
}

/// How many turns are out and who waits, for tests.
#[derive(Message, Debug)]
#[rtype(result = "Census")]
pub struct TakeCensus;

/// The answer to [`TakeCensus`].
#[derive(Clone, Debug, PartialEq, Eq, actix::MessageResponse)]
pub struct Census {
    /// Turns that are out.
    pub turns: usize,
    /// Attempts that wait for one.
    pub waiting: usize,
    /// Repositories that wait for the host.
    pub parked: Vec<Key>,
    /// Whether the host is taken to be down.
    pub down: bool,
}

impl Turn {
    /// A turn that `returned` hears of when it ends.
    #[must_use]
    pub fn new(line: Line, number: u64, returned: Recipient<TurnReturned>) -> Self {
        Self { line, returned, number }
    }
}

impl Line {
    /// A line over this client.
    #[must_use]
    pub fn new(client: Client, origin: OriginKey, credential: Arc<Credential>) -> Self {
        let identity = credential.identity();
        Self { client, origin, credential, identity, record: Arc::default() }
    }

    /// The same line of a probe: `registry` hears of the first answer at once.
    pub(super) fn telling(self, number: u64, registry: Recipient<HostAnswered>) -> Self {
        self.record().told = Some((number, registry));
        self
    }

    /// Remembers how the host behaved towards this repository; the last call counts.
    pub fn note(&self, repository: &str, conduct: Conduct) {
        let answered = matches!(conduct, Conduct::Answered | Conduct::Busy { .. });
        let mut record = self.record();
        record.witness = Witness { conduct: Some(conduct), repository: repository.to_owned() };
        let Some((number, registry)) = record.told.take_if(|_| answered) else {
            return;
        };
        registry.do_send(HostAnswered { number, witness: record.witness.clone(), identity: self.identity });
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (number, identity) = (self.number, self.line.identity);
        self.returned.do_send(TurnReturned { number, witness: self.line.record().witness.clone(), identity });
    }
}
