//! Deliveries of Google's registries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hooks::{Malformed, Sender};

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

const DIGEST: &str = "f7256b5f19a138146f8fa517354ba5ea99a35761c2c70f0259b5680648e19959";
const PUSHES: [(&str, &str, &str); 4] = [
    ("gcr/artifact-registry-push.json", "europe-docker.pkg.dev", "example-project/apps/podinfo"),
    ("gcr/artifact-registry-push-redelivery.json", "europe-docker.pkg.dev", "example-project/apps/podinfo"),
    ("gcr/artifact-registry-push-unwrapped.json", "europe-docker.pkg.dev", "example-project/apps/podinfo"),
    ("gcr/container-registry-push.json", "eu.gcr.io", "example-project/podinfo"),
];

#[test]
fn a_tag_is_a_push_with_an_envelope_and_without() {
    for (name, host, path) in PUSHES {
        let pushes = fixture(name).pushes(Sender::Gcr);

        assert_eq!(pushes, vec![pushed(&[at(host, path)], "6.7.1", Some(DIGEST))], "{name}");
    }
}

#[test]
fn digests_and_deletions_are_no_pushes() {
    all_others_say_nothing(Sender::Gcr, &PUSHES.map(|(name, _, _)| name));
}

#[test]
fn what_is_sent_again_keeps_its_name() {
    let id = |sent: Sent| sent.read_as(Sender::Gcr).unwrap().id;

    let first = id(fixture("gcr/artifact-registry-push.json"));
    let again = id(fixture("gcr/artifact-registry-push-redelivery.json"));
    let bare =
        id(fixture("gcr/artifact-registry-push-unwrapped.json").with("x-goog-pubsub-message-id", "1145"));

    assert_eq!(first.as_deref(), Some("11450000000000001"));
    assert_eq!(again, first);
    assert_eq!(bare.as_deref(), Some("1145"));
}

#[test]
fn an_envelope_around_something_else_is_refused_with_a_reason() {
    let error = |data: &str| {
        Sent::new(format!(r#"{{"message":{{"data":"{data}"}}}}"#)).read_as(Sender::Gcr).unwrap_err()
    };

    assert_eq!(error("%"), Malformed("'message.data' is not base64".to_owned()));
    assert_eq!(
        error(&STANDARD.encode("[]")),
        Malformed("in 'message.data': the body is not a JSON object".to_owned())
    );
}
