//! Addresses as messages show them: what may be a secret in them is left out.

/// Stands for what is left out.
const HIDDEN: &str = "***";
/// How a digest begins; behind an `@` it is no host.
const DIGESTS: [&str; 3] = ["sha256:", "sha384:", "sha512:"];

/// An address as it was written, but for user information, a port that is no number, query and fragment: there people put
/// passwords and tokens.
#[must_use]
pub fn redacted_url(url: &str) -> String {
    let (scheme, rest) = url.find("://").map_or(("", url), |end| url.split_at(end + "://".len()));
    let rest = redacted_path(rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    format!("{scheme}{}{path}", redacted_authority(authority))
}

/// The same for a path, with whatever stands before it.
pub(crate) fn redacted_path(path: &str) -> String {
    let is_host = |(at, _): &(usize, &str)| !DIGESTS.iter().any(|digest| path[at + 1..].starts_with(digest));
    let (user, rest) = match path.rmatch_indices('@').find(is_host) {
        Some((at, _)) => (HIDDEN, &path[at..]),
        None => ("", path),
    };
    match rest.find(['?', '#']) {
        Some(at) => format!("{user}{}{HIDDEN}", &rest[..=at]),
        None => format!("{user}{rest}"),
    }
}

/// The same for a host and a port.
pub(crate) fn redacted_authority(authority: &str) -> String {
    let authority = redacted_path(authority);
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') && !port.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{host}:{HIDDEN}")
        }
        Some(_) | None => authority,
    }
}
