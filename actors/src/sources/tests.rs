//! Whom a push concerns.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use reconcile::{LayerSelector, Provider, Source};
use reference::{Place, Repository, Selector};

use super::{Sources, Tag};
use crate::Key;

fn source(url: &str, selector: Selector) -> Arc<Source> {
    Arc::new(Source {
        url: url.to_owned(),
        repository: Repository::parse_url(url).unwrap(),
        selector,
        layer: None,
        ignore: None,
        platform: None,
        provider: Provider::Generic,
        secret: None,
        service_account: None,
        certificates: None,
        proxy: None,
        insecure: false,
        timeout: Duration::from_secs(1),
        trust: None,
    })
}

fn tag(name: &str) -> Tag<'_> {
    Tag { name, folded: false }
}

fn range(constraint: &str) -> Selector {
    Selector::Semver { constraint: constraint.to_owned(), filter: None }
}

fn names(found: BTreeSet<Key>) -> Vec<String> {
    found.into_iter().map(|key| key.to_string()).collect()
}

const APP: &str = "oci://ghcr.io/acme/app";

fn app() -> [Place; 1] {
    [Place::new("ghcr.io", "acme/app")]
}

#[test]
fn a_push_concerns_those_who_follow_its_tag_at_its_place() {
    let sources = Sources::default();
    let note = |name: &str, url: &str, selector| {
        sources.note(&Key::new("team", name), Some(&source(url, selector)));
    };
    note("named", APP, Selector::Tag("2.0.0".to_owned()));
    note("one", APP, range("1.x"));
    note("two", APP, range("2.x"));
    note("latest", APP, Selector::Latest);
    note("elsewhere", "oci://quay.io/acme/app", Selector::Tag("2.0.0".to_owned()));
    note("neighbour", "oci://ghcr.io/acme/application", Selector::Tag("2.0.0".to_owned()));

    assert_eq!(names(sources.following(None, &app(), tag("2.0.0"))), ["team/named", "team/two"]);
    assert_eq!(names(sources.following(None, &app(), tag("latest"))), ["team/latest"]);
    assert_eq!(names(sources.following(None, &app(), tag("1.9.1"))), ["team/one"]);
    assert!(sources.following(None, &[Place::new("ghcr.io:5000", "acme/app")], tag("2.0.0")).is_empty());
}

#[test]
fn a_namespace_hears_of_its_own_objects_only() {
    let sources = Sources::default();
    for namespace in ["a", "b"] {
        sources.note(&Key::new(namespace, "app"), Some(&source(APP, Selector::Latest)));
    }

    assert_eq!(names(sources.following(Some("a"), &app(), tag("latest"))), ["a/app"]);
    assert_eq!(names(sources.following(None, &app(), tag("latest"))), ["a/app", "b/app"]);
}

#[test]
fn an_object_that_moves_or_goes_is_found_where_it_was_no_more() {
    let sources = Sources::default();
    let (moved, gone, kept) = (Key::new("a", "moved"), Key::new("a", "gone"), Key::new("a", "kept"));
    for key in [&moved, &gone, &kept] {
        sources.note(key, Some(&source(APP, Selector::Latest)));
    }
    sources.note(&moved, Some(&source("oci://ghcr.io/acme/other", Selector::Latest)));
    sources.note(&gone, None);
    assert_eq!(names(sources.following(None, &app(), tag("latest"))), ["a/kept"]);

    sources.retain(&BTreeSet::from([moved]));
    assert!(sources.following(None, &app(), tag("latest")).is_empty());
    let other = [Place::new("ghcr.io", "acme/other")];
    assert_eq!(names(sources.following(None, &other, tag("latest"))), ["a/moved"]);
}

#[test]
fn the_tag_of_a_chart_may_spell_its_version_with_an_underscore() {
    let sources = Sources::default();
    let chart = LayerSelector { media_type: Some(oci::layer::HELM_CHART.to_owned()), operation: None };
    let chart = Source { layer: Some(chart), ..(*source(APP, range("1.0.0+build"))).clone() };
    sources.note(&Key::new("a", "chart"), Some(&Arc::new(chart)));
    sources.note(&Key::new("a", "image"), Some(&source(APP, range("1.0.0+build"))));

    assert_eq!(names(sources.following(None, &app(), tag("1.0.0_build"))), ["a/chart"]);
}
