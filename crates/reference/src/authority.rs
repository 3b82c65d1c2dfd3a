//! What may stand before the path of a repository: `host[:port]`.

use std::net::Ipv6Addr;

/// Whether the text is an RFC 3986 authority of a host (name, IPv4 or bracketed IPv6 address) and an optional
/// port, without user information and percent-encoding.
pub(crate) fn is_authority(text: &str) -> bool {
    if let Some(address_and_rest) = text.strip_prefix('[') {
        let Some((address, rest)) = address_and_rest.split_once(']') else {
            return false;
        };
        return address.parse::<Ipv6Addr>().is_ok()
            && rest.strip_prefix(':').map_or(rest.is_empty(), is_port);
    }
    match text.split_once(':') {
        Some((host, port)) => is_name(host) && is_port(port),
        None => is_name(text),
    }
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte))
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}
