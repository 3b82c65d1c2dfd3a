//! What keeps secrets out of keys and texts: a hash that says "equal" and nothing else, and a mask for what a server repeats.

use std::sync::LazyLock;

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use url::{Url, form_urlencoded};

use crate::call::is_shown;
use crate::transport::Outgoing;

/// Shorter values are words more often than secrets; hiding those would garble every message.
const SHORTEST: usize = 8;
const MASK: &str = "****";

static KEY: LazyLock<hmac::Key> = LazyLock::new(|| {
    let mut seed = [0; 32];
    rand::fill(&mut seed).expect("the operating system has random bytes");
    hmac::Key::new(hmac::HMAC_SHA256, &seed)
});

/// Hashes optional parts so that neither their borders nor their absence can be confused.
pub(crate) fn keyed_hash(domain: &str, parts: &[Option<&[u8]>]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&KEY);
    for part in [Some(domain.as_bytes())].iter().chain(parts) {
        match part {
            None => context.update(&[0]),
            Some(bytes) => {
                context.update(&[1]);
                context.update(&(bytes.len() as u64).to_be_bytes());
                context.update(bytes);
            }
        }
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}

/// The secrets that a request showed: a server may repeat them in its answer, and its answer is shown to owners.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    authorization: Option<HeaderValue>,
    form: Option<String>,
    url: Option<Url>,
    proxy: Vec<String>,
}

impl Shown {
    /// Those of a request, and those that the proxy on its way was shown.
    pub(crate) fn of(outgoing: &Outgoing, proxy: &[String]) -> Self {
        Self {
            authorization: outgoing.authorization.clone(),
            form: outgoing.form.clone(),
            url: Some(outgoing.url.clone()),
            proxy: proxy.to_vec(),
        }
    }

    /// What masks them.
    pub(crate) fn mask(&self) -> Mask {
        let mut secrets = self.proxy.clone();
        if let Some(header) = &self.authorization {
            let text = String::from_utf8_lossy(header.as_bytes());
            let token = text.split_once(' ').map_or(&*text, |(_, token)| token);
            secrets.push(token.to_owned());
            let pair = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some((_, password)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
                secrets.extend([password.to_owned(), pair.clone().unwrap_or_default()]);
            }
        }
        if let Some(form) = &self.form {
            let fields = form_urlencoded::parse(form.as_bytes());
            secrets.extend(fields.filter(|(name, _)| name == "refresh_token").map(|(_, token)| token.into()));
        }
        if let Some(url) = &self.url {
            let parameters = url.query_pairs().filter(|(name, _)| !is_shown(name));
            secrets.extend(parameters.map(|(_, value)| value.into_owned()));
            secrets.extend(user_information(url));
        }
        Mask::new(&secrets)
    }
}

/// User name and password of a URL, decoded.
pub(crate) fn user_information(url: &Url) -> [String; 2] {
    let decoded = |text: &str| {
        let field = format!("={}", text.replace('+', "%2B"));
        form_urlencoded::parse(field.as_bytes()).map(|(_, value)| value.into_owned()).collect()
    };
    [decoded(url.username()), decoded(url.password().unwrap_or_default())]
}

/// Hides values in a text, however a server may have written them.
pub(crate) struct Mask(Vec<String>);

impl Mask {
    fn new(secrets: &[String]) -> Self {
        let forms = secrets.iter().flat_map(|secret| forms(secret));
        let mut forms: Vec<_> = forms.filter(|form| form.len() >= SHORTEST).collect();
        forms.sort_unstable_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self(forms)
    }

    /// The text without them.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), MASK))
    }
}

/// A value as it is, in JSON, in a URL, in a form, and in base64.
fn forms(secret: &str) -> [String; 6] {
    let json = serde_json::Value::from(secret).to_string();
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let base64 = STANDARD.encode(secret);
    [
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        form.replace('+', "%20"),
        form,
        base64.trim_end_matches('=').to_owned(),
        base64.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_request_showed_is_masked_in_every_form() {
        let password = "p\"ss /word+more";
        let basic = format!("Basic {}", STANDARD.encode(format!("robot:{password}")));
        let outgoing = Outgoing {
            authorization: Some(HeaderValue::from_str(&basic).unwrap()),
            form: Some("scope=repository%3Aapp%3Apull&refresh_token=re%2Ffresh-token".to_owned()),
            ..Outgoing::get(
                Url::parse("https://u:user-info@ghcr.io/blob?n=1000000000&sig=sig%2Fnature").unwrap(),
            )
        };
        let mask = Shown::of(&outgoing, &["proxy-password".to_owned()]).mask();
        let text = format!(
            "{basic} robot:{password} {} {} re/fresh-token sig/nature user-info proxy-password",
            serde_json::Value::from(password),
            STANDARD.encode(password),
        );

        let shown = mask.hide(&text);

        assert_eq!(shown, "Basic **** **** \"****\" **** **** **** **** ****");
        let harmless = "repository:app:pull 1000000000 of ghcr.io";
        assert_eq!(mask.hide(harmless), harmless);
    }

    #[test]
    fn words_stay_in_place_even_where_they_are_passwords() {
        let outgoing = Outgoing {
            authorization: HeaderValue::from_str(&format!("Basic {}", STANDARD.encode("me:secret"))).ok(),
            ..Outgoing::get(Url::parse("https://ghcr.io/").unwrap())
        };

        assert_eq!(Shown::of(&outgoing, &[]).mask().hide("no secret for me"), "no secret for me");
    }
}
