//! Deliveries of Azure's registry: its own, and those of Event Grid.

use hooks::{Malformed, Said, Sender};

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

const IMAGE: &str = "f7256b5f19a138146f8fa517354ba5ea99a35761c2c70f0259b5680648e19959";
const ARTIFACT: &str = "67669c6a27372621ff9779c08b6ffdfa3311458454807226b2c25c99abdf97ac";
const PUSHES: [(&str, &str); 7] = [
    ("acr/push.json", IMAGE),
    ("acr/push-oci.json", ARTIFACT),
    ("acr/eventgrid-image-pushed.json", IMAGE),
    ("acr/eventgrid-image-pushed-v2.json", IMAGE),
    ("acr/eventgrid-batch.json", IMAGE),
    ("acr/eventgrid-cloudevent-image-pushed.json", IMAGE),
    ("acr/eventgrid-cloudevent-batch.json", IMAGE),
];
const VALIDATION: &str = "acr/eventgrid-validation.json";

#[test]
fn a_tag_is_a_push_in_every_schema() {
    for (name, digest) in PUSHES {
        let pushes = fixture(name).pushes(Sender::Acr);

        let expected = pushed(&[at("myregistry.azurecr.io", "apps/podinfo")], "6.7.1", Some(digest));
        assert_eq!(pushes, vec![expected], "{name}");
    }
}

#[test]
fn digests_deletions_old_charts_and_pings_are_no_pushes() {
    let mut names: Vec<_> = PUSHES.iter().map(|(name, _)| *name).collect();
    names.push(VALIDATION);
    all_others_say_nothing(Sender::Acr, &names);
}

#[test]
fn event_grid_is_answered_with_the_code_that_it_asks_for() {
    let message = fixture(VALIDATION).read_as(Sender::Acr).unwrap();

    let answer = r#"{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}"#;
    assert_eq!(message.said, Said::Handshake(answer.to_owned()));
}

#[test]
fn a_code_cannot_break_out_of_the_answer() {
    let body = r#"[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent",
        "data":{"validationCode":"\",\"a\":\"b"}}]"#;

    let message = Sent::new(body).read_as(Sender::Acr).unwrap();

    assert_eq!(message.said, Said::Handshake(r#"{"validationResponse":"\",\"a\":\"b"}"#.to_owned()));
}

#[test]
fn a_question_without_a_code_is_refused() {
    let body = r#"[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{}}]"#;

    let error = Sent::new(body).read_as(Sender::Acr).unwrap_err();

    assert_eq!(error, Malformed("'data.validationCode' is missing or is none".to_owned()));
}

#[test]
fn one_event_names_its_delivery_and_several_do_not() {
    let id = |name: &str| fixture(name).read_as(Sender::Acr).unwrap().id;

    assert_eq!(id("acr/push.json").as_deref(), Some("ea889308-3834-4a1d-a631-cadc572dab91"));
    assert_eq!(
        id("acr/eventgrid-image-pushed.json").as_deref(),
        Some("831e1650-001e-001b-66ab-eeb76e069631")
    );
    assert_eq!(id("acr/eventgrid-batch.json"), None);
}

#[test]
fn a_list_of_anything_but_objects_is_refused() {
    for body in ["[1]", "[[]]", "[null]", r#"["push"]"#] {
        let error = Sent::new(body).read_as(Sender::Acr).unwrap_err();

        assert_eq!(error, Malformed("the body is not a list of JSON objects".to_owned()), "{body}");
    }
}
