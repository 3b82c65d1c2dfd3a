//! The loose grammar of versions and their order.

use std::cmp::Ordering;

use reference::Version;

#[test]
fn tags_with_three_parts_are_versions() {
    let accepted = [
        "v1.2.3",
        "v2025.07.03",
        "1.02.3",
        "v1.2.0-x.Y.0+metadata",
        "v1.2.0-x.Y.0+metadata-width-hypen",
        "v1.2.3-rc1-with-hypen",
        "v2.3.5-20161202202307-sha.e8fc5e5",
        "v1.2.3-0abc",
        "1.0-rc.1",
        "1.2.3-0",
        "1.2.3+001",
        "18446744073709551615.0.0",
    ];
    for tag in accepted {
        assert_eq!(Version::parse_tag(tag).map(|version| version.to_string()), Ok(tag.to_owned()));
    }
}

#[test]
fn other_tags_are_no_versions() {
    let refused = [
        "",
        "v",
        "v1.0",
        "v1",
        "v1.2.beta",
        "v1.2-5",
        "v1.2-beta5",
        "\nv1.2",
        "\nv1.2.3",
        "1.2.3\n",
        "v1.2.3.4",
        "V1.2.3",
        "vv1.2.3",
        "1..2",
        "1.2.",
        ".1.2",
        "+1.2.3",
        "1.+2.3",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-+b",
        "1.2.3-a..b",
        "1.2.3+a..b",
        "1.2.3+a+b",
        "1.2.3-01",
        "v1.2.3-beta.01",
        "1.2.3-ä",
        "1.2.٣",
        "18446744073709551616.0.0",
        "latest",
        "12.3.4.1234",
    ];
    for tag in refused {
        assert!(Version::parse_tag(tag).is_err(), "{tag}");
    }
}

#[test]
fn missing_numbers_of_a_loose_version_are_zero() {
    for (short, long) in [("1", "1.0.0"), ("v1.2", "1.2.0"), ("1-rc", "1.0.0-rc"), ("1.2+b", "1.2.0")] {
        let versions = (Version::parse(short).unwrap(), Version::parse(long).unwrap());
        assert_eq!(versions.0.precedence(&versions.1), Ordering::Equal, "{short}");
    }
}

#[test]
fn precedence_is_that_of_semantic_versioning() {
    let ascending = [
        "0.9.10",
        "1.0.0-0",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-18446744073709551616",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-rc.2",
        "1.0.0-rc.11",
        "1.0.0",
        "1.0.2",
        "1.0.10",
        "1.2.0",
        "10.0.0",
    ];
    for pair in ascending.windows(2) {
        let (lower, higher) = (Version::parse(pair[0]).unwrap(), Version::parse(pair[1]).unwrap());
        assert_eq!(lower.precedence(&higher), Ordering::Less, "{pair:?}");
        assert!(lower < higher, "{pair:?}");
    }
}

#[test]
fn equal_versions_are_ordered_by_build_metadata_and_then_by_spelling() {
    let ascending = ["1.02.3", "1.2.3", "v1.2.3", "1.2.3+10", "v1.2.3+10", "1.2.3+9", "1.2.3+a"];
    for pair in ascending.windows(2) {
        let (lower, higher) = (Version::parse(pair[0]).unwrap(), Version::parse(pair[1]).unwrap());
        assert_eq!(lower.precedence(&higher), Ordering::Equal, "{pair:?}");
        assert!(lower < higher, "{pair:?}");
    }
}
