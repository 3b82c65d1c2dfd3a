//! What upstream accepted: a recorded table of constraints and tags.

use reference::{Constraint, Version};
use serde_json::Value;

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn constraints_match_exactly_the_tags_that_they_match_upstream() {
    let oracle: Value = serde_json::from_str(include_str!("../fixtures/semver_oracle.json")).unwrap();
    let tags = texts(&oracle["tags"]);
    let versions = tags.iter().filter_map(|tag| Version::parse_tag(tag).ok()).collect::<Vec<_>>();

    let skipped = tags.iter().filter(|tag| Version::parse_tag(tag).is_err()).copied().collect::<Vec<_>>();
    assert_eq!(skipped, texts(&oracle["skipped"]));

    let cases = oracle["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 121);
    for case in cases {
        let text = case["constraint"].as_str().unwrap();
        let parsed = Constraint::parse(text);
        if case["error"] == true {
            assert!(parsed.is_err(), "{text:?}");
            continue;
        }
        let constraint = parsed.unwrap();
        let matched = versions.iter().filter(|version| constraint.matches(version));
        assert_eq!(matched.map(Version::original).collect::<Vec<_>>(), texts(&case["matches"]), "{text:?}");
    }
}
