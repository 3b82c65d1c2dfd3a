//! What a Receiver knows of the objects: a hook is prepared anew when its object or its Secret has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use tokio::time::Instant;

use super::hook::{Gate, Hook, Problem, gate, sender};
use super::ledger::Ledger;
use super::messages::HookChanged;
use super::standing::Standing;
use super::tally::Tally;
use super::webhook::Webhook;
use super::{Equipment, Receiver};
use crate::cluster::ReadError;
use crate::watcher::DependencyChanged;
use crate::{Dependency, DependencyKind, Key};

/// The key of a Secret under which a hook's secret is, as with Flux's receivers.
const TOKEN: &str = "token";
/// Before a Secret that could not be read is read again.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(5);

/// One object.
pub(super) struct Watched {
    pub(super) webhook: Arc<Webhook>,
    pub(super) ledger: Ledger,
    pub(super) tally: Arc<Tally>,
    /// How it stands, once it was prepared.
    pub(super) standing: Option<Standing>,
    /// Where it takes deliveries, or says that it takes none.
    path: Option<String>,
    /// Preparations are numbered: only the one that was begun last counts.
    preparation: u64,
    /// What of the tally is recorded.
    pub(super) recorded: BTreeMap<String, i64>,
    /// When its status was last written.
    pub(super) written: Option<Instant>,
    pub(super) writing: bool,
    pub(super) dirty: bool,
}

impl Receiver {
    fn applied(&mut self, webhook: &Arc<Webhook>, ctx: &mut Context<Self>) {
        let key = &webhook.key;
        if let Some(unseen) = &mut self.listing {
            unseen.remove(key);
        }
        let known = self.watched.get(key);
        let same = known.is_some_and(|known| known.webhook.uid == webhook.uid);
        if known.is_some() && !same {
            self.vanished(key);
        }
        let watched = self.watched.entry(key.clone()).or_insert_with(|| Watched {
            webhook: Arc::clone(webhook),
            ledger: Ledger::default(),
            tally: Arc::default(),
            standing: None,
            path: None,
            preparation: 0,
            recorded: BTreeMap::new(),
            written: None,
            writing: false,
            dirty: false,
        });
        let changed = watched.standing.is_none() || watched.webhook.generation != webhook.generation;
        watched.webhook = Arc::clone(webhook);
        if changed {
            self.prepare(key, ctx);
        }
    }

    fn vanished(&mut self, key: &Key) {
        if let Some(watched) = self.watched.remove(key) {
            self.at.hooks.replace(key, watched.path.as_deref(), None);
        }
    }

    /// Reads the Secret, if one is named, and opens or closes the hook.
    fn prepare(&mut self, key: &Key, ctx: &mut Context<Self>) {
        let Some(watched) = self.watched.get_mut(key) else { return };
        watched.preparation += 1;
        let (number, webhook, at) = (watched.preparation, Arc::clone(&watched.webhook), Arc::clone(&self.at));
        let work = async move {
            let token = match webhook.secret() {
                Some(name) => Some(token(&at, &webhook.key, name).await),
                None => None,
            };
            (webhook, token)
        };
        let opened = work.into_actor(self).map(move |(webhook, token), receiver: &mut Self, ctx| {
            let unreadable = matches!(&token, Some(Err(problem)) if problem.reason == UNREADABLE);
            let gate = gate(&webhook, token, receiver.at.home.as_deref());
            let latest = receiver.open(&webhook, number, gate, ctx);
            if unreadable && latest {
                let key = webhook.key.clone();
                ctx.run_later(PAUSE, move |receiver, ctx| receiver.prepare(&key, ctx));
            }
        });
        ctx.spawn(opened);
    }

