//! Bodies that nobody sends on purpose.

use hooks::{Malformed, Said, Sender};

use crate::delivered::{Sent, fixture, names};

/// With the headers that lead furthest.
fn sent(body: impl Into<Vec<u8>>) -> Sent {
    Sent::new(body).with("X-Gitea-Event", "package").with("Ce-Type", "zotregistry.image.updated")
}

fn refusal(sender: Sender, sent: &Sent) -> String {
    let Malformed(text) = sent.read_as(sender).expect_err(sender.name());
    text
}

#[test]
fn what_is_not_json_is_refused_with_the_place_and_none_of_its_text() {
    for sender in Sender::ALL {
        for body in ["", "hunter2", "{\"hunter2\"", "\u{feff}{}", "{\"a\":hunter2}", "\"hunter2\" x"] {
            let text = refusal(sender, &sent(body));

            assert!(text.starts_with("the body is not JSON, at line 1, column "), "{text}");
        }
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for sender in Sender::ALL {
        for body in ["7", "\"hunter2\"", "null", "true", "1.5", "-3"] {
            assert_eq!(refusal(sender, &sent(body)), "the body is not a JSON object", "{body}");
        }
        if sender != Sender::Acr {
            assert_eq!(refusal(sender, &sent("[{}]")), "the body is not a JSON object");
        }
    }
}

#[test]
fn every_fixture_that_is_cut_off_is_refused() {
    for sender in Sender::ALL.into_iter().filter(|sender| !sender.name().starts_with("generic-")) {
        for name in names(sender.name()) {
            let whole = fixture(&name);
            let end = whole.body.trim_ascii_end().len();
            for cut in [1, 2, end / 2, end - 1].into_iter().filter(|cut| *cut < end) {
                let text = refusal(sender, &sent(&whole.body[..cut]));

                assert!(text.starts_with("the body is not JSON, at line "), "{name}, {cut}: {text}");
            }
        }
    }
}

#[test]
fn a_member_of_another_type_is_named_and_not_repeated() {
    for (sender, body, expected) in [
        (Sender::Distribution, r#"{"events":"hunter2"}"#, "'events' is not a list"),
        (Sender::Distribution, r#"{"events":["hunter2"]}"#, "'events[]' is not an object"),
        (
            Sender::Gitlab,
            r#"{"events":[{"action":"push","target":["hunter2"]}]}"#,
            "'events[].target' is not an object",
        ),
        (
            Sender::Distribution,
            r#"{"events":[{"action":"push","target":{"tag":{"hunter2":[]}}}]}"#,
            "'events[].target.tag' is not text",
        ),
        (Sender::Dockerhub, r#"{"push_data":false}"#, "'push_data' is not an object"),
        (
            Sender::Harbor,
            r#"{"type":"PUSH_ARTIFACT","event_data":{"repository":{},"resources":{}}}"#,
            "'resources' is not a list",
        ),
        (Sender::Quay, r#"{"docker_url":"quay.io/a/b","updated_tags":1}"#, "'updated_tags' is not a list"),
        (Sender::Quay, r#"{"docker_url":"quay.io/a/b","updated_tags":[1]}"#, "'updated_tags[]' is not text"),
        (Sender::Github, r#"{"action":{}}"#, "'action' is not text"),
        (Sender::Gitea, r#"{"action":"created","package":[]}"#, "'package' is not an object"),
        (Sender::Gcr, r#"{"message":[]}"#, "'message' is not an object"),
        (Sender::Acr, r#"[{"data":7}]"#, "'data' is not an object"),
        (Sender::Ecr, r#"{"detail":[]}"#, "'detail' is not an object"),
        (Sender::Nexus, r#"{"action":"CREATED","asset":1.5}"#, "'asset' is not an object"),
        (Sender::Artifactory, r#"{"domain":"docker","data":-1}"#, "'data' is not an object"),
        (Sender::Aliyun, r#"{"repository":[]}"#, "'repository' is not an object"),
        (Sender::Zot, r#"{"name":{}}"#, "'name' is not text"),
    ] {
        assert_eq!(refusal(sender, &sent(body)), expected);
    }
}

#[test]
fn a_member_that_is_there_twice_is_refused() {
    let body = r#"{"url":"oci://ghcr.io/acme/app","tag":"1","tag":"2"}"#;

    let text = refusal(Sender::Generic, &sent(body));

    assert!(text.starts_with("the body has a member twice, at line 1, column "), "{text}");
}

#[test]
fn depth_and_size_alone_do_no_harm() {
    let many = 1 << 20;
    for sender in Sender::ALL {
        for body in [
            "[".repeat(many),
            format!("{{\"a\":{}", "[".repeat(many)),
            "{\"a\":".repeat(many / 5),
            format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
            format!("{{\"events\":[{}{{}}]}}", "{},".repeat(many / 3)),
            format!("{{\"data\":\"{}\"}}", "a".repeat(many)),
        ] {
            let read = sent(body).read_as(sender);

            if let Ok(message) = read {
                assert_eq!(message.said, Said::Pushed(Vec::new()), "{}", sender.name());
            }
        }
    }
}

#[test]
fn names_that_no_registry_takes_are_no_pushes() {
    let body = |name: &str, tag: &str| {
        sent(format!(r#"{{"push_data":{{"tag":"{tag}"}},"repository":{{"repo_name":"{name}"}}}}"#))
    };
    let longest = "a".repeat(512);

    assert_eq!(body(&longest, &"1".repeat(256)).pushes(Sender::Dockerhub).len(), 1);
    for (name, tag) in [
        (format!("{longest}a"), "1".to_owned()),
        ("a".to_owned(), "1".repeat(257)),
        (String::new(), "1".to_owned()),
        ("a b".to_owned(), "1".to_owned()),
        ("a\\nb".to_owned(), "1".to_owned()),
        ("é".to_owned(), "1".to_owned()),
        ("a".to_owned(), String::new()),
        ("a".to_owned(), ".".to_owned()),
        ("a".to_owned(), "-1".to_owned()),
        ("a".to_owned(), "1 2".to_owned()),
        ("a".to_owned(), "1\\n".to_owned()),
        ("a".to_owned(), format!("sha256:{}", "a".repeat(64))),
        ("a".to_owned(), format!("sha512:{}", "a".repeat(128))),
    ] {
        assert_eq!(body(&name, &tag).pushes(Sender::Dockerhub), Vec::new(), "{name}:{tag}");
    }
}

#[test]
fn tags_of_signatures_are_plain_tags() {
    let tag = format!("sha256-{}.sig", "a".repeat(64));
    let body = format!(r#"{{"push_data":{{"tag":"{tag}"}},"repository":{{"repo_name":"a/b"}}}}"#);

    let pushes = sent(body).pushes(Sender::Dockerhub);

    assert_eq!(pushes[0].tag, tag);
}
