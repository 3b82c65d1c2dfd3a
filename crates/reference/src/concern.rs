//! Whether a push concerns those who follow a selector.

use crate::selector::Selector;
use crate::tags::TagChoice;

impl Selector {
    /// Whether a push of this tag may change what is selected. With `helm`, an underscore in a tag stands for the plus sign
    /// of a version; a `folded` tag has lost its upper-case letters on the way. What cannot be parsed follows nothing.
    #[must_use]
    pub fn follows(&self, tag: &str, helm: bool, folded: bool) -> bool {
        let equal = |name: &str| if folded { name.eq_ignore_ascii_case(tag) } else { name == tag };
        match self {
            Self::Digest(_) => false,
            Self::Tag(name) | Self::Branch(name) => equal(name),
            Self::Latest => equal("latest"),
            Self::Semver { constraint, filter } => {
                let filter = filter
                    .as_deref()
                    .map(|pattern| if folded { format!("(?i){pattern}") } else { pattern.to_owned() });
                TagChoice::new(constraint, filter.as_deref(), helm).is_ok_and(|mut choice| {
                    choice.offer(tag);
                    choice.finish().is_ok()
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Selector;

    fn range(constraint: &str, filter: Option<&str>) -> Selector {
        Selector::Semver { constraint: constraint.to_owned(), filter: filter.map(str::to_owned) }
    }

    #[test]
    fn a_tag_concerns_those_who_name_it_and_the_ranges_that_admit_it() {
        let tag = Selector::Tag("main".to_owned());
        assert!(tag.follows("main", false, false));
        assert!(!tag.follows("Main", false, false));
        assert!(Selector::Branch("main".to_owned()).follows("main", false, false));
        assert!(Selector::Latest.follows("latest", false, false));
        assert!(!Selector::Latest.follows("1.0.0", false, false));

        assert!(range("1.x", None).follows("v1.4.0", false, false));
        assert!(!range("1.x", None).follows("2.0.0", false, false));
        assert!(!range("1.x", None).follows("main", false, false));
        assert!(!range("not a range", None).follows("1.0.0", false, false));
        assert!(!range(">=1.0.0", Some("^v")).follows("1.4.0", false, false));
        assert!(range(">=1.0.0", Some("^v")).follows("v1.4.0", false, false));
        assert!(range("1.0.0+a", None).follows("1.0.0_a", true, false));
    }

    #[test]
    fn nothing_that_is_pushed_moves_a_digest() {
        let digest = format!("sha256:{}", "a".repeat(64));

        assert!(!Selector::Digest(digest.clone()).follows(&digest, false, false));
        assert!(!Selector::Digest(digest).follows("latest", false, false));
    }

    #[test]
    fn a_folded_tag_is_held_against_names_and_filters_without_regard_to_case() {
        assert!(Selector::Tag("V1-RC".to_owned()).follows("v1-rc", false, true));
        assert!(range(">=1.0.0-0", Some("RC")).follows("v1.0.0-rc1", false, true));
        assert!(!range(">=1.0.0-0", Some("RC")).follows("v1.0.0-rc1", false, false));
    }
}
