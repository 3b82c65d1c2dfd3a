//! How a registry wants to be asked: the `WWW-Authenticate` header (RFC 9110, 11.6.1; spec 4.3).

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// Longest realm, service and scope together, in bytes: they become the address of a request, of which servers take 8,000
/// bytes (RFC 9110, 4.1), and real ones have a few hundred.
pub(crate) const CHALLENGE_MAX_BYTES: usize = 4096;

/// A challenge that we can meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Send the credential itself, if there is one. No challenge at all reads the same.
    Basic,
    /// Send a token from `realm`.
    Bearer {
        /// The token endpoint, still unchecked; empty if the registry named none.
        realm: String,
        /// For whom tokens are made.
        service: Option<String>,
        /// What the registry says the token must allow, blank-separated.
        scope: Option<String>,
    },
}

impl Challenge {
    /// How long what the registry wrote is.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Basic => 0,
            Self::Bearer { realm, service, scope } => {
                realm.len() + [service, scope].into_iter().flatten().map(String::len).sum::<usize>()
            }
        }
    }

    /// The same challenge, for whatever is asked next.
    pub(crate) fn without_scope(self) -> Self {
        match self {
            Self::Basic => Self::Basic,
            Self::Bearer { realm, service, .. } => Self::Bearer { realm, service, scope: None },
        }
    }
}

/// The first challenge with a scheme that we know.
pub(crate) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(challenges).find_map(|(scheme, parameters)| {
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        scheme.eq_ignore_ascii_case("bearer").then(|| Challenge::Bearer {
            realm: parameter("realm").unwrap_or_default(),
            service: parameter("service"),
            scope: parameter("scope"),
        })
    })
}

type Parameters = Vec<(String, String)>;

/// Splits a header into schemes with their parameters. What cannot be read is skipped.
fn challenges(text: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let tail = after.trim_start_matches([' ', '\t']);
        rest = match tail.strip_prefix('=') {
            Some(value) if !word.is_empty() => {
                let (value, after) = parameter_value(value.trim_start_matches([' ', '\t']));
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.push((word.to_owned(), value));
                }
                after
            }
            Some(stray) => stray,
            None => {
                found.push((word.to_owned(), Vec::new()));
                tail
            }
        };
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// A token or a quoted string, and what follows it.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[position + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        challenge(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn a_bearer_challenge_gives_realm_service_and_scope() {
        assert_eq!(
            read(&[
                r#"Bearer realm="https://auth.example.com/token",service="r",scope="repository:a/b:pull,push""#
            ]),
            Some(bearer("https://auth.example.com/token", Some("r"), Some("repository:a/b:pull,push")))
        );
        assert_eq!(
            read(&[
                r#"bEaReR  Realm = "https://a.example.com/a\"b" , service=r, error="insufficient_scope""#
            ]),
            Some(bearer("https://a.example.com/a\"b", Some("r"), None))
        );
    }

    #[test]
    fn the_first_scheme_that_we_know_wins() {
        assert_eq!(
            read(&[r#"Negotiate abc==, Bearer realm="https://a.example.com", Basic realm="x""#]),
            Some(bearer("https://a.example.com", None, None))
        );
        assert_eq!(read(&["Digest realm=x", r#"Basic realm="a, Bearer realm=b""#]), Some(Challenge::Basic));
    }

    #[test]
    fn what_cannot_be_read_is_no_challenge() {
        for text in ["", ",,,", "=", "==,=", "Negotiate", "Digest realm=\"unclosed", "realm=x"] {
            assert_eq!(read(&[text]), None, "{text}");
        }
        assert_eq!(read(&["Bearer"]), Some(bearer("", None, None)));
        assert_eq!(read(&["Bearer realm=\"unclosed"]), Some(bearer("unclosed", None, None)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[ -~\\t]{0,40}|(Bearer|Basic|realm|=|\"|,| |\\\\){0,30}") {
            read(&[&text]);
        }
    }
}
