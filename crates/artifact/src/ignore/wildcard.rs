//! Patterns for one component of a path, as Go's `path/filepath.Match` reads them.

use super::budget::{BYTES, CHARACTER, NAME, SKIPPED, TEXT, TOKEN};

/// A pattern: `*` any number of bytes, `?` one character, `[a-z]` or `[^a-z]` one of a class, `\` takes the next byte as
/// it is. Braces and `[!` mean nothing.
#[derive(Debug)]
pub(super) enum Wildcard {
    /// `*`: every name matches.
    All,
    /// No special character at all.
    Literal(Vec<u8>),
    /// With special characters.
    Tokens(Vec<Token>),
    /// Malformed: no name matches.
    Malformed,
}

#[derive(Debug)]
pub(super) enum Token {
    Text(Vec<u8>),
    AnyCharacter,
    AnyBytes,
    Class { negated: bool, ranges: Vec<(u32, u32)> },
}

impl Wildcard {
    /// Reads a pattern; one that is malformed matches nothing.
    pub(super) fn parse(pattern: &[u8]) -> Self {
        if pattern == b"*" {
            return Self::All;
        }
        if !pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\')) {
            return Self::Literal(pattern.to_vec());
        }
        tokens(pattern).map_or(Self::Malformed, Self::Tokens)
    }

    /// Which of the names is the first that matches as a whole; names that are not UTF-8 are compared byte by byte.
    pub(super) fn position(&self, names: &[&[u8]], steps: &mut u64) -> Option<usize> {
        let count = names.len() as u64;
        *steps += count * NAME;
        match self {
            Self::All => (count > 0).then_some(0),
            Self::Literal(literal) => {
                *steps += count * (literal.len() as u64 / BYTES);
                names.iter().position(|name| name == literal)
            }
            Self::Tokens(tokens) => names
                .iter()
                .position(|name| ending_matches(tokens, name, steps) && tokens_match(tokens, name, steps)),
            Self::Malformed => None,
        }
    }
}

impl Token {
    /// How many bytes of the name the token takes; `None` if it does not match there.
    fn take(&self, name: &[u8], steps: &mut u64) -> Option<usize> {
        *steps += TOKEN;
        match self {
            Self::Text(text) => begins_with(name, text, steps).then_some(text.len()),
            Self::AnyCharacter => {
                *steps += CHARACTER;
                first_character(name).map(|(_, width)| width)
            }
            Self::AnyBytes => Some(0),
            Self::Class { negated, ranges } => {
                *steps += CHARACTER + ranges.len() as u64;
                let (character, width) = first_character(name)?;
                let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&character));
                (inside != *negated).then_some(width)
            }
        }
    }

    /// How many bytes of the name a `*` before the token takes at least.
    fn skip(&self, name: &[u8], steps: &mut u64) -> usize {
        let Self::Text(text) = self else { return 0 };
        let skipped = name.iter().position(|byte| text.first() == Some(byte)).unwrap_or(name.len());
        *steps += skipped as u64 / SKIPPED;
        skipped
    }
}

/// Whether the name ends with what the pattern ends with: where it does not, as most often, nothing else is looked at.
fn ending_matches(tokens: &[Token], name: &[u8], steps: &mut u64) -> bool {
    let Some(Token::Text(text)) = tokens.last() else { return true };
    *steps += 1;
    name.last() == text.last() && {
        *steps += text_steps(text, name);
        name.ends_with(text)
    }
}

fn begins_with(name: &[u8], text: &[u8], steps: &mut u64) -> bool {
    name.first() == text.first() && {
        *steps += text_steps(text, name);
        name.starts_with(text)
    }
}

fn text_steps(text: &[u8], name: &[u8]) -> u64 {
    TEXT + text.len().min(name.len()) as u64 / BYTES
}

/// Where a name does not fit behind a `*`, that `*` takes one byte more; an earlier one need never be reconsidered.
fn tokens_match(tokens: &[Token], name: &[u8], steps: &mut u64) -> bool {
    *steps += TOKEN;
    let (mut done, mut offset) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    loop {
        if done == tokens.len() && offset == name.len() {
            return true;
        }
        let fit = tokens.get(done).and_then(|next| Some((next, next.take(&name[offset..], steps)?)));
        if let Some((token, width)) = fit {
            done += 1;
            offset += width;
            if matches!(token, Token::AnyBytes) {
                if done == tokens.len() {
                    return true;
                }
                last_star = Some((done, offset));
            }
            continue;
        }
        let Some((behind_star, end)) = last_star.filter(|(_, end)| *end < name.len()) else {
            return false;
        };
        let next = end + 1;
        (done, offset) = (behind_star, next + tokens[behind_star].skip(&name[next..], steps));
        last_star = Some((done, offset));
    }
}

fn tokens(mut pattern: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    while let Some((first, rest)) = pattern.split_first() {
        pattern = rest;
        match first {
            b'*' => tokens.push(Token::AnyBytes),
            b'?' => tokens.push(Token::AnyCharacter),
            b'[' => tokens.push(class(&mut pattern)?),
            b'\\' => {
                let (escaped, rest) = pattern.split_first()?;
                pattern = rest;
                push_text(&mut tokens, *escaped);
            }
            byte => push_text(&mut tokens, *byte),
        }
    }
    Some(tokens)
}

fn push_text(tokens: &mut Vec<Token>, byte: u8) {
    match tokens.last_mut() {
        Some(Token::Text(text)) => text.push(byte),
        _ => tokens.push(Token::Text(vec![byte])),
    }
}

/// Reads a class up to its closing bracket, which cannot be its first member.
fn class(pattern: &mut &[u8]) -> Option<Token> {
    let negated = skip(pattern, b'^');
    let mut ranges = Vec::new();
    while ranges.is_empty() || !skip(pattern, b']') {
        let low = member(pattern)?;
        let high = if skip(pattern, b'-') { member(pattern)? } else { low };
        ranges.push((low, high));
    }
    Some(Token::Class { negated, ranges })
}

fn member(pattern: &mut &[u8]) -> Option<u32> {
    if !skip(pattern, b'\\') && matches!(pattern.first()?, b'-' | b']') {
        return None;
    }
    let (character, width) = first_character(pattern)?;
    if character == INVALID && width == 1 {
        return None;
    }
    *pattern = &pattern[width..];
    Some(character)
}

fn skip(pattern: &mut &[u8], byte: u8) -> bool {
    let rest = pattern.strip_prefix(&[byte]);
    *pattern = rest.unwrap_or(pattern);
    rest.is_some()
}

/// What stands for a byte that begins no UTF-8 character.
const INVALID: u32 = 0xfffd;

/// The first character and its length in bytes; `None` of nothing.
fn first_character(bytes: &[u8]) -> Option<(u32, usize)> {
    let width = match bytes.first()? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let character = bytes.get(..width).and_then(|first| str::from_utf8(first).ok()?.chars().next());
    Some(character.map_or((INVALID, 1), |character| (u32::from(character), width)))
}
