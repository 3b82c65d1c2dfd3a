//! Where a delivery is looked at before anybody hears of it. What is refused costs no message, no task and no log line.

use std::sync::Arc;
use std::time::Duration;

use actix::Recipient;
use hooks::{Delivery, Proof, Said, Sender, Token, Unauthenticated};
use http::HeaderMap;
use jiff::Timestamp;
use sluice_actors::Sources;
use sluice_actors::receiver::{Deliver, Ending, Gate, Hook, HookWriter, Hooks, Receipt, Refused, refused};
use tokio::sync::{Semaphore, oneshot};

use super::follow::{self, Answers, Followed};
use super::issuers::Issuers;
use crate::metrics::Deliveries;

/// How long an answer waits for what came of a delivery; senders want to be answered soon, and it is taken all the same.
const PATIENCE: Duration = Duration::from_millis(80);

/// Deliveries that wait for the Receiver: as many as a hook may send at once. More wait only where it is late by far.
const PLACES: usize = 1_000;

/// Questions of those who wait for their objects that are answered at a time: each reads one object after the other, and the
/// API server has others to serve.
const QUESTIONS: usize = 4;

/// What the webhook server asks.
pub struct Desk {
    hooks: Arc<Hooks>,
    sources: Arc<Sources>,
    deliver: Recipient<Deliver>,
    refused: Recipient<Refused>,
    issuers: Issuers,
    cluster: Arc<dyn HookWriter>,
    deliveries: Deliveries,
    places: Arc<Semaphore>,
    questions: Semaphore,
}

/// What a sender is answered.
#[derive(Debug)]
pub struct Answer {
    /// How the delivery ended.
    pub outcome: Outcome,
    /// What that means, for the sender.
    pub message: String,
}

/// How a delivery ended.
#[derive(Debug)]
pub enum Outcome {
    /// It was taken.
    Taken {
        /// What came of it, unless that was not known in time.
        receipt: Option<Receipt>,
        /// What its objects will show when they have handled it, where that was asked for.
        request: Option<String>,
    },
    /// The sender waits for this very answer before it sends anything.
    Handshake(String),
    /// How far the objects are that an earlier delivery has woken.
    Progress(Answers),
    /// No such path.
    Unknown,
    /// It was refused for this reason.
    Refused(Ending),
}

