//! What holds for every text.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use reference::{Constraint, Digest, Repository, Revision, TagChoice, Version, digest_part, go_quote};

/// Texts near the grammars, so that parsers come further than their first look.
fn text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "oci://",
        "ghcr.io",
        "docker.io",
        "/",
        ":",
        "@",
        "[",
        "]",
        "::1",
        "sha256:",
        "v",
        "1",
        "02",
        ".",
        "x",
        "*",
        "-",
        "+",
        "_",
        " ",
        "||",
        ",",
        ">",
        "=",
        "<",
        "~",
        "^",
        "!",
        "alpha",
        "99999999999999999999",
        "é",
        "\n",
        "(",
        ")",
    ]);
    prop_oneof![".{0,40}", vec(piece, 0..16).prop_map(|pieces| pieces.concat())]
}

fn tag() -> impl Strategy<Value = String> {
    prop_oneof!["v?[0-2]\\.[0-2]\\.0?[0-2](-(rc|a)\\.[0-2])?([_+][ab])?", text()]
}

fn best(tags: &[String], helm: bool) -> Option<String> {
    let mut choice = TagChoice::new(">=0.1.0-0 !=1.1.1", Some("[0-9v]"), helm).unwrap();
    for tag in tags {
        choice.offer(tag);
    }
    choice.finish().ok()
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in text()) {
        let versions = [Version::parse(&text), Version::parse_tag(&text), Version::parse("1.2.3-rc.1")];
        if let Ok(constraint) = Constraint::parse(&text) {
            for version in versions.iter().flatten() {
                let _ = constraint.matches(version);
            }
        }
        if let Ok(repository) = Repository::parse_url(&text) {
            prop_assert_eq!(Repository::parse_url(&format!("oci://{repository}")), Ok(repository));
        }
        if let Ok(mut choice) = TagChoice::new("*", Some(&text), true) {
            choice.offer(&text);
        }
        let _ = (Digest::parse(&text), Revision::parse(&text));
        let quoted = go_quote(&text);
        prop_assert!(quoted.starts_with('"') && quoted.ends_with('"') && !quoted.contains('\n'));
    }

    #[test]
    fn an_artifact_path_never_leaves_the_host_of_the_url(path in text()) {
        let of_url = Repository::parse_url("oci://ghcr.io/charts/web").unwrap();
        if let Ok(repository) = of_url.with_path(&path) {
            prop_assert_eq!(repository.registry(), "ghcr.io");
        }
    }

    #[test]
    fn a_revision_reads_back_as_it_was_written(tag in proptest::option::of(".{1,20}"), bytes in any::<[u8; 32]>()) {
        let revision = Revision { tag, digest: Digest::sha256_from_bytes(bytes) };
        let text = revision.to_string();
        prop_assert_eq!(digest_part(&text), revision.digest.to_string());
        prop_assert_eq!(Revision::parse(&text), Ok(revision));
    }

    #[test]
    fn the_choice_does_not_depend_on_the_order_of_the_tags(
        tags in vec(tag(), 1..12),
        swaps in vec((any::<Index>(), any::<Index>()), 0..12),
        helm in any::<bool>(),
    ) {
        let mut shuffled = tags.clone();
        for (one, other) in swaps {
            shuffled.swap(one.index(tags.len()), other.index(tags.len()));
        }
        prop_assert_eq!(best(&tags, helm), best(&shuffled, helm));
    }

    #[test]
    fn versions_are_totally_ordered(tags in vec(tag(), 3)) {
        let mut versions = tags.iter().filter_map(|tag| Version::parse(tag).ok()).collect::<Vec<_>>();
        versions.sort();
        for pair in versions.windows(2) {
            prop_assert!(pair[0].precedence(&pair[1]).is_le());
            prop_assert_eq!(pair[0] == pair[1], pair[0].original() == pair[1].original());
        }
    }
}
