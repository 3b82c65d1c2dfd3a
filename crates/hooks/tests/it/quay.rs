//! Deliveries of Quay.

use hooks::Sender;

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

#[test]
fn each_tag_is_a_push_wherever_quay_runs_and_whatever_a_template_leaves() {
    for (name, host, path) in [
        ("push", "quay.io", "exampleorg/web"),
        ("push-template", "quay.io", "exampleorg/web"),
        ("push-selfhosted", "quay.example.com:8443", "apps/team/web"),
    ] {
        let pushes = fixture(&format!("quay/{name}.json")).pushes(Sender::Quay);

        assert_eq!(pushes, vec![pushed(&[at(host, path)], "1.4.2", None)], "{name}");
    }
}

#[test]
fn mirroring_and_the_test_button_are_no_pushes() {
    all_others_say_nothing(
        Sender::Quay,
        &["quay/push.json", "quay/push-template.json", "quay/push-selfhosted.json"],
    );
}

#[test]
fn tags_are_also_read_from_the_keys_of_an_object() {
    let sent = Sent::new(r#"{"docker_url":"quay.io/acme/app","updated_tags":{"1.0":"abc","latest":null}}"#);

    let pushes = sent.pushes(Sender::Quay);

    let repository = [at("quay.io", "acme/app")];
    assert_eq!(pushes, vec![pushed(&repository, "1.0", None), pushed(&repository, "latest", None)]);
}

#[test]
fn no_more_than_a_thousand_tags_of_one_delivery_are_read() {
    let list: Vec<String> = (0..1500).map(|number| format!(r#""{number}""#)).collect();
    let keys: Vec<String> = list.iter().map(|tag| format!("{tag}:1")).collect();

    for tags in [format!("[{}]", list.join(",")), format!("{{{}}}", keys.join(","))] {
        let body = format!(r#"{{"docker_url":"quay.io/acme/app","updated_tags":{tags}}}"#);

        assert_eq!(Sent::new(body).pushes(Sender::Quay).len(), 1000);
    }
}
