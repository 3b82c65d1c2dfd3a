//! The `Link` header that leads to the next page (RFC 8288; distribution specification, "content discovery").

use reqwest::header::{HeaderMap, LINK};

/// The target of the first link whose relation is `next`, still relative.
pub(crate) fn next(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(links).find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target.to_owned())
}

/// Targets with the text of their parameters.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('<').skip(1).filter_map(|link| link.split_once('>'))
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else {
            return false;
        };
        let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel")
            && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_str(value).unwrap());
        }
        next(&headers)
    }

    #[test]
    fn the_link_with_the_relation_next_is_found() {
        for (values, target) in [
            (vec![r#"</v2/app/tags/list?last=b&n=2>; rel="next""#], Some("/v2/app/tags/list?last=b&n=2")),
            (vec!["<https://ghcr.io/x>;rel=next"], Some("https://ghcr.io/x")),
            (vec![r#"</a>; rel="prev", </b,c>; title="x"; rel="last next""#], Some("/b,c")),
            (vec![r#"</a>; rel="prev""#, r#"</b>; REL="Next""#], Some("/b")),
            (vec![r#"</a>; rel="nextish""#], None),
            (vec!["/a; rel=next", "<", ""], None),
        ] {
            assert_eq!(of(&values).as_deref(), target, "{values:?}");
        }
    }
}
