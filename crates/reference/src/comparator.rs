//! One comparator of a constraint, such as `>=1.2` or `~1.x`, and what it accepts (spec 3.4).

use std::cmp::Ordering;

use crate::version::{Version, VersionError};

/// An operator and the version it compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparator {
    operator: Operator,
    bound: Version,
    precision: Precision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

/// How much of the bound was written; the rest was left out or a wildcard, and is zero in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    Nothing,
    Major,
    Minor,
    Full,
}

impl Comparator {
    /// Makes a comparator of an operator and a partial version, both as the grammar of constraints delivers them.
    pub(crate) fn parse(operator: &str, partial: &str) -> Result<Self, VersionError> {
        let operator = match operator {
            "" | "=" => Operator::Equal,
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            ">=" | "=>" => Operator::GreaterOrEqual,
            "<" => Operator::Less,
            "<=" | "=<" => Operator::LessOrEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => return Err(VersionError),
        };
        let (bound, precision) = bound(partial)?;
        Ok(Self { operator, bound, precision })
    }

    /// Whether the bound is a prerelease, which admits prereleases in the whole group.
    pub(crate) fn names_a_prerelease(&self) -> bool {
        !self.bound.prerelease.is_empty()
    }

    /// Whether the version satisfies this comparator; that prereleases are admitted is the group's business.
    pub(crate) fn matches(&self, version: &Version) -> bool {
        let order = version.precedence(&self.bound);
        match self.operator {
            Operator::Equal if self.precision == Precision::Full => order.is_eq(),
            Operator::Equal | Operator::Tilde => order.is_ge() && self.tilde(version),
            Operator::NotEqual => self.not_equal(version, order),
            Operator::Greater => self.greater(version, order),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => self.less_or_equal(version, order),
            Operator::Caret => order.is_ge() && self.caret(version),
        }
    }

    fn not_equal(&self, version: &Version, order: Ordering) -> bool {
        let bound = &self.bound;
        match self.precision {
            Precision::Full | Precision::Nothing => order.is_ne(),
            Precision::Major => version.major != bound.major,
            Precision::Minor => self.minor_order(version).is_ne() || version.prerelease != bound.prerelease,
        }
    }

    fn greater(&self, version: &Version, order: Ordering) -> bool {
        match self.precision {
            Precision::Full | Precision::Nothing => order.is_gt(),
            Precision::Major => version.major > self.bound.major,
            Precision::Minor => self.minor_order(version).is_gt(),
        }
    }

    fn less_or_equal(&self, version: &Version, order: Ordering) -> bool {
        match self.precision {
            Precision::Full => order.is_le(),
            Precision::Major => version.major <= self.bound.major,
            Precision::Minor | Precision::Nothing => self.minor_order(version).is_le(),
        }
    }

    /// For a version that is not below the bound.
    fn tilde(&self, version: &Version) -> bool {
        let bound = &self.bound;
        let zero = (bound.major, bound.minor, bound.patch) == (0, 0, 0);
        match self.precision {
            Precision::Full | Precision::Nothing if zero => true,
            Precision::Major => version.major == bound.major,
            Precision::Minor | Precision::Full | Precision::Nothing => self.minor_order(version).is_eq(),
        }
    }

    /// For a version that is not below the bound: what stands left of the first number that is not zero must stay.
    fn caret(&self, version: &Version) -> bool {
        let bound = &self.bound;
        if bound.major > 0 || self.precision == Precision::Major {
            return version.major == bound.major;
        }
        let same_minor = self.minor_order(version).is_eq();
        if bound.minor > 0 || self.precision == Precision::Minor {
            return same_minor;
        }
        same_minor && version.patch == bound.patch
    }

    fn minor_order(&self, version: &Version) -> Ordering {
        (version.major, version.minor).cmp(&(self.bound.major, self.bound.minor))
    }
}

/// Completes a partial version with zeros from the first number that is missing or a wildcard.
fn bound(partial: &str) -> Result<(Version, Precision), VersionError> {
    let core_end = partial.find(['-', '+']).unwrap_or(partial.len());
    let (core, suffix) = partial.split_at(core_end);
    let prerelease = suffix.split_once('+').map_or(suffix, |(prerelease, _)| prerelease);
    let core = core.strip_prefix('v').unwrap_or(core);
    let written = core.split('.').take_while(|part| !matches!(*part, "x" | "X" | "*")).collect::<Vec<_>>();
    match written[..] {
        [] => Ok((Version::parse(&format!("0.0.0{prerelease}"))?, Precision::Nothing)),
        [major] => Ok((Version::parse(&format!("{major}.0.0{prerelease}"))?, Precision::Major)),
        [major, minor] => Ok((Version::parse(&format!("{major}.{minor}.0{prerelease}"))?, Precision::Minor)),
        _ => Ok((Version::parse(partial)?, Precision::Full)),
    }
}
