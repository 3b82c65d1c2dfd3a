//! From the payloads of Secrets to TLS material and a proxy (spec 4.4, 4.5).

mod address;

use oci::{ClientCertificate, ProxySettings, TlsMaterial};
use url::Url;

use crate::cluster::Secret;

/// Longer proxy URLs are refused.
const LONGEST_URL: usize = 2048;

/// The CA and the client certificate of a Secret; `owner` names it in texts.
///
/// # Errors
/// What is missing in it, in upstream's words.
pub(super) fn tls_material(owner: &str, secret: &Secret) -> Result<TlsMaterial, String> {
    let entry = |key, legacy| entry(owner, secret, key, legacy).filter(|value| !value.is_empty());
    let ca_pem = entry("ca.crt", "caFile");
    let certificate = entry("tls.crt", "certFile");
    let key = entry("tls.key", "keyFile");
    let client = match (certificate, key) {
        (Some(certificate_pem), Some(key_pem)) => Some(ClientCertificate { certificate_pem, key_pem }),
        (Some(_), None) => {
            return Err(format!("secret '{owner}' contains 'tls.crt' but missing 'tls.key'"));
        }
        (None, Some(_)) => {
            return Err(format!("secret '{owner}' contains 'tls.key' but missing 'tls.crt'"));
        }
        (None, None) => None,
    };
    if ca_pem.is_none() && client.is_none() {
        return Err(format!("secret '{owner}' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'"));
    }
    Ok(TlsMaterial { ca_pem, client })
}

/// The proxy of a Secret; `owner` names it in texts.
///
/// # Errors
/// What is wrong with it, in upstream's words, without its credentials.
pub(super) fn proxy_settings(owner: &str, secret: &Secret) -> Result<ProxySettings, String> {
    let text = |key: &str| secret.data.get(key).map(|value| String::from_utf8_lossy(value).into_owned());
    let address = text("address").ok_or_else(|| format!("secret '{owner}': key 'address' not found"))?;
    if address.is_empty() {
        return Err(format!("secret '{owner}': proxy address is empty"));
    }
    if address.len() > LONGEST_URL {
        return Err(format!(
            "secret '{owner}': proxy URL exceeds maximum length of {LONGEST_URL} characters"
        ));
    }
    let shown = address::shown(&address);
    let unparsable = |why: &dyn std::fmt::Display| {
        format!("secret '{owner}': failed to parse proxy address '{shown}': {why}")
    };
    let scheme = address::scheme(&address)
        .map_err(|why| unparsable(&format!("parse {}: {why}", reference::go_quote(shown))))?;
    if !matches!(scheme.as_str(), "http" | "https" | "socks5") {
        let rule = "proxy URL must use one of the supported schemes (http, https, socks5)";
        // What no host follows may be a user name.
        let found = if address.contains("://") { scheme.as_str() } else { "" };
        return Err(format!("secret '{owner}': {rule}, got '{found}'"));
    }
    Url::parse(&address).map_err(|error| unparsable(&error))?;
    let username = text("username").filter(|username| !username.is_empty());
    let password = username.as_ref().and_then(|_| text("password"));
    Ok(ProxySettings { url: address, username, password })
}

fn entry(owner: &str, secret: &Secret, key: &str, legacy: &str) -> Option<Vec<u8>> {
    if let Some(value) = secret.data.get(key) {
        return Some(value.clone());
    }
    let value = secret.data.get(legacy)?;
    tracing::warn!(secret = owner, key = legacy, preferred = key, "using legacy key in secret data");
    Some(value.clone())
}

#[cfg(test)]
mod tests {
    use super::{proxy_settings, tls_material};
    use crate::cluster::Secret;

    fn secret(entries: &[(&str, &str)]) -> Secret {
        let data =
            entries.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect();
        Secret { kind: "Opaque".to_owned(), data, version: "1".into() }
    }

    #[test]
    fn the_new_key_wins_over_the_legacy_one() {
        let material = tls_material("ns/s", &secret(&[("ca.crt", "new"), ("caFile", "garbage")])).unwrap();
        assert_eq!(material.ca_pem.unwrap(), b"new");
        let material = tls_material("ns/s", &secret(&[("certFile", "c"), ("keyFile", "k")])).unwrap();
        assert_eq!(material.client.unwrap().key_pem, b"k");
    }

    #[test]
    fn half_a_client_certificate_and_an_empty_secret_are_named() {
        let text = tls_material("ns/s", &secret(&[("tls.crt", "c")])).unwrap_err();
        assert_eq!(text, "secret 'ns/s' contains 'tls.crt' but missing 'tls.key'");
        let text = tls_material("ns/s", &secret(&[])).unwrap_err();
        assert_eq!(text, "secret 'ns/s' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'");
    }

    #[test]
    fn an_empty_entry_is_none_and_still_hides_the_legacy_one() {
        let text = tls_material("ns/s", &secret(&[("ca.crt", ""), ("caFile", "legacy")])).unwrap_err();
        assert_eq!(text, "secret 'ns/s' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'");
        let entries = [("ca.crt", "ca"), ("tls.crt", ""), ("tls.key", "")];
        assert!(tls_material("ns/s", &secret(&entries)).unwrap().client.is_none());
        let text = tls_material("ns/s", &secret(&[("tls.crt", ""), ("tls.key", "k")])).unwrap_err();
        assert_eq!(text, "secret 'ns/s' contains 'tls.key' but missing 'tls.crt'");
    }

    #[test]
    fn a_proxy_needs_an_address_with_a_known_scheme() {
        for (entries, text) in [
            (vec![], "secret 'ns/s': key 'address' not found"),
            (vec![("address", "")], "secret 'ns/s': proxy address is empty"),
            (
                vec![("address", "ftp://proxy.example.com")],
                "secret 'ns/s': proxy URL must use one of the supported schemes (http, https, socks5), got 'ftp'",
            ),
            (
                vec![("address", "proxy")],
                "secret 'ns/s': proxy URL must use one of the supported schemes (http, https, socks5), got ''",
            ),
            (
                vec![("address", "127.0.0.1:3128")],
                "secret 'ns/s': failed to parse proxy address '127.0.0.1:3128': parse \"127.0.0.1:3128\": first path \
                 segment in URL cannot contain colon",
            ),
        ] {
            assert_eq!(proxy_settings("ns/s", &secret(&entries)).unwrap_err(), text);
        }
    }

    #[test]
    fn credentials_in_an_address_that_cannot_be_used_are_not_repeated() {
        for address in [
            "http://user:hunter2@[bad",
            "http://user:hunter2",
            "http://[hunter2",
            "hunter2:user@proxy.example.com:3128",
            "http://hunter2 @proxy.example.com",
            "http://proxy.example.com:hunter2",
            "://hunter2@proxy.example.com",
            "ftp://user:hunter2@proxy.example.com",
        ] {
            let text = proxy_settings("ns/s", &secret(&[("address", address)])).err().unwrap_or_default();
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_password_counts_only_beside_a_username() {
        let settings =
            proxy_settings("ns/s", &secret(&[("address", "http://p.example.com"), ("password", "x")]));
        assert_eq!(settings.unwrap().password, None);
    }
}
