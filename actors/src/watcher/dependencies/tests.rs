//! Who is told of what.

use super::{Dependencies, DependencyChanged};
use crate::{Dependency, DependencyKind, Key};

fn secret(name: &str) -> Dependency {
    Dependency::new(DependencyKind::Secret, "team", name)
}

fn account(name: &str) -> Dependency {
    Dependency::new(DependencyKind::ServiceAccount, "team", name)
}

fn naming(pairs: &[(&str, &[Dependency])]) -> Dependencies {
    let mut index = Dependencies::default();
    for (name, dependencies) in pairs {
        index.name(&Key::new("team", name), dependencies.iter().cloned().collect());
    }
    index
}

fn applied(dependency: Dependency, version: &str) -> DependencyChanged {
    DependencyChanged::Applied { dependency, version: version.into() }
}

/// Who is shown what, one line each.
fn shown(index: &mut Dependencies, changed: DependencyChanged) -> Vec<String> {
    let mut lines = Vec::new();
    for (shown, keys) in index.shown(changed) {
        let version = shown.version.as_deref().unwrap_or("absent");
        let how = if shown.listed { "listed" } else { "changed" };
        for key in keys {
            lines.push(format!("{} {} {version} {how}", key.name, shown.dependency.key));
        }
    }
    lines
}

#[test]
fn a_change_is_shown_to_all_who_name_it_and_to_nobody_else() {
    let mut index = naming(&[
        ("one", &[secret("pull"), secret("keys")]),
        ("two", &[secret("pull")]),
        ("three", &[account("pull")]),
    ]);
    assert_eq!(
        shown(&mut index, applied(secret("pull"), "7")),
        ["one team/pull 7 changed", "two team/pull 7 changed"]
    );
    assert_eq!(
        shown(&mut index, DependencyChanged::Deleted(account("pull"))),
        ["three team/pull absent changed"]
    );
    let elsewhere = Dependency::new(DependencyKind::Secret, "other", "pull");
    assert!(shown(&mut index, applied(elsewhere, "7")).is_empty());
}

#[test]
fn what_is_no_longer_named_is_forgotten() {
    let mut index = naming(&[
        ("one", &[secret("old"), secret("kept")]),
        ("one", &[secret("kept"), secret("new")]),
        ("two", &[secret("old")]),
    ]);
    assert_eq!(shown(&mut index, applied(secret("old"), "7")), ["two team/old 7 changed"]);
    assert_eq!(shown(&mut index, applied(secret("new"), "7")).len(), 1);

    for name in ["one", "two"] {
        index.name(&Key::new("team", name), [].into());
    }
    assert!(shown(&mut index, applied(secret("kept"), "8")).is_empty());
    assert!(index.named.is_empty() && index.naming.is_empty());
}

#[test]
fn a_list_is_marked_as_such_and_tells_who_names_what_it_did_not_show() {
    let mut index = naming(&[("one", &[secret("there")]), ("two", &[secret("lost"), account("there")])]);
    let kind = DependencyKind::Secret;
    assert!(shown(&mut index, DependencyChanged::RelistStarted(kind)).is_empty());
    assert_eq!(shown(&mut index, applied(secret("there"), "7")), ["one team/there 7 listed"]);
    assert_eq!(
        shown(&mut index, applied(account("there"), "9")),
        ["two team/there 9 changed"],
        "the list of one kind is none of the other"
    );
    assert_eq!(shown(&mut index, DependencyChanged::RelistFinished(kind)), ["two team/lost absent listed"]);
    assert_eq!(shown(&mut index, applied(secret("there"), "8")), ["one team/there 8 changed"]);
}

#[test]
fn a_list_that_begins_again_has_shown_nothing() {
    let mut index = naming(&[("one", &[secret("there")])]);
    let kind = DependencyKind::Secret;
    shown(&mut index, DependencyChanged::RelistStarted(kind));
    shown(&mut index, applied(secret("there"), "7"));
    shown(&mut index, DependencyChanged::RelistStarted(kind));
    assert_eq!(shown(&mut index, DependencyChanged::RelistFinished(kind)), ["one team/there absent listed"]);
}
