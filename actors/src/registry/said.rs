//! What a host last said, fit for those who did not ask it.
//!
//! A host serves many owners. Who waits for it reads why, but neither the repository that another object asked for nor
//! the rest of its URL (D24).

use std::sync::Arc;
use std::time::Duration;

use reconcile::{Disposition, Failure};

/// The failure that a host last caused.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// Whether the host said nothing, and these are our words for it.
    pub(super) in_silence: bool,
    failure: Failure,
    repository: Arc<str>,
    abroad: String,
}

impl Said {
    /// What an attempt for this repository met.
    pub(super) fn new(failure: Failure, repository: Arc<str>) -> Self {
        let abroad = masked(&failure.message, &repository);
        Self { in_silence: false, failure, repository, abroad }
    }

    /// What an attempt met to which the host gave no answer.
    pub(super) fn in_silence(failure: Failure, repository: Arc<str>) -> Self {
        Self { in_silence: true, ..Self::new(failure, repository) }
    }

    /// What an object that asks for `repository` is told while it waits.
    pub(super) fn parking(&self, repository: &str, not_before: Option<Duration>) -> Failure {
        let own = *self.repository == *repository;
        let message = if own { &self.failure.message } else { &self.abroad };
        Failure {
            condition: self.failure.condition,
            reason: self.failure.reason,
            disposition: Disposition::Park { not_before },
            message: message.clone(),
        }
    }
}

/// The text without the paths of its URLs and without the name of the repository.
fn masked(message: &str, repository: &str) -> String {
    let mut rest = message;
    let mut shown = String::with_capacity(message.len());
    while let Some(scheme) = rest.find("://") {
        let authority = scheme + "://".len();
        let (before, url) = rest.split_at(authority);
        let end = url
            .find(|letter: char| matches!(letter, '"' | '\'') || letter.is_whitespace())
            .unwrap_or(url.len());
        let url_end = url[..end].trim_end_matches([':', ';', ',', '.']).len();
        let path = url[..url_end].find(['/', '?', '#']).unwrap_or(url_end);
        shown.push_str(before);
        shown.push_str(&url[..path]);
        if path < url_end {
            shown.push_str("/...");
        }
        rest = &url[url_end..];
    }
    shown.push_str(rest);
    without(&shown, repository)
}

/// The text without this name; where the name is part of a longer word it stays.
fn without(text: &str, name: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, found) in text.match_indices(name).filter(|(_, found)| !found.is_empty()) {
        let end = start + found.len();
        let inside =
            text[..start].ends_with(char::is_alphanumeric) || text[end..].starts_with(char::is_alphanumeric);
        if !inside {
            shown.push_str(&text[copied..start]);
            shown.push_str("...");
            copied = end;
        }
    }
    shown.push_str(&text[copied..]);
    shown
}

#[cfg(test)]
mod tests {
    use reconcile::Reason;

    use super::*;

    fn said(message: &str) -> Said {
        let failure = Failure::fetch(Reason::OCIArtifactPullFailed, message.to_owned());
        Said::new(failure, "team-a/secret".into())
    }

    #[test]
    fn an_object_of_the_same_repository_reads_it_all() {
        let message = r#"failed: Get "https://ghcr.io/v2/team-a/secret/manifests/1.0": connection refused"#;

        let told = said(message).parking("team-a/secret", None);

        assert_eq!(told.message, message);
        assert_eq!(told.disposition, Disposition::Park { not_before: None });
        assert_eq!(told.reason, Reason::OCIArtifactPullFailed);
    }

    #[test]
    fn a_short_name_hides_no_word_that_contains_it() {
        let failure =
            Failure::fetch(Reason::OCIArtifactPullFailed, "failed: a is away, ghcr.io/a:1".to_owned());

        let told = Said::new(failure, "a".into()).parking("b", None);

        assert_eq!(told.message, "failed: ... is away, ghcr.io/...:1");
    }

    #[test]
    fn another_object_reads_neither_the_repository_nor_the_rest_of_the_url() {
        let texts = [
            (
                r#"failed: Get "https://ghcr.io/v2/team-a/secret/manifests/1.0": connection refused"#,
                r#"failed: Get "https://ghcr.io/...": connection refused"#,
            ),
            (
                "GET https://ghcr.io:5000/v2/team-a/secret/tags/list?n=1000: unexpected status code 502 Bad Gateway",
                "GET https://ghcr.io:5000/...: unexpected status code 502 Bad Gateway",
            ),
            (
                "GET https://ghcr.io: no; GET http://ghcr.io/v2/x",
                "GET https://ghcr.io: no; GET http://ghcr.io/...",
            ),
            ("UNKNOWN: team-a/secret is ill; map[name:team-a/secret]", "UNKNOWN: ... is ill; map[name:...]"),
            ("https://ghcr.io?scope=repository:team-a/secret:pull", "https://ghcr.io/..."),
            ("pull from 'oci://ghcr.io/team-a/secret': no", "pull from 'oci://ghcr.io/...': no"),
            ("://", "://"),
            ("nothing to hide", "nothing to hide"),
        ];

        for (message, shown) in texts {
            assert_eq!(said(message).parking("team-b/app", None).message, shown);
        }
    }
}
