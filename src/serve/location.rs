//! From the path of a request to the path of a file, as upstream's file server reads it (corrections 4).

use percent_encoding::percent_decode_str;

/// What the path of a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A clean path, decoded; it may still lead nowhere.
    Path(String),
    /// The path holds `//`, `/./` or `/../`: this is it without them.
    Cleaned(String),
    /// Not a path of text.
    Nowhere,
}

impl Location {
    /// Reads the path as it stands in the request. Only dots and slashes that are not encoded are cleaned, so that an
    /// encoded `..` is the name of a file that nobody has.
    pub(super) fn of(path: &str) -> Self {
        let cleaned = clean(path);
        if cleaned != path {
            return Self::Cleaned(cleaned);
        }
        match percent_decode_str(path).decode_utf8() {
            Ok(decoded) => Self::Path(decoded.into_owned()),
            Err(_) => Self::Nowhere,
        }
    }
}

/// The result begins with exactly one slash and has no backslash, so that no browser takes it for another host.
fn clean(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => drop(kept.pop()),
            name => kept.push(name),
        }
    }
    let names_directory = path.ends_with(['/']) || path.ends_with("/.") || path.ends_with("/..");
    let slash = if names_directory && !kept.is_empty() { "/" } else { "" };
    format!("/{}{slash}", kept.join("/")).replace('\\', "%5C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Location;

    #[test]
    fn dots_and_double_slashes_are_cleaned_away() {
        for (path, cleaned) in [
            ("//a/b", "/a/b"),
            ("/../../etc/passwd", "/etc/passwd"),
            ("/a/./b", "/a/b"),
            ("/a//", "/a/"),
            ("/a/b/..", "/a/"),
            ("/..", "/"),
            ("//\\evil.example/x", "/%5Cevil.example/x"),
            ("", "/"),
        ] {
            assert_eq!(Location::of(path), Location::Cleaned(cleaned.to_owned()), "{path}");
        }
    }

    #[test]
    fn a_clean_path_is_decoded_once() {
        assert_eq!(Location::of("/a/sha256%3Aff.gz"), Location::Path("/a/sha256:ff.gz".to_owned()));
        assert_eq!(Location::of("/%2e%2e/etc"), Location::Path("/../etc".to_owned()));
        assert_eq!(Location::of("/a%252fb"), Location::Path("/a%2fb".to_owned()));
        assert_eq!(Location::of("/%ff"), Location::Nowhere);
    }

    proptest! {
        #[test]
        fn cleaning_ends_after_one_redirect(path in "[/.a\\\\%2]{0,24}") {
            if let Location::Cleaned(cleaned) = Location::of(&path) {
                prop_assert!(!matches!(Location::of(&cleaned), Location::Cleaned(_)), "{cleaned}");
                prop_assert!(cleaned.starts_with('/') && !cleaned.starts_with("//"));
            }
        }
    }
}
