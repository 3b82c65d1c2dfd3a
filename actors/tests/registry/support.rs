//! A fleet of objects that ask one origin for turns, and hear when it answers again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::dev::RecipientRequest;
use actix::{Actor, Addr, Context, Handler, Recipient};
use oci::{Credential, Origin};
use reconcile::{Failure, Reason};
use sluice_actors::Key;
use sluice_actors::registry::{
    Admit, Census, Conduct, DEFAULT_CONCURRENCY, HostRecorder, HostRecorders, HostRecovered, Rank,
    Registries, Settings, Standing, TakeCensus, Turn,
};
use sluice_actors::testing::scope;
use tokio_util::sync::CancellationToken;

pub(crate) const ASKED: Rank = Rank::Asked;
pub(crate) const ROUTINE: Rank = Rank::Routine;
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Stands for a Repository: it notes that it was called.
struct Object {
    name: &'static str,
    calls: Rc<RefCell<Vec<&'static str>>>,
}

impl Actor for Object {
    type Context = Context<Self>;
}

impl Handler<HostRecovered> for Object {
    type Result = ();

    fn handle(&mut self, _: HostRecovered, _: &mut Self::Context) {
        self.calls.borrow_mut().push(self.name);
    }
}

/// One origin and the objects that use it.
pub(crate) struct Fleet {
    pub(crate) registries: Registries,
    pub(crate) measured: Measured,
    origin: Origin,
    objects: BTreeMap<&'static str, Addr<Object>>,
    calls: Rc<RefCell<Vec<&'static str>>>,
}

/// What the Registries told of themselves.
#[derive(Clone, Default)]
pub(crate) struct Measured(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    measured: Vec<String>,
    waits: Vec<Duration>,
    standing: Option<Standing>,
}

impl Measured {
    /// The hosts of the Registries that there are.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.0.lock().unwrap().measured.clone()
    }

    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.0.lock().unwrap().waits.clone()
    }

    pub(crate) fn standing(&self) -> Standing {
        self.0.lock().unwrap().standing.unwrap()
    }

    /// How many wait with this rank.
    pub(crate) fn queued(&self, rank: Rank) -> usize {
        self.standing().queue.into_iter().find(|(other, _)| *other == rank).unwrap().1
    }
}

impl HostRecorders for Measured {
    fn of(&self, host: &str) -> Box<dyn HostRecorder> {
        self.0.lock().unwrap().measured.push(host.to_owned());
        Box::new(Recorder { measured: self.clone(), host: host.to_owned() })
    }
}

struct Recorder {
    measured: Measured,
    host: String,
}

impl HostRecorder for Recorder {
    fn waited(&self, wait: Duration) {
        self.measured.0.lock().unwrap().waits.push(wait);
    }

    fn stands(&self, standing: Standing) {
        self.measured.0.lock().unwrap().standing = Some(standing);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.measured.0.lock().unwrap().measured.retain(|host| *host != self.host);
    }
}

/// A request for a turn that is under way.
pub(crate) struct Asking {
    request: RecipientRequest<Admit>,
    pub(crate) cancel: CancellationToken,
}

impl Asking {
    pub(crate) async fn answer(self) -> Result<Turn, Failure> {
        self.request.await.unwrap()
    }

    pub(crate) async fn turn(self) -> Turn {
        self.answer().await.map_err(|failure| failure.message).unwrap()
    }

    pub(crate) async fn refusal(self) -> Failure {
        self.answer().await.err().unwrap()
    }
}

/// What an object asks for.
#[derive(Clone)]
pub(crate) struct Wish {
    pub(crate) rank: Rank,
    pub(crate) repository: &'static str,
    pub(crate) credential: Credential,
}

impl Wish {
    pub(crate) fn of(rank: Rank) -> Self {
        Self { rank, repository: "app", credential: Credential::Anonymous }
    }

    pub(crate) fn for_repository(self, repository: &'static str) -> Self {
        Self { repository, ..self }
    }

    pub(crate) fn by(self, token: &str) -> Self {
        Self { credential: Credential::RegistryToken(token.to_owned()), ..self }
    }
}

impl Fleet {
    pub(crate) fn new() -> Self {
        Self::with(DEFAULT_CONCURRENCY)
    }

