//! What Go reads in an address of a proxy: its scheme, or why it is no URL. The URL standard words it otherwise and takes
//! less and more.

use reference::go_quote;

/// The address as messages show it: whole where it is nothing but a host, with or without a scheme and a port. Whatever else
/// it is may hold a password.
pub(super) fn shown(address: &str) -> &str {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let is_plain = is_name && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { address } else { "***" }
}

/// The scheme, in lower case; empty where there is none.
///
/// # Errors
/// Go's words, the address apart.
pub(super) fn scheme(address: &str) -> Result<String, String> {
    if address.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let text = address.split('#').next().unwrap_or_default();
    let (scheme, rest) = split_scheme(text)?;
    let rest = rest.split('?').next().unwrap_or_default();
    if let Some(behind) = rest.strip_prefix("//") {
        let authority = behind.split('/').next().unwrap_or_default();
        check_host(authority.rsplit_once('@').map_or(authority, |(_, host)| host))?;
    } else if scheme.is_empty() && rest.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err("first path segment in URL cannot contain colon".to_owned());
    }
    Ok(scheme.to_ascii_lowercase())
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    match text.split_once(':') {
        Some(("", _)) => Err("missing protocol scheme".to_owned()),
        Some((scheme, rest))
            if scheme.bytes().all(is_part)
                && scheme.starts_with(|first: char| first.is_ascii_alphabetic()) =>
        {
            Ok((scheme, rest))
        }
        Some(_) | None => Ok(("", text)),
    }
}

fn check_host(host: &str) -> Result<(), String> {
    let (name, port) = if host.starts_with('[') {
        let end = host.rfind(']').ok_or("missing ']' in host")?;
        host.split_at(end + 1)
    } else {
        host.split_at(host.rfind(':').unwrap_or(host.len()))
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("invalid port after host".to_owned());
    }
    let allowed = |letter: &char| {
        !letter.is_ascii() || letter.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(*letter)
    };
    match name.chars().find(|letter| !allowed(letter)) {
        Some(letter) => Err(format!("invalid character {} in host name", go_quote(&letter.to_string()))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::scheme;

    #[test]
    fn the_scheme_is_what_go_takes_for_it() {
        for (address, found) in [
            ("http://proxy.example.com:3128", "http"),
            ("HTTPS://user:pa@ss@proxy.example.com", "https"),
            ("socks5://[::1]:1080/", "socks5"),
            ("proxy.example.com:3128", "proxy.example.com"),
            ("proxy", ""),
            ("/a:b", ""),
            ("http:proxy", "http"),
        ] {
            assert_eq!(scheme(address).as_deref(), Ok(found), "{address}");
        }
    }

    #[test]
    fn what_is_no_url_is_told_in_the_words_of_go() {
        for (address, why) in [
            ("://invalid-url", "missing protocol scheme"),
            ("127.0.0.1:3128", "first path segment in URL cannot contain colon"),
            ("http://127.0.0.1:1\n", "net/url: invalid control character in URL"),
            ("http://proxy:port", "invalid port after host"),
            ("http://[::1", "missing ']' in host"),
            ("http://exa mple:80", "invalid character \" \" in host name"),
        ] {
            assert_eq!(scheme(address).unwrap_err(), why, "{address}");
        }
    }
}
