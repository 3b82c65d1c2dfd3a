//! The only test double: an actor that answers one kind of message with a closure and tells what it saw. And a scope for
//! what is asked without a Repository, and a recorder for who measures nothing.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix::dev::MessageResponse;
use actix::{Actor, Context, Handler, Message, Recipient, ResponseFuture};
use reconcile::Class;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::registry::{HostRecorder, HostRecorders, Standing};
use crate::{End, Key, Recorder, Scope};

/// The scope of an attempt for this object that somebody asked for, with so much time.
#[must_use]
pub fn scope(key: &Key, timeout: Duration) -> Scope {
    Scope::new(key.clone(), "uid".into(), 1, Class::Asked, timeout, tracing::Span::none()).0
}

type Answer<M> = Box<dyn FnMut(&M) -> Pin<Box<dyn Future<Output = <M as Message>::Result>>>>;

/// Answers every message and passes it on to whoever looks.
pub struct Probe<M: Message + 'static>
where
    M::Result: 'static,
{
    answer: Answer<M>,
    seen: UnboundedSender<M>,
}

impl<M> Probe<M>
where
    M: Message + Send + Unpin + 'static,
    M::Result: Send + 'static,
    ResponseFuture<M::Result>: MessageResponse<Self, M>,
{
    /// A running probe, and what it sees. To be called on an arbiter.
    pub fn start_with<F>(mut answer: impl FnMut(&M) -> F + 'static) -> (Recipient<M>, UnboundedReceiver<M>)
    where
        F: Future<Output = M::Result> + 'static,
    {
        let (seen, messages) = unbounded_channel();
        let answer: Answer<M> = Box::new(move |message| Box::pin(answer(message)));
        (Self { answer, seen }.start().recipient(), messages)
    }
}

impl<M: Message + Unpin + 'static> Actor for Probe<M> {
    type Context = Context<Self>;
}

impl<M> Handler<M> for Probe<M>
where
    M: Message + Send + Unpin + 'static,
    M::Result: Send + 'static,
    ResponseFuture<M::Result>: MessageResponse<Self, M>,
{
    type Result = ResponseFuture<M::Result>;

    fn handle(&mut self, message: M, _: &mut Context<Self>) -> Self::Result {
        let answer = (self.answer)(&message);
        // A test that has ended looks at nothing any more.
        drop(self.seen.send(message));
        answer
    }
}

/// Measures nothing.
pub struct Unmeasured;

impl HostRecorders for Unmeasured {
    fn of(&self, _: &str) -> Box<dyn HostRecorder> {
        Box::new(Self)
    }
}

impl HostRecorder for Unmeasured {
    fn waited(&self, _: Duration) {}

    fn stands(&self, _: Standing) {}
}

impl Recorder for Unmeasured {
    fn begun(&self, _: &Key, _: bool) {}

    fn waits(&self, _: &Key, _: bool) {}

    fn claimed(&self, _: Duration) {}

    fn answered(&self, _: &'static str, _: Duration) {}

    fn coalesced(&self) {}

    fn ended(&self, _: &Key, _: End) {}

    fn forgotten(&self, _: &Key) {}
}
