//! What a status says while a pass is under way: upstream's intermediate states (spec 2.4, 2.5 step 8; D27).

use reconcile::{ConditionKind, Observation, Reason, Status, Stock, Truth, in_progress};

use crate::support::{artifact, desired, found, fresh, lines, stored, with};

const REVISION: &str = "6.1.6@sha256:5c";

fn seen(stock: Stock) -> Observation {
    Observation { stock: Some(stock), ..Observation::default() }
}

/// The pair that upstream sets together.
fn both(text: &str) -> [String; 2] {
    [format!("Reconciling=True(Progressing, {text})"), format!("Ready=Unknown(Progressing, {text})")]
}

/// An object that was Ready for reasons of its own.
fn foo() -> Status {
    with(stored(REVISION), ConditionKind::Ready, Truth::True, "foo", "bar")
}

#[test]
fn a_new_revision_is_what_is_being_built() {
    let seen = Observation { resolved: found(REVISION), ..seen(Stock::Empty) };

    let status = in_progress(&desired(1), &fresh(), &seen);

    let text = format!("building artifact: new revision '{REVISION}' for 'ghcr.io/example/app:v1'");
    assert_eq!(lines(&status), both(&text));
}

#[test]
fn a_revision_beside_a_stored_one_makes_that_one_outdated() {
    let seen = Observation { resolved: found("6.1.6@sha256:6d"), ..seen(Stock::Present) };

    let status = in_progress(&desired(1), &stored(REVISION), &seen);

    let text = "new revision '6.1.6@sha256:6d' for 'ghcr.io/example/app:v1'";
    let outdated = status.conditions.get(ConditionKind::ArtifactOutdated).unwrap();
    assert_eq!(
        (outdated.truth, outdated.reason.as_str(), outdated.message.as_str()),
        (Truth::True, Reason::NewRevision.as_str(), text)
    );
    assert_eq!(lines(&status)[..2], both(&format!("building artifact: {text}")));
    assert_eq!(status.artifact.unwrap().revision, REVISION, "it stays until the new one is stored");
}

#[test]
fn the_revision_that_is_stored_leaves_ready_as_it_was() {
    let seen = Observation { resolved: found(REVISION), ..seen(Stock::Present) };

    let status = in_progress(&desired(1), &foo(), &seen);

    assert!(status.conditions.get(ConditionKind::ArtifactOutdated).is_none());
    assert!(lines(&status).contains(&"Ready=True(foo, bar)".to_owned()));
}

#[test]
fn a_first_artifact_is_being_built() {
    let status = in_progress(&desired(1), &fresh(), &seen(Stock::Empty));

    assert_eq!(lines(&status), both("building artifact"));
    assert_eq!(status.artifact, None);
}

#[test]
fn an_artifact_that_is_not_what_was_recorded_has_disappeared() {
    let digest = "artifact has no digest".to_owned();
    let mismatch = "computed digest doesn't match 'sha256:18ac'".to_owned();
    for stock in [Stock::Missing, Stock::Damaged(digest), Stock::Damaged(mismatch)] {
        let status = in_progress(&desired(1), &foo(), &seen(stock.clone()));

        assert_eq!((&status.artifact, &status.url), (&None, &None), "{stock:?}");
        assert_eq!(lines(&status), both("building artifact: disappeared from storage"), "{stock:?}");
    }
}

#[test]
fn collecting_superseded_files_changes_nothing_of_the_status() {
    let recorded = foo();

    let status = in_progress(&desired(1), &recorded, &Observation { collected: 2, ..seen(Stock::Present) });

    assert_eq!((&status.artifact, &status.url), (&recorded.artifact, &recorded.url));
    assert!(lines(&status).contains(&"Ready=True(foo, bar)".to_owned()));
}

#[test]
fn an_artifact_that_is_served_elsewhere_now_keeps_all_but_its_addresses() {
    let there = ("http://there/file.tar.gz".to_owned(), "http://there/latest.tar.gz".to_owned());
    let seen = Observation { urls: Some(there.clone()), ..seen(Stock::Present) };

    let status = in_progress(&desired(1), &foo(), &seen);

    let moved = reconcile::Artifact { url: there.0, ..artifact(REVISION) };
    assert_eq!((status.artifact.as_ref(), status.url.as_deref()), (Some(&moved), Some(there.1.as_str())));
    assert!(lines(&status).contains(&"Ready=True(foo, bar)".to_owned()));
}
