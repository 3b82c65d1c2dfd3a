//! Version constraints such as `>=1.0.0 <2.0.0 || 3.x`, with the grammar of spec 3.4.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::comparator::Comparator;
use crate::quote::go_quote;
use crate::version::{Version, VersionError};

/// A set of versions: alternatives, each of comparators that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    groups: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    comparators: Vec<Comparator>,
    admits_prereleases: bool,
}

/// Why a text is no constraint, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// An alternative that does not fit the grammar, an empty one included.
    #[error("improper constraint: {}", go_quote(.0))]
    Improper(String),
    /// A version that fits the grammar but is none.
    #[error("constraint parser error")]
    Version,
}

impl Constraint {
    /// Parses alternatives that are separated by `||`, each of comparators separated by spaces or commas; `A - B`
    /// stands for `>= A, <= B`.
    ///
    /// # Errors
    /// [`ConstraintError`] for the first alternative that is wrong.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        let text = GRAMMAR.hyphen_range.replace_all(text, |range: &Captures<'_>| {
            format!(">= {}, <= {} ", &range["low"], &range["high"])
        });
        let groups = text.split("||").map(Group::parse).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether the version is in the set. A prerelease is in it only through an alternative that names one.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| group.matches(version))
    }
}

impl Group {
    fn parse(text: &str) -> Result<Self, ConstraintError> {
        if !GRAMMAR.group.is_match(text) {
            return Err(ConstraintError::Improper(text.to_owned()));
        }
        let comparators = GRAMMAR
            .comparator
            .captures_iter(text)
            .map(|comparator| Comparator::parse(&comparator["operator"], &comparator["partial"]))
            .collect::<Result<Vec<_>, VersionError>>()
            .map_err(|VersionError| ConstraintError::Version)?;
        let admits_prereleases = comparators.iter().any(Comparator::names_a_prerelease);
        Ok(Self { comparators, admits_prereleases })
    }

    fn matches(&self, version: &Version) -> bool {
        (version.prerelease.is_empty() || self.admits_prereleases)
            && self.comparators.iter().all(|comparator| comparator.matches(version))
    }
}

struct Grammar {
    hyphen_range: Regex,
    group: Regex,
    comparator: Regex,
}

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    let space = r"[\t\n\f\r ]";
    let operator = r"(?:=||!=|>|<|>=|=>|<=|=<|~|~>|\^)";
    let number = r"[0-9|xX*]+";
    let identifiers = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
    let partial = format!(r"v?{number}(?:\.{number}){{0,2}}(?:-{identifiers})?(?:\+{identifiers})?");
    let comparator = format!("{operator}{space}*{partial}");
    let compiled = |pattern: String| Regex::new(&pattern).expect("the grammar is a constant");
    Grammar {
        hyphen_range: compiled(format!(
            "{space}*(?<low>{partial}){space}+-{space}+(?<high>{partial}){space}*"
        )),
        group: compiled(format!(
            "^{space}*{comparator}{space}*(?:(?:{space}+|,{space}*){comparator}{space}*)*$"
        )),
        comparator: compiled(format!("(?<operator>{operator}){space}*(?<partial>{partial})")),
    }
});
