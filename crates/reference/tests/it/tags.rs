//! The choice of a tag.

use reference::{ConstraintError, LONGEST_EXPRESSION, LONGEST_TAG, SelectError, TagChoice};

fn choose(constraint: &str, filter: Option<&str>, helm: bool, tags: &[&str]) -> Result<String, SelectError> {
    let mut choice = TagChoice::new(constraint, filter, helm)?;
    for tag in tags {
        choice.offer(tag);
    }
    choice.finish()
}

const TAGS: [&str; 8] =
    ["6.1.4", "6.1.5-beta.1", "6.1.5-rc.1", "6.1.5", "6.1.6-rc.1", "6.1.6", "6.2.1_ref.1234567", "6.2.1"];

#[test]
fn the_highest_version_in_range_wins_and_other_tags_are_passed_over() {
    let tags = ["1.0.0", "1.2.9", "v1.2.10", "2.0.0", "latest", "1.3", "v1", "main", "1.2.11-rc.1"];
    assert_eq!(choose(">=1.0.0 <2.0.0", None, false, &tags).unwrap(), "v1.2.10");
    assert_eq!(choose("~6.1.x", None, false, &TAGS).unwrap(), "6.1.6");
}

#[test]
fn prereleases_count_where_the_range_names_one() {
    let tags = ["1.0.0", "1.1.0-rc.1", "1.1.0-alpha.2"];
    assert_eq!(choose(">=1.0.0-0", None, false, &tags).unwrap(), "1.1.0-rc.1");
    assert_eq!(choose(">=1.0.0", None, false, &tags).unwrap(), "1.0.0");
}

#[test]
fn the_filter_is_searched_for_anywhere_in_the_tag() {
    let tags = ["1.0.0-prod", "1.1.0-dev", "1.2.0"];
    assert_eq!(choose(">=0.0.0-0", Some("-pr"), false, &tags).unwrap(), "1.0.0-prod");
    assert_eq!(choose(">= 6.1.x-0", Some(".*-rc.*"), false, &TAGS).unwrap(), "6.1.6-rc.1");
    assert_eq!(choose("1.x", Some(""), false, &["1.0.0"]).unwrap(), "1.0.0");
}

#[test]
fn the_filter_sees_the_tag_as_the_registry_spells_it() {
    let tags = ["6.2.0", "6.2.1_ref.1"];
    assert_eq!(choose(">=6.0.0", Some("_ref"), true, &tags).unwrap(), "6.2.1_ref.1");
    assert!(choose(">=6.0.0", Some(r"\+ref"), true, &tags).is_err());
}

#[test]
fn filters_have_the_ascii_classes_of_re2_and_unicode_classes_by_name() {
    assert_eq!(choose("*", Some(r"^v?\d+\.\d+\.\d+$"), false, &["1.0.0", "v1.0.1"]).unwrap(), "v1.0.1");
    assert_eq!(choose("*-0", Some(r"-\p{Lu}+$"), false, &["1.0.0-RC", "1.0.0-rc"]).unwrap(), "1.0.0-RC");
    assert!(
        choose("*", Some(&format!(r"\w{{{}}}", 100)), false, &[])
            .unwrap_err()
            .to_string()
            .contains("no match")
    );
}

#[test]
fn an_underscore_of_a_chart_stands_for_a_plus_sign_and_comes_back() {
    assert_eq!(choose(">= 6.2.0", None, true, &TAGS).unwrap(), "6.2.1_ref.1234567");
    assert_eq!(choose(">= 6.2.0", None, false, &TAGS).unwrap(), "6.2.1");
    let none = choose(">=6.2.1", None, false, &["6.2.1_ref.1234567", "6.2.0"]).unwrap_err();
    assert_eq!(none.to_string(), "no match found for semver: >=6.2.1");
}

#[test]
fn ties_go_to_the_highest_build_metadata_and_then_to_the_highest_spelling() {
    assert_eq!(choose("1.x", None, false, &["v1.4.0", "1.4.0", "1.3.9", "1.04.0"]).unwrap(), "v1.4.0");
    assert_eq!(choose("1.x", None, true, &["1.4.0_b", "1.4.0_a", "v1.4.0"]).unwrap(), "1.4.0_b");
}

#[test]
fn taking_the_best_tag_away_each_time_gives_all_that_match_from_the_highest_down() {
    let mut tags = vec![
        "v1.2.0",
        "v1.2.3",
        "v1.3.0",
        "1.2.4",
        "v1.1.0",
        "something-invalid",
        "v1.2.4",
        "another-invalid",
        "1.2.4",
    ];
    let mut descending = Vec::new();
    while let Ok(best) = choose(">= 1.2.0, < 1.3.0", None, false, &tags) {
        tags.remove(tags.iter().position(|tag| *tag == best).unwrap());
        descending.push(best);
    }

    assert_eq!(descending, ["v1.2.4", "1.2.4", "1.2.4", "v1.2.3", "v1.2.0"]);
}

#[test]
fn no_match_names_the_constraint_as_written() {
    for (constraint, filter) in [(">=3.0.0", None), ("<= 6.1.0", None), (">=0.0.0", Some(".*-alpha.*"))] {
        let error = choose(constraint, filter, false, &["1.0.0-x", "6.1.1-y", "latest"]).unwrap_err();
        assert_eq!(error.to_string(), format!("no match found for semver: {constraint}"));
    }
}

#[test]
fn a_wrong_constraint_is_told_in_upstreams_words() {
    let error = TagChoice::new("not a range", None, false).unwrap_err();
    assert_eq!(error.to_string(), "semver 'not a range' parse error: improper constraint: \"not a range\"");
    assert!(matches!(error, SelectError::Constraint { reason: ConstraintError::Improper(_), .. }));
}

#[test]
fn a_wrong_filter_is_told_in_one_line_and_before_a_wrong_constraint() {
    let error = TagChoice::new("not a range", Some("(["), false).unwrap_err();
    assert_eq!(error.to_string(), "error parsing regexp: unclosed character class: `([`");
    let error = TagChoice::new("1.x", Some("(?=x)"), false).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1);
    assert!(error.contains("look-around"), "{error}");
}

#[test]
fn a_filter_that_would_grow_large_is_refused() {
    let error = TagChoice::new("1.x", Some("((a{1000}){1000}){1000}"), false).unwrap_err();
    assert!(matches!(&error, SelectError::Filter { reason, .. } if reason.contains("size limit")), "{error}");
}

#[test]
fn long_expressions_are_refused_and_long_tags_are_passed_over() {
    let long = "1".repeat(LONGEST_EXPRESSION + 1);
    assert_eq!(TagChoice::new(&long, None, false).unwrap_err(), SelectError::TooLong(long.len()));
    assert_eq!(TagChoice::new("1.x", Some(&long), false).unwrap_err(), SelectError::TooLong(long.len()));

    let fits = format!("1.0.0-{}", "a".repeat(LONGEST_TAG - 6));
    let exceeds = format!("1.0.1-{}", "a".repeat(LONGEST_TAG - 5));
    assert_eq!(choose("1.x-0", None, false, &[&fits, &exceeds]).unwrap(), fits);
}
