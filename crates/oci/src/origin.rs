//! Where a registry is and how it is reached: the first half of every key under which anything is shared.
//!
//! Two repositories share connections, tokens or answers only if their origins are equal in all of host, port,
//! plain-HTTP policy, CA, client certificate and proxy.

use std::fmt;

use url::Url;

use crate::secrecy::{keyed_hash, user_information};

/// A registry as one set of objects reaches it.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// `host` or `host:port`, as it stands in the reference.
    pub host: String,
    /// Whether the owner allows plain HTTP (`spec.insecure`). Loopback and private hosts allow it anyway.
    /// Without TLS material it also turns the verification of certificates off.
    pub plain_http: bool,
    /// Trust and identity for TLS beyond the platform's roots.
    pub tls: Option<TlsMaterial>,
    /// The proxy for all requests; without one, that of the environment counts.
    pub proxy: Option<ProxySettings>,
}

impl Origin {
    /// An origin without any material of its own.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), plain_http: false, tls: None, proxy: None }
    }

    /// The identity of this origin; equal keys mean equal hosts, policies and materials.
    #[must_use]
    pub fn key(&self) -> OriginKey {
        let tls = self.tls.as_ref();
        let client = tls.and_then(|tls| tls.client.as_ref());
        let proxy = self.proxy.as_ref();
        let parts = [
            tls.map(|_| [].as_slice()),
            tls.and_then(|tls| tls.ca_pem.as_deref()),
            client.map(|client| client.certificate_pem.as_slice()),
            client.map(|client| client.key_pem.as_slice()),
            proxy.map(|proxy| proxy.url.as_bytes()),
            proxy.and_then(|proxy| proxy.username.as_deref()).map(str::as_bytes),
            proxy.and_then(|proxy| proxy.password.as_deref()).map(str::as_bytes),
        ];
        OriginKey {
            host: self.host.to_ascii_lowercase(),
            plain_http: self.plain_http,
            materials: if tls.is_none() && proxy.is_none() { [0; 32] } else { keyed_hash("origin", &parts) },
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("host", &self.host)
            .field("plain_http", &self.plain_http)
            .field("tls", &self.tls)
            .field("proxy", &self.proxy)
            .finish()
    }
}

/// PEM blocks from a certificate Secret. At least one of the two is set in a useful value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsMaterial {
    /// A bundle of CA certificates that is added to the platform's roots.
    pub ca_pem: Option<Vec<u8>>,
    /// The certificate to present to servers that ask for one.
    pub client: Option<ClientCertificate>,
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsMaterial")
            .field("ca", &self.ca_pem.is_some())
            .field("client", &self.client.is_some())
            .finish()
    }
}

/// A client certificate chain and its private key.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The chain, leaf first, as PEM.
    pub certificate_pem: Vec<u8>,
    /// The private key, as PEM.
    pub key_pem: Vec<u8>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(****)")
    }
}

/// A proxy that takes all traffic of an origin, token endpoints included.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxySettings {
    /// An `http`, `https` or `socks5` URL.
    pub url: String,
    /// The user name, where the proxy wants one.
    pub username: Option<String>,
    /// The password; it counts only together with a user name.
    pub password: Option<String>,
}

impl ProxySettings {
    /// What the proxy is shown, as it is and as it is sent.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let of_url = Url::parse(&self.url).map(|url| user_information(&url)).unwrap_or_default();
        let [user, password] = of_url;
        let user = self.username.clone().unwrap_or(user);
        let password = self.password.clone().unwrap_or(password);
        let pair = format!("{user}:{password}");
        vec![user, password, pair]
    }
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxySettings(****)")
    }
}

/// What makes two origins the same. Its hash of the materials is keyed with a random key of this process.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginKey {
    host: String,
    plain_http: bool,
    materials: [u8; 32],
}

impl OriginKey {
    /// The host, with its port where it has one, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A text that is equal for equal origins and different for all others, such as ones that differ in a CA or a proxy
    /// alone (ruling D24). Where there is no such material it is the same in every process.
    #[must_use]
    pub fn text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{} {} ", self.host, self.plain_http);
        for byte in self.materials {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl fmt::Debug for OriginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginKey")
            .field("host", &self.host)
            .field("plain_http", &self.plain_http)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_key_tells_origins_apart_that_differ_in_material_alone() {
        let plain = Origin::new("ghcr.io");
        let ca = |pem: &str| Origin {
            tls: Some(TlsMaterial { ca_pem: Some(pem.as_bytes().to_vec()), client: None }),
            ..Origin::new("ghcr.io")
        };
        let texts = [plain.key().text(), ca("one").key().text(), ca("two").key().text()];
        assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
        assert_eq!(texts[0], format!("ghcr.io false {}", "0".repeat(64)));
        assert_eq!(ca("one").key().text(), texts[1]);
    }

    fn full() -> Origin {
        Origin {
            host: "GHCR.io:443".to_owned(),
            plain_http: false,
            tls: Some(TlsMaterial {
                ca_pem: Some(b"s3cret-ca".to_vec()),
                client: Some(ClientCertificate {
                    certificate_pem: b"s3cret-certificate".to_vec(),
                    key_pem: b"s3cret-key".to_vec(),
                }),
            }),
            proxy: Some(ProxySettings {
                url: "http://s3cret@proxy.example.com".to_owned(),
                username: Some("s3cret-user".to_owned()),
                password: Some("s3cret-password".to_owned()),
            }),
        }
    }

    #[test]
    fn every_part_of_an_origin_is_part_of_its_key() {
        let changes: [fn(&mut Origin); 9] = [
            |origin| origin.host.push('0'),
            |origin| origin.plain_http = true,
            |origin| origin.tls = None,
            |origin| origin.tls.as_mut().unwrap().ca_pem = None,
            |origin| origin.tls.as_mut().unwrap().client = None,
            |origin| {
                origin.tls.as_mut().unwrap().client.as_mut().unwrap().key_pem.clear();
            },
            |origin| origin.proxy = None,
            |origin| origin.proxy.as_mut().unwrap().username = None,
            |origin| origin.proxy.as_mut().unwrap().password = Some(String::new()),
        ];
        let mut keys: Vec<_> = changes
            .map(|change| {
                let mut origin = full();
                change(&mut origin);
                origin.key()
            })
            .into();
        keys.push(full().key());

        keys.sort();
        keys.dedup();

        assert_eq!(keys.len(), 10);
        assert_eq!(full().key(), Origin { host: "ghcr.IO:443".to_owned(), ..full() }.key());
    }

    #[test]
    fn no_secret_is_shown() {
        assert!(!format!("{:?} {:?}", full(), full().key()).contains("s3cret"));
    }
}