impl Desk {
    /// A desk that knows these hooks and sources.
    ///
    /// # Errors
    /// None that can occur: the settings of its client are fixed.
    pub fn new(
        hooks: Arc<Hooks>,
        sources: Arc<Sources>,
        deliver: Recipient<Deliver>,
        refused: Recipient<Refused>,
        cluster: Arc<dyn HookWriter>,
        deliveries: Deliveries,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            hooks,
            sources,
            deliver,
            refused,
            issuers: Issuers::new()?,
            cluster,
            deliveries,
            places: Arc::new(Semaphore::new(PLACES)),
            questions: Semaphore::new(QUESTIONS),
        })
    }

    /// The hook of a path, if it takes deliveries.
    ///
    /// # Errors
    /// The answer to whatever was sent there.
    pub fn find(&self, path: &str) -> Result<Arc<Hook>, Answer> {
        let Some(hook) = self.hooks.find(path) else {
            if self.hooks.is_complete() {
                self.deliveries.unknown();
                return Err(Answer { outcome: Outcome::Unknown, message: "no such path".to_owned() });
            }
            let message = "the RegistryWebhook objects are not known yet".to_owned();
            return Err(Answer { outcome: Outcome::Refused(Ending::Unavailable), message });
        };
        if let Gate::Closed(why) = &hook.gate {
            return Err(self.refuse(&hook, Ending::Unavailable, why.clone()));
        }
        if !self.sources.is_complete() {
            let message = "the OCIRepository objects are not known yet".to_owned();
            return Err(self.refuse(&hook, Ending::Unavailable, message));
        }
        Ok(hook)
    }

    /// Whether the headers alone prove who sends; `None` where the body is needed for that.
    pub async fn admits(&self, hook: &Hook, headers: &HeaderMap) -> Option<Result<(), Answer>> {
        let delivery = Delivery { headers, body: &[] };
        let proof = match &hook.gate {
            Gate::Tokens(trust) => self.trusts(hook, trust, &delivery).await,
            Gate::Secret(_) if hook.sender.proof() == Proof::Signature => return None,
            Gate::Secret(token) => {
                hooks::authenticate(hook.sender, token.bytes(), &delivery).map_err(|error| error.to_string())
            }
            Gate::Closed(why) => Err(why.clone()),
        };
        Some(proof.map_err(|message| self.refuse(hook, Ending::Unauthenticated, message)))
    }

    async fn trusts(&self, hook: &Hook, trust: &hooks::Trust, delivery: &Delivery<'_>) -> Result<(), String> {
        let token = Token::of(delivery).map_err(|error| error.to_string())?;
        let keys = self.issuers.keys(&trust.issuer, &token).await?;
        let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
        token.verify(&keys, trust, hook.sender, now).map_err(|error| error.to_string())
    }

    /// Takes a delivery whose headers were admitted, or that has a signature.
    pub async fn take(&self, hook: &Arc<Hook>, headers: &HeaderMap, body: &[u8]) -> Answer {
        let delivery = Delivery { headers, body };
        if let Err(error) = signed(hook, &delivery) {
            return self.refuse(hook, Ending::Unauthenticated, error.to_string());
        }
        let follows = delivery.header(FOLLOW).is_some() && speaks_our_schema(hook.sender);
        if follows {
            match follow::question(body) {
                Ok(Some(followed)) => return self.tell(hook, &followed).await,
                Ok(None) => {}
                Err(error) => return self.refuse(hook, Ending::Malformed, error.to_string()),
            }
        }
        let message = match hooks::read(hook.sender, &delivery) {
            Ok(message) => message,
            Err(error) => return self.refuse(hook, Ending::Malformed, error.to_string()),
        };
        let pushes = match message.said {
            Said::Pushed(pushes) => pushes,
            Said::Handshake(text) => {
                let message = "the sender has been answered, and may send from now on".to_owned();
                self.note(hook, Ending::Ignored, message.clone());
                return Answer { outcome: Outcome::Handshake(text), message };
            }
        };
        let request = follows.then(|| Timestamp::now().to_string());
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let message = "too many deliveries wait to be worked off".to_owned();
            return self.refuse(hook, Ending::Unavailable, message);
        };
        let (reply, mut receipt) = oneshot::channel();
        let deliver =
            Deliver { hook: Arc::clone(hook), id: message.id, pushes, request: request.clone(), reply };
        // The Receiver lives as long as the process does.
        self.deliver.do_send(deliver);
        let in_time = tokio::time::timeout(PATIENCE, &mut receipt).await;
        if in_time.is_err() {
            let deliveries = self.deliveries.clone();
            tokio::spawn(async move {
                // It ends, and its place is free, when the Receiver has come to it, whoever asked.
                if let Ok(receipt) = receipt.await {
                    deliveries.ended(receipt.ending);
                }
                drop(place);
            });
        }
        let receipt = in_time.ok().and_then(Result::ok);
        if let Some(receipt) = &receipt {
            self.deliveries.ended(receipt.ending);
            if receipt.ending == Ending::Unavailable {
                let message = "the RegistryWebhook is not there any more".to_owned();
                return Answer { outcome: Outcome::Refused(Ending::Unavailable), message };
            }
        }
        Answer { outcome: Outcome::Taken { receipt, request }, message: String::new() }
    }

    /// A question is no delivery, and not counted as one.
    async fn tell(&self, hook: &Hook, followed: &Followed) -> Answer {
        // The semaphore is never closed.
        let _place = self.questions.acquire().await;
        match follow::progress(hook, followed, self.cluster.as_ref()).await {
            Ok(answers) => Answer { outcome: Outcome::Progress(answers), message: String::new() },
            Err(error) => {
                Answer { outcome: Outcome::Refused(Ending::Unavailable), message: error.to_string() }
            }
        }
    }

    /// A delivery that is refused, and counted.
    pub fn refuse(&self, hook: &Hook, ending: Ending, message: String) -> Answer {
        self.note(hook, ending, message.clone());
        Answer { outcome: Outcome::Refused(ending), message }
    }

    fn note(&self, hook: &Hook, ending: Ending, message: String) {
        self.deliveries.ended(ending);
        if hook.tally.count(ending, refused(ending, message)) {
            self.refused.do_send(Refused(hook.key.clone()));
        }
    }
}

/// A sender with this header waits until the objects have handled what it tells of: they are asked through the cluster,
/// so that their status shows it, and the body may ask how far they are. Only for senders that speak our own schema.
pub const FOLLOW: &str = "sluice-follow";

fn speaks_our_schema(sender: Sender) -> bool {
    matches!(sender, Sender::Generic | Sender::GenericHmac | Sender::GenericOidc)
}

fn signed(hook: &Hook, delivery: &Delivery<'_>) -> Result<(), Unauthenticated> {
    match &hook.gate {
        Gate::Secret(token) if hook.sender.proof() == Proof::Signature => {
            hooks::authenticate(hook.sender, token.bytes(), delivery)
        }
        Gate::Secret(_) | Gate::Tokens(_) | Gate::Closed(_) => Ok(()),
    }
}
