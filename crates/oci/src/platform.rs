//! The platform that picks one image out of an index (spec 3.6, ruling D18).

use std::fmt;
use std::str::FromStr;

use crate::descriptor::ChildPlatform;

/// An operating system, an architecture and perhaps its variant: `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// A text that names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("platform must be 'os/architecture' or 'os/architecture/variant' in lower case")]
pub struct PlatformError;

impl Platform {
    /// Whether a child of an index fits; a child without a platform counts as `linux/amd64`, and a variant
    /// matters only if one is asked for.
    #[must_use]
    pub fn fits(&self, child: Option<&ChildPlatform>) -> bool {
        let Some(child) = child else {
            return self.variant.is_none() && *self == Self::default();
        };
        self.os == child.os
            && self.architecture == child.architecture
            && (self.variant.is_none() || self.variant == child.variant)
    }
}

impl Default for Platform {
    /// `linux/amd64`, as upstream.
    fn default() -> Self {
        Self { os: "linux".to_owned(), architecture: "amd64".to_owned(), variant: None }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let legal = |part: &&str| {
            (1..=64).contains(&part.len())
                && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
        };
        let (os, architecture, variant) = match parts.as_slice() {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(PlatformError),
        };
        if !parts.iter().all(legal) {
            return Err(PlatformError);
        }
        Ok(Self {
            os: (*os).to_owned(),
            architecture: (*architecture).to_owned(),
            variant: variant.map(|variant| (*variant).to_owned()),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(os: &str, architecture: &str, variant: Option<&str>) -> ChildPlatform {
        let (os, architecture) = (os.to_owned(), architecture.to_owned());
        ChildPlatform { os, architecture, variant: variant.map(str::to_owned) }
    }

    #[test]
    fn a_variant_matters_only_if_it_is_asked_for() {
        let any: Platform = "linux/arm64".parse().unwrap();
        let eight: Platform = "linux/arm64/v8".parse().unwrap();

        assert!(any.fits(Some(&child("linux", "arm64", Some("v8")))));
        assert!(eight.fits(Some(&child("linux", "arm64", Some("v8")))));
        assert!(!eight.fits(Some(&child("linux", "arm64", None))));
        assert!(!any.fits(Some(&child("windows", "arm64", None))));
    }

    #[test]
    fn a_child_without_a_platform_counts_as_linux_amd64() {
        assert!(Platform::default().fits(None));
        assert!(!"linux/arm64".parse::<Platform>().unwrap().fits(None));
    }

    #[test]
    fn only_two_or_three_lower_case_parts_are_a_platform() {
        assert_eq!("linux/arm64/v8".parse::<Platform>().unwrap().to_string(), "linux/arm64/v8");
        for text in
            ["", "linux", "linux/", "/amd64", "linux/arm64/v8/x", "Linux/amd64", "linux/amd 64", "a//b"]
        {
            assert_eq!(text.parse::<Platform>(), Err(PlatformError), "{text}");
        }
    }
}
