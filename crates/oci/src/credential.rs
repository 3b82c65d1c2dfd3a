//! What a request shows to a registry, and the identity under which its answers may be shared.

use std::fmt;

use crate::secrecy::keyed_hash;

/// Longest token or credential, in bytes. Real ones have less than 16 KiB, and few servers read more than this: Apache and
/// nginx 8 KiB of one header, Node and the usual load balancers 16 KiB of all, Envoy 60 KiB.
pub(crate) const TOKEN_MAX_BYTES: usize = 32 << 10;

/// A credential for one registry, selected for one repository.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Credential {
    /// Nothing is sent, unless the token endpoint hands out tokens to anybody.
    #[default]
    Anonymous,
    /// A user name and a password, sent to the registry or exchanged for a token.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// An `OAuth2` refresh token, exchanged for a token by `POST`.
    IdentityToken {
        /// The refresh token.
        token: String,
        /// A user name and password for token endpoints that know no `POST`.
        basic: Option<(String, String)>,
    },
    /// A bearer token that goes to the registry as it is.
    RegistryToken(String),
}

impl Credential {
    /// The identity of this credential: equal for equal contents, wherever they came from.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let parts = match self {
            Self::Anonymous => return Identity([0; 32]),
            Self::Basic { username, password } => [Some("basic"), Some(username), Some(password), None],
            Self::IdentityToken { token, basic } => {
                let (username, password) = basic.as_ref().map(|(u, p)| (u.as_str(), p.as_str())).unzip();
                [Some("identity"), Some(token.as_str()), username, password]
            }
            Self::RegistryToken(token) => [Some("registry"), Some(token), None, None],
        };
        Identity(keyed_hash("credential", &parts.map(|part| part.map(str::as_bytes))))
    }

    /// How much of it a request may show.
    pub(crate) fn bytes(&self) -> usize {
        let pair = self.basic().map_or(0, |(username, password)| username.len() + password.len());
        match self {
            Self::Anonymous | Self::Basic { .. } => pair,
            Self::IdentityToken { token, .. } | Self::RegistryToken(token) => pair + token.len(),
        }
    }

    pub(crate) fn basic(&self) -> Option<(&str, &str)> {
        match self {
            Self::Basic { username, password }
            | Self::IdentityToken { basic: Some((username, password)), .. } => Some((username, password)),
            Self::Anonymous | Self::IdentityToken { basic: None, .. } | Self::RegistryToken(_) => None,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic(****)",
            Self::IdentityToken { .. } => "IdentityToken(****)",
            Self::RegistryToken(_) => "RegistryToken(****)",
        })
    }
}

/// A keyed hash of a credential, or the one value for "anonymous". It tells equal from different and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; 32]);

impl Identity {
    /// The identity of requests without a credential.
    pub const ANONYMOUS: Self = Self([0; 32]);
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::ANONYMOUS { "Identity(anonymous)" } else { "Identity(****)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_that_of_the_contents() {
        let basic = |username: &str, password: &str| Credential::Basic {
            username: username.to_owned(),
            password: password.to_owned(),
        };
        let token = |token: &str, basic| Credential::IdentityToken { token: token.to_owned(), basic };
        let all = [
            Credential::Anonymous,
            basic("a", "bc"),
            basic("ab", "c"),
            token("a", None),
            token("a", Some((String::new(), String::new()))),
            Credential::RegistryToken("a".to_owned()),
        ];

        let mut identities = all.clone().map(|credential| credential.identity()).to_vec();
        identities.sort();
        identities.dedup();

        assert_eq!(identities.len(), all.len());
        assert_eq!(basic("a", "bc").identity(), basic("a", "bc").identity());
        assert_eq!(Credential::Anonymous.identity(), Identity::ANONYMOUS);
    }

    #[test]
    fn no_secret_is_shown() {
        let credential = Credential::RegistryToken("s3cret".to_owned());

        assert_eq!(
            format!("{credential:?} {:?}", credential.identity()),
            "RegistryToken(****) Identity(****)"
        );
    }
}
