//! Where a token may be asked for (spec 4.3): a registry must not send us, or our secrets, elsewhere than out.

use url::Url;

use crate::call::Call;
use crate::error::Error;
use crate::redirect::{is_internal, same_host};

/// Checks the realm that a registry named against the URL under which the registry answered.
pub(crate) fn checked(realm: &str, registry: &Url) -> Result<Url, Error> {
    let call = Call::new(&reqwest::Method::GET, registry);
    let url =
        Url::parse(realm).map_err(|_| Error::malformed(&call, "challenge with a realm that is no URL"))?;
    let refused = |reason: String| Error::Refused { call: Call::new(&reqwest::Method::GET, &url), reason };
    match (url.scheme(), registry.scheme()) {
        ("https", _) | ("http", "http") => {}
        (scheme, "https") => {
            return Err(refused(format!(
                "realm scheme \"{scheme}\" not allowed for a secure registry; use https"
            )));
        }
        (scheme, _) => {
            return Err(refused(format!("realm scheme \"{scheme}\" not allowed; use http or https")));
        }
    }
    if same_host(&url, registry) {
        return Ok(url);
    }
    let Some(host) = url.host() else {
        return Err(refused("realm without a host".to_owned()));
    };
    let same_place = registry.host() == Some(host.clone())
        && registry.port_or_known_default() == url.port_or_known_default();
    if !same_place && is_internal(&host) {
        return Err(refused(format!("realm host \"{host}\" is a private or link-local address")));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(realm: &str, registry: &str) -> Option<String> {
        checked(realm, &Url::parse(registry).unwrap()).err().map(|error| error.to_string())
    }

    #[test]
    fn a_realm_is_https_or_as_plain_as_its_registry() {
        assert_eq!(problem("https://auth.example.com/token", "https://ghcr.io/v2/"), None);
        assert_eq!(problem("http://auth.example.com/token", "http://10.0.0.1:5000/v2/"), None);
        assert_eq!(
            problem("http://auth.example.com/token", "https://ghcr.io/v2/").unwrap(),
            "Get \"http://auth.example.com/token\": realm scheme \"http\" not allowed for a secure registry; use https"
        );
        assert!(problem("file:///etc/passwd", "http://ghcr.io/v2/").is_some());
        assert!(problem("/token", "https://ghcr.io/v2/").is_some());
        assert!(problem("", "https://ghcr.io/v2/").is_some());
    }

    #[test]
    fn an_internal_realm_is_refused_unless_it_is_the_registry_itself() {
        assert_eq!(
            problem("https://10.0.0.2/token", "https://ghcr.io/v2/").unwrap(),
            "Get \"https://10.0.0.2/token\": realm host \"10.0.0.2\" is a private or link-local address"
        );
        assert_eq!(problem("http://127.0.0.1:5000/token", "http://127.0.0.1:5000/v2/"), None);
        assert!(problem("http://127.0.0.1:5001/token", "http://127.0.0.1:5000/v2/").is_some());
        assert!(problem("https://[fe80::1]/token", "https://ghcr.io/v2/").is_some());
    }
}
