//! Deliveries of Docker Hub.

use hooks::Sender;

use crate::delivered::{Sent, all_others_say_nothing, at, fixture, pushed};

#[test]
fn a_tag_is_a_push_whatever_its_media_type() {
    let image = fixture("dockerhub/push.json").pushes(Sender::Dockerhub);
    let chart = fixture("dockerhub/push-media-type.json").pushes(Sender::Dockerhub);

    assert_eq!(image, vec![pushed(&[at("docker.io", "exampleorg/web")], "1.4.2", None)]);
    assert_eq!(chart, vec![pushed(&[at("docker.io", "exampleorg/web-chart")], "0.9.0", None)]);
    all_others_say_nothing(Sender::Dockerhub, &["dockerhub/push.json", "dockerhub/push-media-type.json"]);
}

#[test]
fn times_that_are_written_as_fractions_do_no_harm() {
    let body = r#"{"push_data":{"tag":"1","pushed_at":1.417566161e+09},"repository":{"repo_name":"a/b"}}"#;

    let pushes = Sent::new(body).pushes(Sender::Dockerhub);

    assert_eq!(pushes, vec![pushed(&[at("docker.io", "a/b")], "1", None)]);
}

#[test]
fn an_official_image_is_found_under_its_short_name_too() {
    let sent = Sent::new(r#"{"push_data":{"tag":"3"},"repository":{"repo_name":"alpine"}}"#);

    let places = sent.pushes(Sender::Dockerhub)[0].places(None);

    assert_eq!(places, vec![reference::Place::new("index.docker.io", "library/alpine")]);
}
