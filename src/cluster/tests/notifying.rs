//! Posts to the notification address.

use reconcile::Severity;
use serde_json::json;
use sluice_actors::cluster::WriteError;

use super::api::{Answer, Api, Nobody};
use super::notice;
use crate::cluster::Notifier;

fn notifier(api: &Api) -> Notifier {
    Notifier::new(api.address().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn an_event_is_posted_as_the_receiver_of_upstream_expects_it() {
    let api = Api::start(|_, _| Answer::text(202, "")).await;

    notifier(&api).post(&notice(Severity::Normal)).await.unwrap();

    let asked = api.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/"));
    assert_eq!(asked.headers["content-type"], "application/json");
    let mut body = asked.body;
    let instance = body.as_object_mut().unwrap().remove("reportingInstance").unwrap();
    assert!(instance.as_str().is_some_and(|name| !name.is_empty()));
    let expected = json!({
        "involvedObject": {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "namespace": "apps",
            "name": "app",
            "uid": "u-1",
            "resourceVersion": "7",
        },
        "severity": "info",
        "timestamp": "2026-01-02T03:04:05Z",
        "message": "stored artifact",
        "reason": "NewArtifact",
        "metadata": {
            "event.toolkit.fluxcd.io/team": "payments",
            "source.toolkit.fluxcd.io/revision": "v1",
        },
        "reportingController": "source-controller",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_warning_without_annotations_is_an_error_without_metadata() {
    let api = Api::start(|_, _| Answer::text(202, "")).await;
    let mut notice = notice(Severity::Warning);
    notice.announcement.metadata.clear();
    notice.object_metadata.clear();

    notifier(&api).post(&notice).await.unwrap();

    let body = api.asked().remove(0).body;
    assert_eq!(body["severity"], "error");
    assert_eq!(body.get("metadata"), None);
}

#[tokio::test]
async fn a_duplicate_is_a_success_and_only_a_server_that_fails_is_asked_again() {
    let codes = [429, 500, 503, 400, 401];
    let api = Api::start(move |number, _| Answer::text(codes[number], "")).await;
    let notifier = notifier(&api);

    let mut answers = Vec::new();
    for _ in codes {
        answers.push(match notifier.post(&notice(Severity::Normal)).await {
            Ok(()) => "done",
            Err(WriteError::Failed(_)) => "again",
            Err(_) => "never",
        });
    }

    assert_eq!(answers, ["done", "again", "again", "never", "never"]);
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_worth_another_try() {
    let nobody = Nobody::new();
    let notifier = Notifier::new(nobody.address().parse().unwrap()).unwrap();

    let error = notifier.post(&notice(Severity::Normal)).await.unwrap_err();

    assert!(matches!(error, WriteError::Failed(_)), "{error:?}");
}
