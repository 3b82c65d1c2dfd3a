//! Deliveries to a replica that does not lead, and to whoever waits for its objects.

use serde_json::{Value, json};
use sluice_actors::Key as Name;

use super::issuer::Issuer;
use super::senders::{KINDS, about, token_of};
use super::sending::{each, follow};
use super::stage::{Stage, header, play, said};

const PUSH: &[u8] = br#"{"url":"oci://ghcr.io/example/web","tag":"main"}"#;

#[test]
fn a_replica_that_does_not_lead_asks_whom_the_push_of_each_kind_concerns() {
    each(async |mut stage, sending| {
        let (kind, path) = (sending.kind, &sending.path);
        stage.resign().await;
        let body = kind.body();
        let headers = sending.headers(&body);

        let answer = stage.post(path, &headers, &body).await;

        assert_eq!(answer.status, 202, "{}: {answer:?}", kind.push);
        let asked =
            stage.cluster.until(|shown| (shown.requests.len() >= 2).then(|| shown.requests.clone())).await;
        let names: Vec<_> = asked.iter().map(|(key, _)| key.to_string()).collect();
        assert_eq!(names, ["a/range", "a/tag"], "{}", kind.push);
        assert!(stage.woken().await.is_empty());
    });
}

async fn hook(stage: &Stage) -> String {
    stage.follow("a", "app", "ghcr.io/example/web", &json!({ "tag": "main" }));
    stage.follow("b", "app", "ghcr.io/example/web", &json!({ "tag": "main" }));
    let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
    stage.hook("a", "hook", "token", &spec).await
}

fn follows() -> super::stage::Headers {
    [header("Authorization", "token"), header("Sluice-Follow", "1")].concat()
}

#[test]
fn whoever_waits_is_told_how_far_the_objects_of_its_own_namespace_are() {
    play(async |mut stage| {
        let path = hook(&stage).await;

        let answer = stage.post(&path, &follows(), PUSH).await;
        let taken = said(&answer);
        let requested_at = taken["requestedAt"].as_str().unwrap().to_owned();
        assert_eq!((answer.status, &taken["objects"]), (202, &json!(["a/app"])));
        let asked = stage.cluster.until(|shown| shown.requests.first().cloned()).await;
        assert_eq!(asked, (Name::new("a", "app"), requested_at.clone()));
        assert!(stage.woken().await.is_empty(), "the request is enough");

        let object = |handled: &str| {
            json!({
                "metadata": { "generation": 1 },
                "status": {
                    "observedGeneration": 1,
                    "lastHandledReconcileAt": handled,
                    "artifact": { "revision": "main@sha256:aa" },
                    "conditions": [{ "type": "Ready", "status": "True", "message": "stored" }],
                },
            })
        };
        for namespace in ["a", "b"] {
            stage.cluster.show(&Name::new(namespace, "app"), object("earlier"));
        }
        let question = json!({ "follow": { "requestedAt": requested_at, "objects": ["a/app", "b/app", "a/gone", "odd"] } });
        let states = async |stage: &Stage| {
            let answer = stage.post(&path, &follows(), question.to_string().as_bytes()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let states = said(&answer)["objects"].as_array().unwrap().clone();
            states.into_iter().map(|object| object["state"].clone()).collect::<Vec<Value>>()
        };
        assert_eq!(states(&stage).await, ["waiting", "failed", "failed", "failed"]);
        stage.cluster.show(&Name::new("a", "app"), object(&requested_at));
        assert_eq!(states(&stage).await, ["ready", "failed", "failed", "failed"]);

        let counts = stage.counts(&path).await;
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("accepted".to_owned(), 1)]);
    });
}

#[test]
fn a_question_that_asks_for_too_much_or_for_nothing_is_refused() {
    play(async |mut stage| {
        let path = hook(&stage).await;

        for question in [
            json!({ "follow": { "requestedAt": "x", "objects": vec!["a/app"; 51] } }),
            json!({ "follow": { "requestedAt": "x" } }),
            json!({ "follow": [] }),
            json!({ "follow": null }),
            json!({ "follow": "a/app" }),
        ] {
            let answer = stage.post(&path, &follows(), question.to_string().as_bytes()).await;
            assert_eq!(answer.status, 400, "{question}: {answer:?}");
        }
        let stranger = header("Sluice-Follow", "1");
        let question = json!({ "follow": { "requestedAt": "x", "objects": ["a/app"] } }).to_string();
        assert_eq!(stage.post(&path, &stranger, question.as_bytes()).await.status, 401);

        assert!(stage.woken().await.is_empty());
    });
}

#[test]
fn senders_with_a_schema_of_their_own_wait_for_nobody() {
    play(async |mut stage| {
        let issuer = Issuer::with(&[]).await;
        for kind in KINDS.iter().filter(|kind| !kind.name.starts_with("generic")).take(3) {
            follow(&stage, kind);
            let path = kind.hook(&stage, "a", kind.name, &issuer).await;
            let mut headers =
                [header("Authorization", token_of("a", kind.name)), header("Sluice-Follow", "1")].concat();
            headers.extend(about(kind.push));

            let answer = stage.post(&path, &headers, &kind.body()).await;

            assert_eq!(answer.status, 202, "{}: {answer:?}", kind.push);
            assert!(said(&answer)["requestedAt"].is_null(), "{answer:?}");
            assert_eq!(stage.woken().await, ["a/range", "a/tag"], "{}", kind.push);
        }
    });
}
