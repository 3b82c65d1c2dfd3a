//! What has to be fetched and built anew, and what has not (spec 2.6.1, 2.6.2).

use reconcile::{LayerSelector, Observation, Operation, Source, Status, Stock, content_unchanged, unchanged};

use crate::support::{found, selector, source, stored};

const REVISION: &str = "6.1.5@sha256:8e40";

/// A source with these rules and this selector.
fn wish(ignore: Option<&str>, layer: Option<LayerSelector>) -> Source {
    Source { ignore: ignore.map(str::to_owned), layer, ..source() }
}

/// The status of an artifact that was made with these rules and this selector.
fn made(ignore: Option<&str>, layer: Option<LayerSelector>) -> Status {
    Status { observed_ignore: ignore.map(str::to_owned), observed_layer_selector: layer, ..stored(REVISION) }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where there may be none")]
fn of(media_type: &str) -> Option<LayerSelector> {
    Some(selector(media_type, None))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where there may be none")]
fn by(operation: Operation) -> Option<LayerSelector> {
    Some(selector("foo", Some(operation)))
}

#[test]
fn a_revision_is_fetched_again_only_for_other_rules_or_another_layer() {
    let copy = by(Operation::Copy);
    let table = [
        ("nothing is stored", wish(None, None), Status::default(), true),
        ("the revision is stored", wish(None, None), made(None, None), false),
        ("the rules are gone", wish(None, None), made(Some("aaa"), None), true),
        ("the rules are those it was made with", wish(Some("aaa"), None), made(Some("aaa"), None), false),
        ("a layer is selected", wish(None, of("foo")), made(None, None), true),
        ("the layer is the one it was made of", wish(None, of("foo")), made(None, of("foo")), false),
        ("extracted instead of copied", wish(None, by(Operation::Extract)), made(None, copy), true),
    ];
    for (case, wish, recorded, pulls) in table {
        let stock = if recorded.artifact.is_some() { Stock::Present } else { Stock::Empty };
        let seen = Observation { stock: Some(stock), resolved: found(REVISION), ..Observation::default() };

        assert_eq!(!unchanged(&wish, &recorded, &seen), pulls, "{case}");
    }
}

#[test]
fn a_revision_of_another_digest_or_without_its_file_is_fetched() {
    let recorded = made(None, None);
    for (stock, revision) in [
        (Stock::Present, "6.1.5@sha256:ffff"),
        (Stock::Missing, REVISION),
        (Stock::Damaged("x".into()), REVISION),
    ] {
        let seen = Observation { stock: Some(stock), resolved: found(revision), ..Observation::default() };

        assert!(!unchanged(&source(), &recorded, &seen), "{seen:?}");
    }
}

#[test]
fn rules_and_selectors_are_compared_as_they_are_written() {
    let (copy, extract) = (by(Operation::Copy), by(Operation::Extract));
    let empty = Some(LayerSelector::default());
    let table = [
        (wish(Some("nested"), None), made(Some("nested"), None), true),
        (wish(Some("nested"), None), made(Some("other"), None), false),
        (wish(Some("nested"), copy.clone()), made(Some("nested"), copy.clone()), true),
        (wish(Some("nested"), extract.clone()), made(Some("nested"), copy.clone()), false),
        (wish(Some("nested"), of("foo")), made(Some("nested"), of("bar")), false),
        (wish(None, copy.clone()), made(None, copy), true),
        (wish(None, of("foo")), made(None, of("bar")), false),
        (wish(Some(""), None), made(None, None), false),
        (wish(None, empty), made(None, None), false),
        (wish(None, of("foo")), made(None, extract), false),
    ];
    for (wish, recorded, same) in table {
        let (ignore, layer) = (&recorded.observed_ignore, &recorded.observed_layer_selector);

        assert_eq!(content_unchanged(&wish, &recorded), same, "{wish:?} made with {ignore:?} {layer:?}");
    }
}
