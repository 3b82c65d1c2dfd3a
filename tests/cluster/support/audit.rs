//! The audit log of an API server: every write of an operator, in order.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

/// Which requests are logged: operators are service accounts, tests are not.
pub(crate) const POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Request
  userGroups: ['system:serviceaccounts']
  verbs: [update]
  resources: [{ group: source.toolkit.fluxcd.io, resources: [ocirepositories/status] }]
- level: Metadata
  userGroups: ['system:serviceaccounts']
  verbs: [create, update, patch, delete, deletecollection]
- level: None
";

/// What the write of a status is called that only says that an attempt is at work, as one of more than two seconds does (D27).
pub(crate) const AT_WORK: &str = "update ocirepositories/status: at work";

/// The name of the Lease, which those of shards and of events about it begin with.
pub(crate) const ELECTION: &str = "source-controller-leader-election";

/// One write.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// When it was received.
    pub(crate) at: Timestamp,
    /// Verb and resource.
    pub(crate) what: String,
    /// The object's name.
    pub(crate) name: String,
    /// The token that it was made with: each process has its own.
    pub(crate) token: String,
}

impl Write {
    /// Whether it belongs to the election of a leader: the Lease itself, or an event about it.
    pub(crate) fn is_of_the_election(&self) -> bool {
        self.name.starts_with(ELECTION)
    }

    fn of(entry: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let object = &entry["objectRef"];
        let (verb, resource, part) =
            (text(&entry["verb"]), text(&object["resource"]), text(&object["subresource"]));
        let separator = if part.is_empty() { "" } else { "/" };
        let what = format!("{verb} {resource}{separator}{part}");
        Self {
            at: text(&entry["requestReceivedTimestamp"]).parse().expect("times are RFC 3339"),
            what: if is_at_work(&entry["requestObject"]) { AT_WORK.to_owned() } else { what },
            name: text(&object["name"]),
            token: text(&entry["user"]["extra"]["authentication.kubernetes.io/credential-id"][0]),
        }
    }
}

fn is_at_work(patch: &Value) -> bool {
    let conditions = patch["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Reconciling" && condition["reason"] == "Progressing")
}

/// The writes in this namespace that a log tells of.
pub(crate) fn writes(log: &Path, namespace: &str) -> Vec<Write> {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let place = format!("\"namespace\":\"{namespace}\"");
    // The last line may not be whole yet.
    let lines = log.lines().filter(|line| line.contains(&place));
    let entries = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let here = entries.filter(|entry| entry["objectRef"]["namespace"] == namespace);
    here.map(|entry| Write::of(&entry)).collect()
}
