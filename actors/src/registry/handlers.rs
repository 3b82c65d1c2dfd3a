//! What a Registry does with each message.

use actix::{AsyncContext, Context, Handler, ResponseFuture};
use reconcile::Failure;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::health::Seeker;
use super::waiting::{self, PlaceLeft, Waiter};
use super::{Admit, Census, Conduct, HostAnswered, Registry, TakeCensus, Turn, TurnReturned};

impl Handler<Admit> for Registry {
    type Result = ResponseFuture<Result<Turn, Failure>>;

    fn handle(&mut self, admit: Admit, context: &mut Context<Self>) -> Self::Result {
        let Admit { scope, rank, repository, credential, recovered } = admit;
        if scope.cancel.is_cancelled() {
            return Box::pin(async { Err(Failure::cancelled()) });
        }
        let (now, number) = (Instant::now(), self.number());
        let seeker = Seeker { key: scope.key, identity: credential.identity(), repository };
        if let Some(older) = self.places.get(&seeker.key).copied() {
            self.health.ended(older);
            if let Some(older) = self.leave(older) {
                older.refuse(Failure::cancelled());
            }
        }
        if let Err(failure) = self.health.admit(&seeker, number, recovered.clone(), now) {
            self.settle(now, context);
            return Box::pin(async { Err(failure) });
        }
        let (granted, turn) = oneshot::channel();
        self.places.insert(seeker.key.clone(), number);
        self.queue.push(number, rank);
        let waiter = Waiter { seeker, credential, recovered, granted, since: now };
        self.waiters.insert(number, waiter);
        self.grant(context);
        self.settle(now, context);
        Box::pin(waiting::for_turn(turn, scope.cancel, number, context.address().recipient()))
    }
}

impl Handler<TurnReturned> for Registry {
    type Result = ();

    fn handle(&mut self, returned: TurnReturned, context: &mut Context<Self>) {
        let TurnReturned { number, witness, identity } = returned;
        let Some(holder) = self.turns.remove(&number) else {
            return;
        };
        let now = Instant::now();
        let in_vain = match witness.conduct {
            Some(Conduct::Unreachable { .. } | Conduct::Faulty { .. }) => true,
            // A probe that learned nothing, such as one with a short `spec.timeout`, waits on.
            None => self.health.is_probe(number),
            Some(Conduct::Answered | Conduct::Busy { .. }) => false,
        };
        match witness.conduct {
            Some(Conduct::Busy { .. }) => self.allowance.refused(holder.period),
            Some(Conduct::Answered) => self.allowance.answered(),
            Some(Conduct::Unreachable { .. } | Conduct::Faulty { .. }) | None => {}
        }
        self.hear_quota(&holder.seeker.key, identity, now);
        self.learn(witness, identity, now);
        self.health.ended(number);
        if in_vain {
            self.health.await_recovery(holder.seeker, holder.recovered, now);
        }
        self.grant(context);
        self.settle(now, context);
    }
}

impl Handler<HostAnswered> for Registry {
    type Result = ();

    fn handle(&mut self, answered: HostAnswered, context: &mut Context<Self>) {
        let HostAnswered { number, witness, identity } = answered;
        if !self.turns.contains_key(&number) {
            return;
        }
        let now = Instant::now();
        self.learn(witness, identity, now);
        self.settle(now, context);
    }
}

impl Handler<PlaceLeft> for Registry {
    type Result = ();

    fn handle(&mut self, left: PlaceLeft, context: &mut Context<Self>) {
        if self.leave(left.number).is_some() {
            self.health.ended(left.number);
            self.settle(Instant::now(), context);
        }
    }
}

impl Handler<TakeCensus> for Registry {
    type Result = Census;

    fn handle(&mut self, _: TakeCensus, _: &mut Context<Self>) -> Census {
        Census {
            turns: self.turns.len(),
            waiting: self.waiters.len(),
            parked: self.health.parked(),
            down: self.health.is_down(),
        }
    }
}
