//! Where a redirect may lead (spec 3.6): never from one host to an address literal inside a network.

use std::net::Ipv4Addr;

use url::{Host, Url};

/// The most redirects that one request follows.
pub(crate) const LIMIT: usize = 10;

/// Whether a host is an address literal that no other host may point us to.
pub(crate) fn is_internal(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(_) => false,
        Host::Ipv4(address) => is_internal_v4(*address),
        Host::Ipv6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4().is_some_and(is_internal_v4)
        }
    }
}

fn is_internal_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
}

/// Whether both URLs name the same scheme, host and port: credentials may travel between them.
pub(crate) fn same_host(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Why `from` must not lead to `to`, if so. `verified` says that the content is checked against a digest.
pub(crate) fn refusal(from: &Url, to: &Url, verified: bool) -> Option<String> {
    if !matches!(to.scheme(), "http" | "https") {
        return Some(format!("redirect to unsupported scheme \"{}\"", to.scheme()));
    }
    if from.scheme() == "https" && to.scheme() == "http" && !verified {
        return Some("redirect from https to http denied".to_owned());
    }
    let (from, to) = (from.host()?, to.host()?);
    (from != to && is_internal(&to)).then(|| {
        format!("SSRF protection: redirect from \"{from}\" to private/link-local host \"{to}\" denied")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(from: &str, to: &str) -> Option<String> {
        refusal(&Url::parse(from).unwrap(), &Url::parse(to).unwrap(), false)
    }

    #[test]
    fn a_redirect_to_another_internal_literal_is_refused_in_upstreams_words() {
        assert_eq!(
            refused("http://127.0.0.1:5000/a", "http://127.0.0.2:6000/a").unwrap(),
            "SSRF protection: redirect from \"127.0.0.1\" to private/link-local host \"127.0.0.2\" denied"
        );
        for target in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "2130706433",
            "0x7f.1",
            "127.0.0.1.",
            "[::1]",
            "[::]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
            "[::7f00:1]",
        ] {
            assert!(refused("https://ghcr.io/a", &format!("https://{target}/a")).is_some(), "{target}");
        }
    }

    #[test]
    fn names_public_addresses_and_the_same_host_are_followed() {
        assert_eq!(refused("http://127.0.0.1:5000/a", "http://localhost:6000/a"), None);
        assert_eq!(refused("http://10.0.0.1:5000/a", "http://10.0.0.1:9000/a"), None);
        assert_eq!(refused("https://ghcr.io/a", "https://1.1.1.1/a"), None);
    }

    #[test]
    fn https_leads_to_http_only_where_a_digest_guards_the_content() {
        let (from, to) =
            (Url::parse("https://ghcr.io/a").unwrap(), Url::parse("http://cdn.example.com/a").unwrap());

        assert!(refusal(&from, &to, false).is_some());
        assert_eq!(refusal(&from, &to, true), None);
        assert!(refusal(&from, &Url::parse("file:///etc/passwd").unwrap(), true).is_some());
    }

    #[test]
    fn a_host_is_its_scheme_name_and_port() {
        let same = |one: &str, other: &str| same_host(&Url::parse(one).unwrap(), &Url::parse(other).unwrap());

        assert!(same("https://ghcr.io/a", "https://ghcr.io:443/b"));
        assert!(!same("https://ghcr.io/a", "http://ghcr.io/a"));
        assert!(!same("https://ghcr.io/a", "https://ghcr.io:8443/a"));
    }
}
