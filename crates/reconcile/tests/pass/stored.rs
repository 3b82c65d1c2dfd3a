//! What a status says of an artifact that was just stored (spec 2.6 steps 2 and 7).

use reconcile::{
    ConditionKind, Failure, LayerSelector, Observation, Operation, Reason, Source, Status, Stock, Truth,
    conclude,
};

use crate::support::{artifact, found, fresh, lines, selector, source, stored, wanting, with};

const REVISION: &str = "revision@sha256:aa";

/// A pass that stores the revision anew.
fn storing(stock: Stock) -> Observation {
    Observation {
        stock: Some(stock),
        resolved: found(REVISION),
        artifact: Some(artifact(REVISION)),
        link: Some("http://here/latest.tar.gz".into()),
        ..Observation::default()
    }
}

fn rebuilt(wish: Source, recorded: &Status) -> Status {
    conclude(&wanting(wish), recorded, &storing(Stock::Present), &Ok(())).status
}

fn in_storage(status: &Status) {
    let text = format!("stored artifact for digest '{REVISION}'");
    let expected = ["Ready", "ArtifactInStorage"].map(|kind| format!("{kind}=True(Succeeded, {text})"));
    assert_eq!(lines(status), expected);
}

#[test]
fn what_was_outdated_is_so_no_longer() {
    let outdated =
        with(stored("old@sha256:01"), ConditionKind::ArtifactOutdated, Truth::True, "NewRevision", "new");

    let status = conclude(&wanting(source()), &outdated, &storing(Stock::Present), &Ok(())).status;

    in_storage(&status);
    assert_eq!(status.artifact, Some(artifact(REVISION)));
    assert_eq!(status.url.as_deref(), Some("http://here/latest.tar.gz"));
}

#[test]
fn the_rules_that_it_was_made_with_are_recorded() {
    let status = rebuilt(Source { ignore: Some("aaa".into()), ..source() }, &stored(REVISION));

    in_storage(&status);
    assert_eq!(status.observed_ignore.as_deref(), Some("aaa"));
    assert_eq!(rebuilt(source(), &status).observed_ignore, None);
}

#[test]
fn the_selector_that_it_was_made_with_is_recorded() {
    let foo = selector("foo", None);
    let copy = selector("foo", Some(Operation::Copy));

    let first = rebuilt(Source { layer: Some(foo.clone()), ..source() }, &stored(REVISION));
    let second = rebuilt(Source { layer: Some(copy.clone()), ..source() }, &first);

    in_storage(&second);
    assert_eq!(first.observed_layer_selector, Some(foo));
    assert_eq!(second.observed_layer_selector, Some(copy));
}

#[test]
fn what_is_up_to_date_stays_as_it_is() {
    let layer: Option<LayerSelector> = Some(selector("foo", None));
    let recorded = Status {
        observed_ignore: Some("aaa".into()),
        observed_layer_selector: layer.clone(),
        ..stored(REVISION)
    };
    let seen = Observation { artifact: None, link: None, ..storing(Stock::Present) };

    let wish = Source { ignore: Some("aaa".into()), layer, ..source() };
    let conclusion = conclude(&wanting(wish), &recorded, &seen, &Ok(()));

    assert_eq!(conclusion.status, recorded);
    assert!(conclusion.up_to_date);
    in_storage(&conclusion.status);
}

#[test]
fn a_link_that_could_not_be_renewed_leaves_the_old_address() {
    let recorded = Status { url: Some("http://here/before.tar.gz".into()), ..stored("old@sha256:01") };
    let seen =
        Observation { link: None, link_failure: Some("permission denied".into()), ..storing(Stock::Present) };

    let status = conclude(&wanting(source()), &recorded, &seen, &Ok(())).status;

    assert_eq!(status.url, recorded.url);
    in_storage(&status);
}

#[test]
fn what_could_not_be_stored_is_a_failure_of_the_storage() {
    for reason in [Reason::StatOperationFailed, Reason::InvalidPath] {
        let failure = Failure::retry(Some(ConditionKind::StorageOperationFailed), reason, "broken".into());
        let seen = Observation { artifact: None, link: None, ..storing(Stock::Empty) };

        let status = conclude(&wanting(source()), &fresh(), &seen, &Err(failure)).status;

        let told = format!("StorageOperationFailed=True({reason}, broken)");
        assert!(lines(&status).contains(&told), "{:?}", lines(&status));
        assert!(lines(&status).contains(&format!("Ready=False({reason}, broken)")));
        assert_eq!((status.artifact, status.observed_generation), (None, -1));
    }
}
