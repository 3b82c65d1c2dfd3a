//! The slow scrub (D30): when a processor is free, a piece of what is stored is read again.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WeakRecipient, WrapFuture};
use artifact::store::{Damage, Error, Scrub, Scrubbed};
use reconcile::Failure;
use tokio::time::Instant;

use super::{ArtifactDamaged, Storage};
use crate::fields::{ERROR, NAME, NAMESPACE};
use crate::{Key, failure};

/// Bytes read at a time: a stop, or work that has come meanwhile, waits for no more of them.
const PIECE: u64 = 1 << 20;
/// The pause after each piece, and after each small file. So at most 4 MiB/s are read, in the order of a hundredth of a core
/// and less of a disk; 10,000 small artifacts take 42 minutes, 300 GiB most of a day.
const PAUSE: Duration = Duration::from_millis(250);

/// How stored files are scrubbed.
pub struct Scrubbing {
    /// From the beginning of one walk over all of them to that of the next, which comes at once after one that took longer.
    pub every: Duration,
    /// Who hears of what is damaged.
    pub found: WeakRecipient<ArtifactDamaged>,
}

struct Walk {
    scrub: Scrub,
    begun: Instant,
}

impl Scrubbing {
    /// Arms the next walk.
    pub(super) fn begin_after(delay: Duration, ctx: &mut Context<Storage>) {
        ctx.run_later(delay, |storage, ctx| {
            storage.step(Walk { scrub: Scrub::default(), begun: Instant::now() }, ctx);
        });
    }

    fn tell(&self, damage: &Damage) {
        let first = damage.objects.first();
        tracing::warn!(
            { NAMESPACE } = first.map(artifact::store::Key::namespace),
            { NAME } = first.map(artifact::store::Key::name),
            { ERROR } = damage.reason,
            path = damage.path,
            objects = damage.objects.len(),
            "a stored file is damaged: its objects look at it now, and build it anew unless they are suspended"
        );
        let Some(found) = self.found.upgrade() else {
            return;
        };
        for object in &damage.objects {
            found.do_send(ArtifactDamaged { key: Key::new(object.namespace(), object.name()) });
        }
    }
}

impl Storage {
    /// Reads a piece if a processor is free, so that the scrub delays nothing.
    fn step(&mut self, mut walk: Walk, ctx: &mut Context<Self>) {
        let Some(processor) = self.desk.processors.spare() else {
            go_on(walk, ctx);
            return;
        };
        let work = self.desk.clone().work_on(processor, move |desk| {
            let scrubbed = desk.store.scrub(&mut walk.scrub, PIECE);
            Ok((walk, scrubbed))
        });
        ctx.spawn(work.into_actor(self).map(|done, storage, ctx| storage.stepped(done, ctx)));
    }

    fn stepped(&mut self, done: Result<(Walk, Result<Scrubbed, Error>), Failure>, ctx: &mut Context<Self>) {
        let Some(scrubbing) = &self.scrubbing else {
            return;
        };
        match done {
            Ok((walk, Ok(Scrubbed::Complete))) => {
                tracing::debug!(files = walk.scrub.visited(), "stored files were read again");
                let rest = scrubbing.every.saturating_sub(walk.begun.elapsed());
                Scrubbing::begin_after(rest.max(PAUSE), ctx);
            }
            Ok((walk, Ok(Scrubbed::Further))) => go_on(walk, ctx),
            Ok((walk, Ok(Scrubbed::Damaged(damage)))) => {
                scrubbing.tell(&damage);
                go_on(walk, ctx);
            }
            Ok((walk, Err(error))) => {
                tracing::warn!({ ERROR } = failure::chain(&error), "a stored file cannot be read again");
                go_on(walk, ctx);
            }
            // A panic, which is logged already.
            Err(_) => Scrubbing::begin_after(scrubbing.every, ctx),
        }
    }
}

fn go_on(walk: Walk, ctx: &mut Context<Storage>) {
    ctx.run_later(PAUSE, |storage, ctx| storage.step(walk, ctx));
}
