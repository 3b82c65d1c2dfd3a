//! Constraints, comparator by comparator.

use reference::{Constraint, ConstraintError, Version};

/// Rows of a constraint, the versions in it and the versions not in it.
type Table<'a> = &'a [(&'a str, &'a str, &'a str)];

fn check(table: Table<'_>) {
    for (text, inside, outside) in table {
        let constraint = Constraint::parse(text).unwrap();
        let matches = |version: &str| constraint.matches(&Version::parse(version).unwrap());
        for version in inside.split_whitespace() {
            assert!(matches(version), "{version} is in {text:?}");
        }
        for version in outside.split_whitespace() {
            assert!(!matches(version), "{version} is not in {text:?}");
        }
    }
}

#[test]
fn equality_widens_with_what_is_left_out() {
    check(&[
        ("=2.0.0", "2.0.0", "1.2.3"),
        ("=2.0", "2.0.1", "2.1.0"),
        ("4.1", "4.1.0", "4.2.0"),
        ("=0", "0.3.0", "1"),
        ("*", "1", "1.2.3-alpha.1"),
        ("*-0", "1.2.3-alpha.1", ""),
        ("2.*", "2.1.1", "1 3.4.5"),
        ("2.1.*", "2.1.4", "2.2.1"),
        ("2", "2.1.1", "3.0.0"),
        ("2.1", "2.1.1", "2.2.1"),
        ("1.x", "1.4", "2.0.0"),
        ("0.x.x", "0.9.9", "1.2.3"),
        ("0.0.x", "0.0.9", "1.2.3"),
        ("0.0.0", "0.0.0", "1.2.3"),
        ("1.1-3", "1.1.0 1.1.9", "4.3.2 1.1.0-2"),
    ]);
}

#[test]
fn inequality_widens_likewise() {
    check(&[
        ("!=4.1.0", "4.1.1", "4.1.0"),
        ("!=4.1", "5.1.0", "4.1.0 4.1.1 5.1.0-alpha.1"),
        ("!=4.1-alpha", "4.1.0", "4.1.0-alpha"),
        ("!=4.x", "5.1.0", "4.1.0"),
        ("!=*", "0.0.1 1.0.0", "0.0.0"),
    ]);
}

#[test]
fn upper_bounds_that_leave_numbers_out() {
    check(&[
        ("<11", "0.1.0", "11.1.0"),
        ("<1.1", "1.0.9", "1.1.0"),
        ("<=11", "11.2.3", "12.2.3"),
        ("<=1.1", "1.1.1 0.9.9", "1.2.3"),
        ("<=1.x", "1.99.0", "2.0.0"),
        ("<=*", "0.0.7", "0.1.0 1.0.0"),
        ("<0", "", "0.0.0-alpha"),
        ("<0-z", "0.0.0-alpha", ""),
        ("<1.x", "0.1.1", "1.1.1"),
        ("<1.1.x", "1.0.500", "1.1.500"),
        ("<=1.1.x", "1.1.500", "1.2.500"),
        ("<=2.x", "2.9.9", "3.0.0"),
        ("<=4.5", "4.5.9", "4.6.3"),
    ]);
}

#[test]
fn lower_bounds_that_leave_numbers_out() {
    check(&[
        (">1.1", "4.1.0 1.2.0", "1.1.0 1.1.9"),
        (">0", "1", "0 0.0.1-alpha"),
        (">0-0", "", "0.0.1-alpha"),
        (">0.0.0-0", "0.0.0-alpha", "0.0.0-0"),
        (">1.2.3-alpha.1", "1.2.3-alpha.2 1.3.3-alpha.2", "1.2.3-alpha.1"),
        (">11", "12.0.0", "11.1.0"),
        (">11.1", "11.2.1", "11.1.1"),
        (">*", "0.0.1", "0.0.0"),
        (">=11", "11.1.2", "10.9.9"),
        (">=11.1", "11.1.0", "11.0.2"),
        (">=0-0", "0.0.1-alpha 0.0.0-alpha", ""),
        (">=0", "0.0.1", "0.0.1-alpha"),
        (">=0.0.0-0", "1.2.3 3.4.5-beta.1", ""),
    ]);
}

#[test]
fn a_tilde_holds_the_minor_number() {
    check(&[
        ("~1.2.3", "1.2.4", "1.3.4 1.2.2"),
        ("~1.2", "1.2.4", "1.3.0"),
        ("~1", "1.2.4", "2.3.4"),
        ("~0.2.3", "0.2.5", "0.3.5"),
        ("~1.2.3-beta.2", "1.2.3-beta.4 1.2.4-beta.2", "1.3.4-beta.2 1.2.3-beta.1"),
        ("~*", "2.1.1", "2.1.1-a"),
        ("~1.x", "1.4", "2.4.0"),
        ("~1.1", "1.1.1", "1.1.1-alpha"),
        ("~1.1-alpha", "1.1.1-beta", ""),
        ("~1.1.1-beta", "1.1.1", "1.1.1-alpha"),
        ("~0.0.0", "1.2.3", ""),
        ("~0.0", "0.0.3", "0.1.0"),
    ]);
}

#[test]
fn a_caret_holds_the_first_number_that_is_not_zero() {
    check(&[
        ("^1.2.3", "1.8.9", "2.8.9 1.2.1"),
        ("^1.2.0", "1.2.1", "1.2.1-alpha.1"),
        ("^1.2.0-alpha.0", "1.2.1-alpha.1", ""),
        ("^1.2.0-alpha.2", "1.2.0", "1.2.0-alpha.1"),
        ("^1.2", "1.8.9", "1.1.9"),
        ("^1", "1.0.0", "2.8.9"),
        ("^0.2.3", "0.2.5", "0.5.6"),
        ("^0.2", "0.2.0", "0.5.6"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.3", "0.1.4 1.0.4"),
        ("^0", "0.2.3", "1.1.4"),
        ("^0.2.3-beta.2", "0.2.4-beta.2", "0.3.4-beta.2"),
        ("^0.0.0", "0.0.0", "1.2.3"),
        ("^1.x", "1.1.1", "1.1.1-beta1"),
        ("^1.1.2-alpha", "1.2.1-beta1", ""),
        ("^1.2.x-alpha", "1.2.1-beta1", "1.1.1-beta1"),
        ("^0.0.1", "0.0.1", "0.3.1"),
        ("^*", "0.0.0", "0.0.1 1.0.0"),
    ]);
}

#[test]
fn comparators_of_a_group_must_all_hold_and_one_group_suffices() {
    check(&[
        (">1.1, <2", "1.2.1", "1.1.1"),
        (">1.1 <2", "1.2.1", "2.0.0"),
        (">=1.1, <2, !=1.2.3", "1.2.4", "1.2.3"),
        (">=1.1, <2, !=1.2.3 || > 3", "4.1.2", "3.1.2 3.0.0"),
        (">=1.1, <2, !=1.2.3 || >= 3", "3.0.0", "1.2.3"),
        (">=1.1 <2 !=1.2.3 || > 3", "4.1.2", ""),
        (">= 1.0.0  <= 2.0.0-beta", "1.0.1-beta 1.0.1", "3.0.0"),
        (">= 1.0.0  <= 2.0.0-beta || > 3", "1.0.1-beta", "3.0.1-beta"),
        (">= 1.0.0  <= 2.0.0-beta != 1.0.1-beta || > 3", "1.0.2-beta", "1.0.1-beta"),
        (">= 1.0.0-0  <= 2.0.0", "1.0.1-beta", ""),
        ("12.3.34 ~1.2.3", "", "12.3.34 1.2.4"),
        ("3 - 4 || => 3.0, < 4", "3.5.0 4.9.0", "5.0.0"),
    ]);
}

#[test]
fn a_hyphen_between_spaces_makes_a_range() {
    check(&[
        ("1.1 - 2", "1.1.1 2.9.9", "1.0.9 3.0.0"),
        ("1.5.0 - 4.5", "3.7.0", "4.6.0"),
        ("1.0.0 - 2.0.0 <=2.0.0", "1.5.0", "2.0.1"),
        ("1.0.0 - 2.0.0, <=2.0.0", "1.5.0", "2.0.1"),
        ("1.0.0 - 2.0.0, <=1.9.0", "1.5.0", "2.0.0"),
        ("1.2.3 -\t1.4", "1.4.9", "1.5.0"),
    ]);
}

#[test]
fn a_range_is_taken_for_the_two_bounds_that_it_stands_for() {
    for (range, bounds) in [
        ("2 - 3", ">= 2, <= 3"),
        ("2 - 3, 4.0.0 - 5.1", ">= 2, <= 3, >= 4.0.0, <= 5.1"),
        ("1.0.0 - 2.0.0, <=2.0.0", ">=1.0.0, <=2.0.0, <=2.0.0"),
        ("3 - 4 || => 3.0, < 4", ">=3, <=4 || >=3.0, <4"),
    ] {
        assert_eq!(Constraint::parse(range), Constraint::parse(bounds), "{range}");
    }
    assert_ne!(Constraint::parse("1 - 2, <=2"), Constraint::parse("1 - 2"), "no comparator is dropped");
}

#[test]
fn a_space_or_a_comma_parts_two_comparators() {
    let parted = Constraint::parse("12.3.34, ~1.2.3").unwrap();

    assert_eq!(Constraint::parse("12.3.34 ~1.2.3"), Ok(parted.clone()));
    assert_eq!(Constraint::parse("12.3.34 ,~1.2.3"), Ok(parted));
    check(&[
        (">40.50.60, < 50.70", "41.0.0 50.69.9", "40.50.60 50.70.0"),
        ("v2.3.5-20161202202307-sha.e8fc5e5", "2.3.5-20161202202307-sha.e8fc5e5", "2.3.5"),
        ("v1.2.3-0abc", "1.2.3-0abc", "1.2.3-0abd"),
    ]);
}

#[test]
fn what_does_not_fit_the_grammar_is_improper() {
    let groups = [
        "not a range",
        "foo",
        ">= bar",
        "BAR >= 1.2.3",
        "12.3.4.1234",
        "12.23.4.1234",
        "12.3.34.1234",
        "12.3.34~ 1.2.3",
        "",
        " ",
        "==1",
        ">=1,,<2",
        "1\u{b}<2",
        "1\u{a0}<2",
        "1.2.3-ä",
    ];
    for group in groups {
        assert_eq!(Constraint::parse(group), Err(ConstraintError::Improper(group.to_owned())));
    }
    let second = Constraint::parse("1.2.3 ||\t\"x\"").unwrap_err();
    assert_eq!(second.to_string(), r#"improper constraint: "\t\"x\"""#);
}

#[test]
fn a_version_that_only_looks_like_one_is_a_parser_error() {
    for text in ["v1.2.3-beta.01", "1.xx", "xx", "1|2", "1.2.3x", "99999999999999999999", "1.x-01"] {
        let error = Constraint::parse(text).unwrap_err();
        assert_eq!(error.to_string(), "constraint parser error", "{text}");
    }
}

#[test]
fn versions_behind_a_wildcard_are_not_looked_at() {
    check(&[
        ("x.99999999999999999999", "7.0.0", ""),
        ("1.x.xx", "1.9.9", "2.0.0"),
        ("v1.x", "1.2.3", "0.9.0"),
    ]);
}
