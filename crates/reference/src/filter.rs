//! The regular expression that narrows down the tags of a repository.

use regex::bytes::{Regex, RegexBuilder};

/// The largest compiled expression, in bytes: some thousand states, since every one may be visited for every byte
/// of every tag.
const LARGEST_PROGRAM: usize = 256 << 10;

/// An expression that is searched for anywhere in a tag (spec 3.3 step 2).
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    expression: Regex,
}

impl Filter {
    /// Compiles an expression, or says in one line why it is none.
    ///
    /// `\w`, `\d`, `\s` and `\b` mean ASCII, as in RE2; an expression that this refuses (it names Unicode classes)
    /// is compiled with their Unicode meaning.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let build = |unicode| RegexBuilder::new(pattern).unicode(unicode).size_limit(LARGEST_PROGRAM).build();
        match build(false).or_else(|_| build(true)) {
            Ok(expression) => Ok(Self { expression }),
            Err(error) => Err(reason(&error)),
        }
    }

    pub(crate) fn matches(&self, tag: &str) -> bool {
        self.expression.is_match(tag.as_bytes())
    }
}

/// The last line of the library's text, which draws the expression above it.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().next_back().unwrap_or_default();
    last.trim_start_matches("error: ").trim_end_matches('.').to_owned()
}
