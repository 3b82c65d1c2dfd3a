//! The choice of the highest version among the tags of a repository.

use std::borrow::Cow;

use crate::constraint::{Constraint, ConstraintError};
use crate::filter::Filter;
use crate::version::Version;

/// The longest constraint or filter that is looked at, in bytes: its cost is paid for every tag.
pub const LONGEST_EXPRESSION: usize = 4096;

/// The longest tag that can be a version, in bytes; a legal tag has at most 128.
pub const LONGEST_TAG: usize = 1024;

/// Chooses while tags stream by, and keeps no more than the best one (spec 3.3, ruling D5).
#[derive(Clone, Debug)]
pub struct TagChoice {
    expression: String,
    constraint: Constraint,
    filter: Option<Filter>,
    helm: bool,
    best: Option<Version>,
}

/// Why no tag is chosen; the text after upstream's `failed to determine the artifact tag for '..': `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The filter is no regular expression, or too large a one.
    #[error("error parsing regexp: {reason}: `{pattern}`")]
    Filter {
        /// The filter as written.
        pattern: String,
        /// What is wrong with it, in one line.
        reason: String,
    },
    /// The constraint is none.
    #[error("semver '{expression}' parse error: {reason}")]
    Constraint {
        /// The constraint as written.
        expression: String,
        /// What is wrong with it.
        reason: ConstraintError,
    },
    /// The constraint or the filter is longer than [`LONGEST_EXPRESSION`].
    #[error("a semver constraint or filter may be {LONGEST_EXPRESSION} bytes long, this one has {0}")]
    TooLong(usize),
    /// No tag passes the filter and satisfies the constraint.
    #[error("no match found for semver: {0}")]
    NoMatch(String),
}

impl TagChoice {
    /// Prepares a choice. With `helm`, an underscore in a tag stands for the plus sign of a version.
    ///
    /// # Errors
    /// [`SelectError`], every variant but `NoMatch`; a wrong filter is told before a wrong constraint.
    pub fn new(constraint: &str, filter: Option<&str>, helm: bool) -> Result<Self, SelectError> {
        let longest = constraint.len().max(filter.map_or(0, str::len));
        if longest > LONGEST_EXPRESSION {
            return Err(SelectError::TooLong(longest));
        }
        let compiled = |pattern: &str| {
            Filter::new(pattern).map_err(|reason| SelectError::Filter { pattern: pattern.to_owned(), reason })
        };
        let filter = filter.filter(|pattern| !pattern.is_empty()).map(compiled).transpose()?;
        let expression = constraint.to_owned();
        match Constraint::parse(constraint) {
            Ok(constraint) => Ok(Self { expression, constraint, filter, helm, best: None }),
            Err(reason) => Err(SelectError::Constraint { expression, reason }),
        }
    }

    /// Looks at one tag; those that are no versions are passed over.
    pub fn offer(&mut self, tag: &str) {
        if tag.len() > LONGEST_TAG {
            return;
        }
        let spelled = if self.helm { Cow::Owned(tag.replace('_', "+")) } else { Cow::Borrowed(tag) };
        let Ok(version) = Version::parse_tag(&spelled) else {
            return;
        };
        if self.best.as_ref().is_some_and(|best| *best >= version) || !self.constraint.matches(&version) {
            return;
        }
        if self.filter.as_ref().is_none_or(|filter| filter.matches(tag)) {
            self.best = Some(version);
        }
    }

    /// The tag of the highest version among those offered, as the registry spells it.
    ///
    /// # Errors
    /// [`SelectError::NoMatch`] where none fits.
    pub fn finish(self) -> Result<String, SelectError> {
        match self.best {
            Some(version) if self.helm => Ok(version.original().replace('+', "_")),
            Some(version) => Ok(version.original().to_owned()),
            None => Err(SelectError::NoMatch(self.expression)),
        }
    }
}
