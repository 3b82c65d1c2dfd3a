//! Hosts, paths, tags and digests as senders write them; what is none of them is left out.

use reference::Digest;

use crate::{Message, Named, Push, Said};

/// In bytes; longer than what registries take for a host or for a path.
pub(super) const LONGEST_NAME: usize = 512;
/// In bytes; a registry takes 128 of a tag (distribution specification, section "Pulling manifests").
const LONGEST_TAG: usize = 256;

/// What a delivery says, with the sender's own name for it if that is one.
pub(super) fn message(id: &str, pushes: Vec<Push>) -> Message {
    let id = is_name(id).then(|| id.to_owned());
    Message { id, said: Said::Pushed(pushes) }
}

/// A push of this tag to one of these repositories, unless what is pushed has no tag or the repositories no names.
pub(super) fn push(repositories: Vec<Named>, tag: &str, digest: &str) -> Option<Push> {
    let is_path = |named: &Named| is_name(&named.path) && named.host.as_deref().is_none_or(is_name);
    let repositories: Vec<Named> = repositories.into_iter().filter(is_path).collect();
    if repositories.is_empty() || !is_tag(tag) {
        return None;
    }
    let digest = Digest::parse(digest).ok();
    Some(Push { repositories, tag: tag.to_owned(), folded: false, digest, early: false })
}

/// A repository, on a host if that is not empty.
pub(super) fn named(host: &str, path: &str) -> Named {
    Named { host: (!host.is_empty()).then(|| host.to_owned()), path: path.to_owned() }
}

/// Whether something has the form of a tag, which no digest has.
pub(super) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= LONGEST_TAG
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// The `host[:port]` of a URL, or an empty text.
pub(super) fn host_of(url: &str) -> &str {
    let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let host = rest.unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') { "" } else { host }
}

/// `host/path:tag` or `host/path@digest` in its first two parts and the last.
pub(super) fn split(reference: &str) -> Option<(&str, &str, &str)> {
    let (host, rest) = reference.split_once('/')?;
    if let Some((path, digest)) = rest.split_once('@') {
        return Some((host, path, digest));
    }
    let (path, tag) = rest.split_once(':').unwrap_or((rest, ""));
    Some((host, path, tag))
}

/// Whether something may be the name of a cloud's region, as a part of a host's name.
pub(super) fn is_region(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_letter)
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