    /// False where another preparation was begun meanwhile, which counts in its place.
    fn open(
        &mut self,
        webhook: &Webhook,
        number: u64,
        gate: Result<(String, Gate), Problem>,
        ctx: &mut Context<Self>,
    ) -> bool {
        let watched = self.watched.get_mut(&webhook.key);
        let latest =
            |watched: &&mut Watched| watched.preparation == number && watched.webhook.uid == webhook.uid;
        let Some(watched) = watched.filter(latest) else {
            return false;
        };
        let (path, gate, standing) = match gate {
            Ok((path, gate)) => {
                let standing = Ok((path.clone(), listening(&gate)));
                (Some(path), gate, standing)
            }
            Err(problem) => {
                let last = watched.path.clone().or_else(|| webhook.status.path.clone());
                (last, Gate::Closed(problem.message.clone()), Err(problem))
            }
        };
        let entry = webhook.spec.as_ref().ok().zip(path.clone()).map(|(spec, path)| {
            let namespace = (!spec.all_namespaces).then(|| Arc::clone(&webhook.key.namespace));
            let (key, tally) = (webhook.key.clone(), Arc::clone(&watched.tally));
            let hook =
                Hook { key, sender: sender(spec.kind), gate, namespace, host: spec.host.clone(), tally };
            (path, Arc::new(hook))
        });
        self.at.hooks.replace(&webhook.key, watched.path.as_deref(), entry);
        (watched.path, watched.standing) = (path, Some(standing));
        self.announce(&webhook.key, ctx);
        self.complete();
        true
    }

    /// Who asks for a path that is not known yet is told so only once every hook has been prepared.
    fn complete(&self) {
        let ready = self.watched.values().all(|watched| watched.standing.is_some());
        if self.listing.is_none() && self.listed && ready {
            self.at.hooks.complete();
        }
    }
}

fn listening(gate: &Gate) -> String {
    match gate {
        Gate::Closed(why) => format!("deliveries are answered with 503: {why}"),
        Gate::Secret(_) | Gate::Tokens(_) => "deliveries to status.path are taken".to_owned(),
    }
}

const UNREADABLE: &str = "SecretUnreadable";

async fn token(at: &Equipment, key: &Key, name: &str) -> Result<Vec<u8>, Problem> {
    let secret = at.reader.secret(&key.namespace, name).await.map_err(|error| match error {
        ReadError::NotFound(_) => {
            Problem::new("SecretNotFound", format!("the Secret {}/{name} is not there", key.namespace))
        }
        ReadError::Unreadable(text) => Problem::new(UNREADABLE, text),
    })?;
    let token = secret.data.get(TOKEN).filter(|token| !token.is_empty());
    token.cloned().ok_or_else(|| {
        Problem::new("SecretInvalid", format!("the Secret {}/{name} has no {TOKEN}", key.namespace))
    })
}

impl Handler<HookChanged> for Receiver {
    type Result = ();

    fn handle(&mut self, changed: HookChanged, ctx: &mut Context<Self>) {
        match changed {
            HookChanged::RelistStarted => self.listing = Some(self.watched.keys().cloned().collect()),
            HookChanged::Applied(webhook) => self.applied(&webhook, ctx),
            HookChanged::Deleted(key) => self.vanished(&key),
            HookChanged::RelistFinished => {
                for key in self.listing.take().unwrap_or_default() {
                    self.vanished(&key);
                }
                self.listed = true;
                self.complete();
            }
        }
    }
}

impl Handler<DependencyChanged> for Receiver {
    type Result = ();

    fn handle(&mut self, changed: DependencyChanged, ctx: &mut Context<Self>) {
        let changed: Vec<Key> = match changed {
            DependencyChanged::Applied { dependency, .. } | DependencyChanged::Deleted(dependency) => {
                self.naming(&dependency)
            }
            // Something may have changed while nobody watched.
            DependencyChanged::RelistFinished(DependencyKind::Secret) => {
                self.watched.keys().cloned().collect()
            }
            DependencyChanged::RelistFinished(DependencyKind::ServiceAccount)
            | DependencyChanged::RelistStarted(_) => return,
        };
        for key in changed {
            self.prepare(&key, ctx);
        }
    }
}

impl Receiver {
    fn naming(&self, dependency: &Dependency) -> Vec<Key> {
        let names = |webhook: &Webhook| {
            dependency.kind == DependencyKind::Secret
                && *webhook.key.namespace == *dependency.key.namespace
                && webhook.secret() == Some(&*dependency.key.name)
        };
        self.watched
            .values()
            .filter(|watched| names(&watched.webhook))
            .map(|watched| watched.webhook.key.clone())
            .collect()
    }
}
