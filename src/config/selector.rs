//! The label selector of a watch, read as far as to tell whether the API server would take it (spec 8.6): whoever starts
//! with another one would wait for its first list for ever.

use std::iter::Peekable;
use std::vec::IntoIter;

/// The longest name and the longest value of a label.
const LONGEST: usize = 63;
/// The longest prefix of a name.
const LONGEST_PREFIX: usize = 253;

type Words<'a> = Peekable<IntoIter<&'a str>>;

/// What is wrong with the selector, if anything.
pub(super) fn problem(selector: &str) -> Option<String> {
    let mut words = words(selector).into_iter().peekable();
    if words.peek().is_none() || is_selector(&mut words) {
        return None;
    }
    Some(format!(
        "--watch-label-selector: '{selector}' is no label selector; write for example key=value,!other,third in (a,b)"
    ))
}

/// Operators and marks each for themselves, else what stands between them and white space.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let marks = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];
        let mark = marks.iter().find(|mark| rest.starts_with(**mark)).map(|mark| mark.len());
        let ends = |letter: char| letter.is_whitespace() || "=!(),><".contains(letter);
        let (word, behind) = rest.split_at(mark.or_else(|| rest.find(ends)).unwrap_or(rest.len()));
        words.push(word);
        rest = behind.trim_start();
    }
    words
}

fn is_selector(words: &mut Words<'_>) -> bool {
    loop {
        if !is_requirement(words) {
            return false;
        }
        match words.next() {
            None => return true,
            Some(",") => {}
            Some(_) => return false,
        }
    }
}

fn is_requirement(words: &mut Words<'_>) -> bool {
    let absent = words.next_if_eq(&"!").is_some();
    if !words.next().is_some_and(is_key) {
        return false;
    }
    if absent {
        return true;
    }
    match words.peek().copied() {
        Some("=" | "==" | "!=") => {
            words.next();
            words.next_if(|word| *word != ",").is_none_or(is_value)
        }
        Some(">" | "<") => {
            words.next();
            words.next().is_some_and(|word| word.parse::<i64>().is_ok())
        }
        Some("in" | "notin") => {
            words.next();
            words.next() == Some("(") && words.peek() != Some(&")") && is_list(words)
        }
        _ => true,
    }
}

/// Values up to the closing parenthesis; an empty one is a value.
fn is_list(words: &mut Words<'_>) -> bool {
    loop {
        if let Some(value) = words.next_if(|word| !matches!(*word, "," | ")"))
            && !is_value(value)
        {
            return false;
        }
        match words.next() {
            Some(",") => {}
            Some(")") => return true,
            _ => return false,
        }
    }
}

fn is_key(word: &str) -> bool {
    let (prefix, name) = word.split_once('/').map_or((None, word), |(prefix, name)| (Some(prefix), name));
    let is_prefix = |prefix: &str| {
        prefix.len() <= LONGEST_PREFIX
            && prefix
                .split('.')
                .all(|label| is_framed(label, |byte| byte == b'-') && label == label.to_lowercase())
    };
    prefix.is_none_or(is_prefix) && !name.is_empty() && is_value(name)
}

fn is_value(word: &str) -> bool {
    word.is_empty() || word.len() <= LONGEST && is_framed(word, |byte| b"-_.".contains(&byte))
}

/// Letters and digits, between which the others may stand.
fn is_framed(word: &str, other: impl Fn(u8) -> bool) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = word.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || other(*byte))
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn what_the_api_server_takes_is_no_problem() {
        for selector in [
            "",
            "a",
            "!sharding.fluxcd.io/key",
            "sharding.fluxcd.io/key=shard1",
            "a==b, c != d ,e=",
            "env in (a,b),tier notin (x), !app",
            "a in (,b)",
            "size>5,size<10",
            "! conformance.test/own-operator",
        ] {
            assert_eq!(problem(selector), None, "{selector}");
        }
    }

    #[test]
    fn what_it_refuses_is_told_before_the_start() {
        for selector in [
            "a=b=c",
            "a,",
            ",a",
            "a b",
            "=b",
            "a in b",
            "a in ()",
            "a in (b",
            "a>b",
            "-a=b",
            "a=-b",
            "A.example/b/c=d",
            "/a=b",
            "!a=b",
        ] {
            assert!(problem(selector).is_some_and(|text| text.contains(selector)), "{selector}");
        }
    }
}
