//! One line of an ignore file.

use super::budget::PART;
use super::wildcard::Wildcard;

/// A pattern, which knows paths from the directory that it holds for.
#[derive(Debug)]
pub(super) struct Pattern {
    includes: bool,
    only_directories: bool,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// Without a slash: any component of a path may match.
    Name(Wildcard),
    /// With a slash: components are matched from the first on.
    Path(Vec<Segment>),
}

#[derive(Debug)]
enum Segment {
    /// Nothing between two slashes, or before the first: the next segment matches the next component only.
    Here,
    /// `**`: the next segment may match at any depth.
    AnyDepth,
    /// One component.
    Component(Wildcard),
    /// `**` with something beside it, which matches nothing.
    Never,
}

impl Pattern {
    /// Reads a line that is neither blank nor a comment.
    pub(super) fn parse(line: &[u8]) -> Self {
        let (includes, line) = line.strip_prefix(b"!").map_or((false, line), |rest| (true, rest));
        let line = if line.ends_with(b"\\ ") { line } else { without_trailing_spaces(line) };
        let (only_directories, line) = line.strip_suffix(b"/").map_or((false, line), |rest| (true, rest));
        let form = if line.contains(&b'/') {
            Form::Path(line.split(|byte| *byte == b'/').map(Segment::parse).collect())
        } else {
            Form::Name(Wildcard::parse(line))
        };
        Self { includes, only_directories, form }
    }

    /// Whether a match means that the entry is kept.
    pub(super) fn includes(&self) -> bool {
        self.includes
    }

    /// Whether the pattern matches an entry, or a directory above it. The steps that it takes are added.
    pub(super) fn matches(&self, path: &[&[u8]], is_directory: bool, steps: &mut u64) -> bool {
        let left = match &self.form {
            Form::Name(name) => after_match(name, path, steps),
            Form::Path(segments) => after_segments(segments, path, steps),
        };
        left.is_some_and(|left| is_directory || !self.only_directories || !left.is_empty())
    }
}

impl Segment {
    fn parse(text: &[u8]) -> Self {
        match text {
            b"" => Self::Here,
            b"**" => Self::AnyDepth,
            _ if text.windows(2).any(|pair| pair == b"**") => Self::Never,
            _ => Self::Component(Wildcard::parse(text)),
        }
    }
}

fn without_trailing_spaces(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &line[..end]
}

/// What follows the first component that matches.
fn after_match<'a, 'b>(name: &Wildcard, path: &'a [&'b [u8]], steps: &mut u64) -> Option<&'a [&'b [u8]]> {
    name.position(path, steps).map(|found| &path[found + 1..])
}

/// What follows the components that the segments match; `None` if they do not.
fn after_segments<'a, 'b>(
    segments: &[Segment],
    path: &'a [&'b [u8]],
    steps: &mut u64,
) -> Option<&'a [&'b [u8]]> {
    let mut left = path;
    let mut matched = false;
    let mut any_depth = false;
    for segment in segments {
        *steps += PART;
        match segment {
            Segment::Here => any_depth = false,
            Segment::AnyDepth => any_depth = true,
            Segment::Never => return None,
            Segment::Component(name) if any_depth => {
                left = after_match(name, left, steps)?;
                matched = true;
                any_depth = false;
            }
            Segment::Component(name) => {
                let (next, rest) = left.split_first()?;
                name.position(&[next], steps)?;
                left = rest;
                matched = true;
            }
        }
    }
    matched.then_some(left)
}
