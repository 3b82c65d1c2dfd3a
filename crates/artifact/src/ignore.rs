//! Which entries of a tree stay out of its archive: the rules of `.sourceignore` files and of `spec.ignore` (spec 5.4).
//!
//! The flavour is upstream's, not git's: the last pattern that matches decides, and what lies below an excluded directory
//! can be included again.

mod pattern;
#[cfg(test)]
mod tests;
mod wildcard;

use pattern::Pattern;

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
pub(crate) struct UserPatterns(Vec<Pattern>);

impl UserPatterns {
    /// Adds the lines of a text that lies in the directory (components separated by `/`, empty for the root).
    pub(crate) fn add(&mut self, text: &[u8], directory: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            if line.len() > LONGEST_LINE {
                return;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.starts_with(b"#") && !is_blank(line) {
                self.0.push(Pattern::parse(line, directory));
            }
        }
    }

    /// The rules for a tree: some defaults give way as soon as there is a pattern of the user (spec 5.4, D40).
    pub(crate) fn into_rules(self, subject: Subject) -> Rules {
        let defaults: &[&[&str]] = match subject {
            _ if !self.0.is_empty() => &[&VERSION_CONTROL],
            Subject::Sources => &[&VERSION_CONTROL, &BINARIES, &PIPELINES, &TOOLS],
            Subject::Chart => &[],
        };
        let defaults = defaults.iter().copied().flatten().map(|line| Pattern::parse(line.as_bytes(), b""));
        Rules(defaults.chain(self.0).collect())
    }
}

fn is_blank(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).trim().is_empty()
}

/// The patterns that hold for one tree.
#[derive(Debug)]
pub(crate) struct Rules(Vec<Pattern>);

impl Rules {
    /// How many patterns an entry is compared with at most.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether an entry (its path from the root, components separated by `/`) stays out. The root itself never does.
    pub(crate) fn exclude(&self, path: &[u8], is_directory: bool) -> bool {
        if path.is_empty() {
            return false;
        }
        let components: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        self.0
            .iter()
            .rev()
            .find(|pattern| pattern.matches(&components, is_directory))
            .is_some_and(|decisive| !decisive.includes())
    }
}
