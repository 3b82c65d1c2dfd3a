//! Which entries of a tree stay out of its archive: the rules of `.sourceignore` files and of `spec.ignore` (spec 5.4).
//!
//! The flavour is upstream's, not git's: the last pattern that matches decides, and what lies below an excluded directory
//! can be included again.

mod budget;
mod pattern;
#[cfg(test)]
mod tests;
mod wildcard;

use pattern::Pattern;

use crate::error::Error;

pub(crate) use budget::Budget;

/// Name of the files in a tree whose lines are patterns for the directory they lie in.
pub(crate) const FILE_NAME: &str = ".sourceignore";

/// A longer line ends its file: what follows it is not read (spec 5.4).
const LONGEST_LINE: usize = 65_535;

const VERSION_CONTROL: [&str; 4] = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];

const BINARIES: [&str; 8] = ["*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"];

const PIPELINES: [&str; 9] = [
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
];

const TOOLS: [&str; 3] = ["**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml"];

/// What kind of tree the rules are for: it decides which patterns hold where the user has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Sources: files of version control, of pipelines and binaries stay out.
    Sources,
    /// A Helm chart, which arrives whole (D40).
    Chart,
}

/// The patterns of the user, in the order in which they were read; a later one outranks an earlier one.
#[derive(Debug, Default)]
pub(crate) struct UserPatterns(Vec<Section>);

impl UserPatterns {
    /// Adds the lines of a text that lies in the directory (components separated by `/`, empty for the root).
    pub(crate) fn add(&mut self, text: &[u8], directory: &[u8]) {
        let lines = text.split(|byte| *byte == b'\n').take_while(|line| line.len() <= LONGEST_LINE);
        let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let patterns = lines.filter(|line| !line.starts_with(b"#") && !is_blank(line)).map(Pattern::parse);
        let section = Section::new(directory, patterns.collect());
        if !section.patterns.is_empty() {
            self.0.push(section);
        }
    }

    /// The rules for a tree: some defaults give way as soon as there is a pattern of the user (spec 5.4, D40).
    pub(crate) fn into_rules(self, subject: Subject) -> Rules {
        let defaults: &[&[&str]] = match subject {
            _ if !self.0.is_empty() => &[&VERSION_CONTROL],
            Subject::Sources => &[&VERSION_CONTROL, &BINARIES, &PIPELINES, &TOOLS],
            Subject::Chart => &[],
        };
        let defaults = defaults.iter().copied().flatten().map(|line| Pattern::parse(line.as_bytes()));
        let defaults = Section::new(b"", defaults.collect());
        Rules(std::iter::once(defaults).chain(self.0).collect())
    }
}

fn is_blank(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).trim().is_empty()
}

/// The patterns that hold for one tree.
#[derive(Debug)]
pub(crate) struct Rules(Vec<Section>);

impl Rules {
    /// Whether an entry (its path from the root, components separated by `/`) stays out. The root itself never does.
    ///
    /// # Errors
    /// Those of [`Budget::spend`].
    pub(crate) fn exclude(
        &self,
        path: &[u8],
        is_directory: bool,
        budget: &mut Budget<'_>,
    ) -> Result<bool, Error> {
        if path.is_empty() {
            return Ok(false);
        }
        let components: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        for section in self.0.iter().rev() {
            if let Some(pattern) = section.decisive(path, &components, is_directory, budget)? {
                return Ok(!pattern.includes());
            }
        }
        Ok(false)
    }
}

/// Patterns that hold for one directory, whose name is held once however many they are.
#[derive(Debug)]
struct Section {
    /// What paths below the directory begin with: its name and a slash; nothing for the root.
    prefix: Vec<u8>,
    depth: usize,
    patterns: Vec<Pattern>,
}

impl Section {
    fn new(directory: &[u8], patterns: Vec<Pattern>) -> Self {
        let mut prefix = directory.to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let depth = prefix.split(|byte| *byte == b'/').count() - 1;
        Self { prefix, depth, patterns }
    }

    /// The last pattern that matches an entry.
    fn decisive(
        &self,
        path: &[u8],
        components: &[&[u8]],
        is_directory: bool,
        budget: &mut Budget<'_>,
    ) -> Result<Option<&Pattern>, Error> {
        budget.spend(budget::PART + self.prefix.len() as u64 / budget::BYTES)?;
        if !path.starts_with(&self.prefix) {
            return Ok(None);
        }
        for pattern in self.patterns.iter().rev() {
            let mut steps = budget::PART;
            let matches = pattern.matches(&components[self.depth..], is_directory, &mut steps);
            budget.spend(steps)?;
            if matches {
                return Ok(Some(pattern));
            }
        }
        Ok(None)
    }
}