    pub(crate) fn with(concurrency: NonZeroUsize) -> Self {
        tokio::time::pause();
        let max_retry_delay = Duration::from_mins(15);
        let measured = Measured::default();
        let settings = Settings { concurrency, max_retry_delay, client: oci::Settings::default() };
        Self {
            registries: Registries::new(settings, Arc::new(measured.clone())),
            measured,
            origin: Origin::new("ghcr.io"),
            objects: BTreeMap::new(),
            calls: Rc::default(),
        }
    }

    pub(crate) fn ask(&mut self, name: &'static str, rank: Rank) -> Asking {
        self.wish(name, Wish::of(rank))
    }

    pub(crate) fn wish(&mut self, name: &'static str, wish: Wish) -> Asking {
        let origin = self.origin.clone();
        self.ask_at(&origin, name, wish)
    }

    pub(crate) fn ask_at(&mut self, origin: &Origin, name: &'static str, wish: Wish) -> Asking {
        let calls = &self.calls;
        let object =
            self.objects.entry(name).or_insert_with(|| Object { name, calls: Rc::clone(calls) }.start());
        let recovered: Recipient<HostRecovered> = object.clone().recipient();
        let scope = scope(&Key::new("team", name), SECOND);
        let cancel = scope.cancel.clone();
        let admit = Admit {
            scope,
            rank: wish.rank,
            repository: wish.repository.into(),
            credential: Arc::new(wish.credential),
            recovered: recovered.downgrade(),
        };
        Asking { request: self.registries.of(origin).unwrap().send(admit), cancel }
    }

    /// Takes this many turns and keeps them.
    pub(crate) async fn occupy(&mut self, turns: usize) -> Vec<Turn> {
        const NAMES: [&str; 16] = [
            "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10", "t11", "t12", "t13", "t14",
            "t15",
        ];
        let mut held = Vec::new();
        for name in &NAMES[..turns] {
            held.push(self.ask(name, ASKED).turn().await);
        }
        held
    }

    /// Three attempts do not reach the host.
    pub(crate) async fn put_down(&mut self) {
        for turn in self.occupy(3).await {
            end(turn, unreachable());
        }
        assert!(self.census().await.down);
    }

    /// The object is deleted.
    pub(crate) fn delete(&mut self, name: &str) {
        self.objects.remove(name);
    }

    pub(crate) fn registry(&self) -> Recipient<TakeCensus> {
        let key = self.origin.key();
        self.registries.each().into_iter().find(|(other, _)| *other == key).unwrap().1
    }

    /// The census once the Registry has worked off what it was sent before.
    pub(crate) async fn census(&self) -> Census {
        self.registry().send(TakeCensus).await.unwrap()
    }

    pub(crate) async fn parked(&self) -> Vec<String> {
        self.census().await.parked.iter().map(|key| key.name.to_string()).collect()
    }

    /// Lets time pass and says who was called meanwhile.
    pub(crate) async fn after(&self, pause: Duration) -> Vec<&'static str> {
        tokio::time::sleep(pause + Duration::from_millis(1)).await;
        self.calls().await
    }

    /// Who was called since this was last asked.
    pub(crate) async fn calls(&self) -> Vec<&'static str> {
        self.census().await;
        tokio::task::yield_now().await;
        self.calls.borrow_mut().drain(..).collect()
    }
}

/// Gives a turn back after the host behaved like this.
pub(crate) fn end(turn: Turn, conduct: Conduct) {
    end_for("app", turn, conduct);
}

pub(crate) fn end_for(repository: &str, turn: Turn, conduct: Conduct) {
    turn.line.note(repository, conduct);
    drop(turn);
}

pub(crate) fn failure(message: &str) -> Failure {
    Failure::fetch(Reason::OCIArtifactPullFailed, message.to_owned())
}

pub(crate) fn unreachable() -> Conduct {
    Conduct::Unreachable { failure: failure("connection refused") }
}

pub(crate) fn faulty() -> Conduct {
    Conduct::Faulty { failure: failure("bad gateway") }
}

pub(crate) fn busy(seconds: u64) -> Conduct {
    Conduct::Busy { failure: failure("too many requests"), retry_after: Duration::from_secs(seconds) }
}
