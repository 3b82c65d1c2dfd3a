//! How far objects are that a delivery has woken, for a sender who waits for them.
//!
//! Nothing is remembered between two questions: any replica answers from what the cluster shows.

use hooks::Malformed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_actors::Key;
use sluice_actors::cluster::WriteError;
use sluice_actors::receiver::{Hook, HookWriter};

/// How many objects one question may name: each costs a read of the API server.
pub const ASKED_AT_ONCE: usize = 50;

/// In bytes, with names as long as they may be.
const LONGEST_QUESTION: usize = 64 << 10;

/// What a sender asks.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    /// What it asks.
    pub follow: Followed,
}

/// Which objects are followed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Followed {
    /// What their status shows once they have handled the delivery.
    pub requested_at: String,
    /// Namespace and name of each.
    pub objects: Vec<String>,
}

/// What a sender is answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answers {
    /// One answer for each object that was asked for.
    pub objects: Vec<Progress>,
}

/// How far an object is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Namespace and name.
    pub name: String,
    /// Whether it is done.
    pub state: State,
    /// The revision that it shows.
    pub revision: String,
    /// What its `Ready` condition says.
    pub message: String,
}

/// Whether an object is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It has not handled the delivery yet.
    Waiting,
    /// It has, and is Ready.
    Ready,
    /// It has, and is not; or it is gone.
    Failed,
}

/// Reads a question; `None` where the body is a delivery.
pub(super) fn question(body: &[u8]) -> Result<Option<Followed>, Malformed> {
    if body.len() > LONGEST_QUESTION {
        return Ok(None);
    }
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Malformed("the body is no JSON".to_owned()))?;
    if value.get("follow").is_none() {
        return Ok(None);
    }
    let question: Question = serde_json::from_value(value)
        .map_err(|_| Malformed("'follow' needs 'requestedAt' and 'objects'".to_owned()))?;
    if question.follow.objects.len() > ASKED_AT_ONCE {
        return Err(Malformed(format!("{ASKED_AT_ONCE} objects may be asked for at once")));
    }
    Ok(Some(question.follow))
}

/// How far they are. A hook tells of no object that it could not wake.
pub(super) async fn progress(
    hook: &Hook,
    followed: &Followed,
    cluster: &dyn HookWriter,
) -> Result<Answers, WriteError> {
    let mut objects = Vec::new();
    for name in &followed.objects {
        let key = name.split_once('/').map(|(namespace, name)| Key::new(namespace, name));
        let within = |key: &Key| hook.namespace.as_ref().is_none_or(|namespace| *namespace == key.namespace);
        let found = match key.filter(within) {
            Some(key) => cluster.object(&key).await,
            None => Err(WriteError::Gone),
        };
        let (state, revision, message) = match found {
            Ok(object) => state(&object, &followed.requested_at),
            Err(WriteError::Gone) => (State::Failed, String::new(), "there is no such object".to_owned()),
            Err(error) => return Err(error),
        };
        objects.push(Progress { name: name.clone(), state, revision, message });
    }
    Ok(Answers { objects })
}

fn state(object: &Value, requested_at: &str) -> (State, String, String) {
    let status = &object["status"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let condition = |kind: &str| {
        let conditions = status["conditions"].as_array();
        conditions.and_then(|conditions| conditions.iter().find(|condition| condition["type"] == kind))
    };
    let handled = text(&status["lastHandledReconcileAt"]);
    let settled = condition("Reconciling").is_none()
        && status["observedGeneration"] == object["metadata"]["generation"]
        && is_handled(&handled, requested_at);
    let ready = condition("Ready");
    let message = ready.map(|ready| text(&ready["message"])).unwrap_or_default();
    let state = match ready.map(|ready| text(&ready["status"])) {
        Some(truth) if settled && truth == "True" => State::Ready,
        Some(truth) if is_handled(&handled, requested_at) && truth == "False" => State::Failed,
        _ => State::Waiting,
    };
    (state, text(&status["artifact"]["revision"]), message)
}

/// A later request stands for an earlier one.
fn is_handled(handled: &str, requested_at: &str) -> bool {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    handled == requested_at || time(handled).zip(time(requested_at)).is_some_and(|(last, ours)| last >= ours)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{State, question, state};

    const OURS: &str = "2026-01-02T03:04:05.678Z";

    fn object(handled: &str, ready: &str) -> Value {
        json!({
            "metadata": { "generation": 2 },
            "status": {
                "observedGeneration": 2,
                "lastHandledReconcileAt": handled,
                "artifact": { "revision": "main@sha256:aa" },
                "conditions": [{ "type": "Ready", "status": ready, "message": "said" }],
            },
        })
    }

    #[test]
    fn an_object_is_done_when_it_has_handled_this_request_or_a_later_one() {
        let cases = [
            (OURS, "True", State::Ready),
            (OURS, "False", State::Failed),
            (OURS, "Unknown", State::Waiting),
            ("2026-01-02T03:04:06Z", "True", State::Ready),
            ("2026-01-02T03:04:05Z", "True", State::Waiting),
            ("by hand", "True", State::Waiting),
            ("", "False", State::Waiting),
        ];
        for (handled, ready, expected) in cases {
            let (found, revision, message) = state(&object(handled, ready), OURS);

            assert_eq!(found, expected, "{handled} {ready}");
            assert_eq!((revision.as_str(), message.as_str()), ("main@sha256:aa", "said"));
        }
    }

    #[test]
    fn an_object_that_works_on_a_newer_specification_is_not_done() {
        let mut object = object(OURS, "True");
        object["metadata"]["generation"] = json!(3);

        assert_eq!(state(&object, OURS).0, State::Waiting);
    }

    #[test]
    fn a_question_is_told_from_a_delivery_and_has_a_bound() {
        assert!(question(br#"{"url":"oci://ghcr.io/example/app","tag":"main"}"#).unwrap().is_none());
        assert!(question(br#"{"follow":{"requestedAt":"x","objects":["a/b"]}}"#).unwrap().is_some());
        assert!(question(br#"{"follow":{"objects":["a/b"]}}"#).is_err());
        let many = json!({ "follow": { "requestedAt": "x", "objects": vec!["a/b"; 51] } });
        assert!(question(many.to_string().as_bytes()).is_err());
        let long = format!("{{\"follow\":{}1{}}}", "[".repeat(40_000), "]".repeat(40_000));
        assert!(question(long.as_bytes()).unwrap().is_none(), "what is so long is no question");
    }
}
