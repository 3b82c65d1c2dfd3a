//! What a `RegistryWebhook` comes down to, for those who take its deliveries.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::digest::{SHA256, digest};
use hooks::{Sender, Trust};
use sluice_crds::{RegistryWebhookSpec, WebhookType};

use super::tally::Tally;
use super::webhook::Webhook;
use crate::Key;

/// A path that takes deliveries, or says why it takes none.
#[derive(Debug)]
pub struct Hook {
    /// Its object.
    pub key: Key,
    /// Who sends.
    pub sender: Sender,
    /// What the sender has to show.
    pub gate: Gate,
    /// Whose objects it wakes; `None` for those of all namespaces.
    pub namespace: Option<Arc<str>>,
    /// The registry's name, where the object gives it.
    pub host: Option<String>,
    /// What came to it.
    pub tally: Arc<Tally>,
}

/// What a sender has to show.
#[derive(Debug)]
pub enum Gate {
    /// Nothing is taken, for this reason.
    Closed(String),
    /// It knows this secret.
    Secret(Token),
    /// It has a token that these trust.
    Tokens(Trust),
}

/// The secret of a hook. `Debug` does not show it.
pub struct Token(Vec<u8>);

impl Token {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(..)")
    }
}

/// The hooks by their paths; written by the Receiver, read for each request.
#[derive(Debug, Default)]
pub struct Hooks {
    listed: AtomicBool,
    by_path: RwLock<HashMap<String, Arc<Hook>>>,
}

impl Hooks {
    /// The hook of this path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Arc<Hook>> {
        self.by_path.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// Whether all hooks are known: a path that is not found before may be found later.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }

    pub(super) fn complete(&self) {
        self.listed.store(true, Ordering::Release);
    }

    /// What this object had at `before` is now `after`, or nowhere. A path that another one has stays with that one: what
    /// makes up a path is partly its owner's choice, and nobody may close or take the hook of somebody else by it.
    pub(super) fn replace(&self, key: &Key, before: Option<&str>, after: Option<(String, Arc<Hook>)>) {
        let mut by_path = self.by_path.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) =
            before.filter(|before| by_path.get(*before).is_some_and(|hook| hook.key == *key))
        {
            by_path.remove(before);
        }
        if let Some((path, hook)) = after {
            by_path.entry(path).or_insert(hook);
        }
    }
}

/// Why an object takes no deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// Where and how an object takes deliveries. `token` is what its Secret holds; `home` is the operator's namespace.
pub(super) fn gate(
    webhook: &Webhook,
    token: Option<Result<Vec<u8>, Problem>>,
    home: Option<&str>,
) -> Result<(String, Gate), Problem> {
    let spec = webhook
        .spec
        .as_ref()
        .map_err(|error| Problem::new("InvalidSpec", format!("the spec cannot be read: {error}")))?;
    check(webhook, spec, home)?;
    let gate = match (&spec.oidc, token) {
        (Some(oidc), _) => Gate::Tokens(Trust {
            issuer: oidc.issuer.clone(),
            audience: oidc.audience.clone(),
            subject: oidc.subject.clone(),
            email: oidc.email.clone(),
        }),
        (None, Some(token)) => Gate::Secret(Token(token?)),
        (None, None) => return Err(Problem::new("InvalidSpec", NO_SECRET)),
    };
    let known = match &gate {
        Gate::Secret(token) => token.bytes(),
        Gate::Tokens(_) | Gate::Closed(_) => webhook.uid.as_bytes(),
    };
    let path = path(known, &webhook.key);
    Ok((path, if spec.suspend { Gate::Closed("it is suspended".to_owned()) } else { gate }))
}

const NO_SECRET: &str = "spec.secretRef is required, unless spec.oidc says whose tokens are taken";

/// The path of Flux's receivers, so that a sender need not be told another one: what is known to the sender, name and
/// namespace, hashed.
fn path(known: &[u8], key: &Key) -> String {
    let text = [known, key.name.as_bytes(), key.namespace.as_bytes()].concat();
    let hash = digest(&SHA256, &text);
    hash.as_ref().iter().fold("/hook/".to_owned(), |path, byte| format!("{path}{byte:02x}"))
}

fn check(webhook: &Webhook, spec: &RegistryWebhookSpec, home: Option<&str>) -> Result<(), Problem> {
    let invalid = |message: &str| Err(Problem::new("InvalidSpec", message));
    let kind = spec.kind;
    if let Some(oidc) = &spec.oidc {
        if !matches!(kind, WebhookType::Gcr | WebhookType::GenericOidc | WebhookType::Acr) {
            return invalid("spec.oidc is for the types gcr, generic-oidc and acr");
        }
        if spec.secret_ref.is_some() {
            return invalid("with spec.oidc a token proves who sends: spec.secretRef is not used");
        }
        if !is_trustworthy(&oidc.issuer) {
            return invalid("spec.oidc.issuer has to be an https URL");
        }
        if kind == WebhookType::GenericOidc && oidc.subject.is_none() && oidc.email.is_none() {
            return invalid("who may sign is not enough: spec.oidc.subject or spec.oidc.email is required");
        }
        if kind == WebhookType::Gcr && oidc.email.is_none() {
            return invalid("spec.oidc.email is required: anybody can get a token of this issuer");
        }
    } else if matches!(kind, WebhookType::Gcr | WebhookType::GenericOidc) {
        return invalid("this type proves by a token who sends: spec.oidc is required");
    }
    if sender(kind).is_hostless() && spec.host.is_none() {
        return invalid("deliveries of this type do not name a host: spec.host is required");
    }
    if spec.all_namespaces && home != Some(&*webhook.key.namespace) {
        let message = match home {
            Some(home) => format!("spec.allNamespaces is for the operator's namespace, {home}, only"),
            None => {
                "spec.allNamespaces needs the operator to know its namespace (RUNTIME_NAMESPACE)".to_owned()
            }
        };
        return Err(Problem::new("NotAllowed", message));
    }
    Ok(())
}

/// Keys that came over plain HTTP would be anybody's, but on this very machine.
fn is_trustworthy(issuer: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let rest = local.iter().find_map(|prefix| issuer.strip_prefix(prefix));
    issuer.starts_with("https://") || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
}

/// The API's word for a sender.
pub(super) fn sender(kind: WebhookType) -> Sender {
    match kind {
        WebhookType::Distribution => Sender::Distribution,
        WebhookType::Gitlab => Sender::Gitlab,
        WebhookType::Dockerhub => Sender::Dockerhub,
        WebhookType::Harbor => Sender::Harbor,
        WebhookType::Quay => Sender::Quay,
        WebhookType::Github => Sender::Github,
        WebhookType::Gitea => Sender::Gitea,
        WebhookType::Gcr => Sender::Gcr,
        WebhookType::Acr => Sender::Acr,
        WebhookType::Ecr => Sender::Ecr,
        WebhookType::Nexus => Sender::Nexus,
        WebhookType::Artifactory => Sender::Artifactory,
        WebhookType::Aliyun => Sender::Aliyun,
        WebhookType::Zot => Sender::Zot,
        WebhookType::Generic => Sender::Generic,
        WebhookType::GenericHmac => Sender::GenericHmac,
        WebhookType::GenericOidc => Sender::GenericOidc,
    }
}
