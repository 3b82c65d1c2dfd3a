//! Reads the tags out of one page of a listing as its bytes arrive, in constant memory.
//!
//! The page is a JSON object; every string in the array under its top-level key `tags` is a tag. The scanner checks
//! as much of the grammar as it needs to tell strings, keys and nesting apart, and that the object ends.

/// The longest string that is kept, in bytes: no tag or key that matters is longer (a tag has 128 characters).
const STRING_MAX_BYTES: usize = 4096;
/// Nesting beyond which a page is nonsense.
const DEPTH_MAX: usize = 64;

/// A page that is no listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAListing;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A key or the end of the top-level object.
    Key,
    Colon,
    Value,
    /// A comma or the end of what is open.
    Separator,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Object,
    Array,
}

/// A push parser for one page.
pub(crate) struct TagScanner {
    open: Vec<Open>,
    expect: Expect,
    /// The string that is being read, quotes excluded, escapes included.
    string: Option<Vec<u8>>,
    escaped: bool,
    /// Whether a number or a literal is being read.
    in_word: bool,
    /// Whether the top-level key before the current value is `tags`.
    under_tags: bool,
}

impl TagScanner {
    pub(crate) fn new() -> Self {
        Self {
            open: Vec::new(),
            expect: Expect::Value,
            string: None,
            escaped: false,
            in_word: false,
            under_tags: false,
        }
    }

    /// Takes the next bytes of the page and hands every tag in them to `on_tag`.
    pub(crate) fn push(&mut self, bytes: &[u8], on_tag: &mut dyn FnMut(&str)) -> Result<(), NotAListing> {
        bytes.iter().try_for_each(|byte| self.take(*byte, on_tag))
    }

    /// Checks that the page is complete.
    pub(crate) fn finish(self) -> Result<(), NotAListing> {
        if self.expect == Expect::Nothing && self.string.is_none() { Ok(()) } else { Err(NotAListing) }
    }

    fn take(&mut self, byte: u8, on_tag: &mut dyn FnMut(&str)) -> Result<(), NotAListing> {
        if self.string.is_some() {
            return self.take_in_string(byte, on_tag);
        }
        if self.in_word {
            if matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') {
                return Ok(());
            }
            self.in_word = false;
        }
        match (byte, self.expect) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            (b'"', Expect::Key | Expect::Value) if !self.open.is_empty() => self.string = Some(Vec::new()),
            (b':', Expect::Colon) => self.expect = Expect::Value,
            (b'{', Expect::Value) => self.descend(Open::Object)?,
            (b'[', Expect::Value) if !self.open.is_empty() => self.descend(Open::Array)?,
            (b'}', Expect::Key | Expect::Separator) if self.open.last() == Some(&Open::Object) => {
                self.ascend();
            }
            (b']', Expect::Value | Expect::Separator) if self.open.last() == Some(&Open::Array) => {
                self.ascend();
            }
            (b',', Expect::Separator) => {
                self.expect =
                    if self.open.last() == Some(&Open::Object) { Expect::Key } else { Expect::Value };
            }
            (b'-' | b'0'..=b'9' | b't' | b'f' | b'n', Expect::Value) if !self.open.is_empty() => {
                self.in_word = true;
                self.expect = Expect::Separator;
            }
            _ => return Err(NotAListing),
        }
        Ok(())
    }

    fn descend(&mut self, open: Open) -> Result<(), NotAListing> {
        if self.open.len() == DEPTH_MAX {
            return Err(NotAListing);
        }
        self.open.push(open);
        self.expect = if open == Open::Object { Expect::Key } else { Expect::Value };
        Ok(())
    }

    fn ascend(&mut self) {
        self.open.pop();
        self.expect = if self.open.is_empty() { Expect::Nothing } else { Expect::Separator };
    }

    fn take_in_string(&mut self, byte: u8, on_tag: &mut dyn FnMut(&str)) -> Result<(), NotAListing> {
        if byte == b'"' && !self.escaped {
            let string = self.string.take().unwrap_or_default();
            return self.end_string(&string, on_tag);
        }
        self.escaped = byte == b'\\' && !self.escaped;
        if let Some(string) = &mut self.string {
            // One byte too many marks a string that was cut: it is neither a tag nor the key that we look for.
            if string.len() <= STRING_MAX_BYTES {
                string.push(byte);
            }
        }
        Ok(())
    }

    fn end_string(&mut self, string: &[u8], on_tag: &mut dyn FnMut(&str)) -> Result<(), NotAListing> {
        let text = || {
            let quoted = [b"\"", string, b"\""].concat();
            serde_json::from_slice::<String>(&quoted).map_err(|_| NotAListing)
        };
        let is_whole = string.len() <= STRING_MAX_BYTES;
        if self.expect == Expect::Key {
            if self.open.len() == 1 {
                self.under_tags = is_whole && text()? == "tags";
            }
            self.expect = Expect::Colon;
            return Ok(());
        }
        self.expect = Expect::Separator;
        if is_whole && self.under_tags && self.open == [Open::Object, Open::Array] {
            on_tag(&text()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan(page: &[u8], piece: usize) -> Result<Vec<String>, NotAListing> {
        let mut tags = Vec::new();
        let mut scanner = TagScanner::new();
        for bytes in page.chunks(piece) {
            scanner.push(bytes, &mut |tag| tags.push(tag.to_owned()))?;
        }
        scanner.finish().map(|()| tags)
    }

    #[test]
    fn only_the_strings_of_the_top_level_tags_are_tags() {
        for (page, tags) in [
            (r#"{"name":"app","tags":["v1","v2"]}"#, vec!["v1", "v2"]),
            (r#" { "tags" : [ "v1" , "\u0041\"\\" ] , "name" : "tags" } "#, vec!["v1", "A\"\\"]),
            (r#"{"tags":null}"#, vec![]),
            (r#"{"tags":[]}"#, vec![]),
            (r"{}", vec![]),
            (
                r#"{"x":{"tags":["no"]},"y":["no"],"n":[1,-2.5e+3,true,null],"tags":["yes",["no"],{"a":"no"}]}"#,
                vec!["yes"],
            ),
        ] {
            for piece in [1, 2, 7, 1000] {
                assert_eq!(scan(page.as_bytes(), piece).unwrap(), tags, "{page}");
            }
        }
    }

    #[test]
    fn a_page_that_is_no_object_or_does_not_end_is_an_error() {
        for page in [
            "",
            "[]",
            "\"tags\"",
            "null",
            "{",
            r#"{"tags":["v1""#,
            r#"{"tags":["v1"]"#,
            r#"{"tags":["v1"}"#,
            "{}{}",
            "<html>",
            r#"{"a"}"#,
            r#"{"tags":["\q"]}"#,
        ] {
            assert_eq!(scan(page.as_bytes(), 1), Err(NotAListing), "{page}");
        }
        assert_eq!(
            scan(&[b'{', b'"', b'a', b'"', b':'].iter().copied().chain([b'['; 100]).collect::<Vec<_>>(), 1),
            Err(NotAListing)
        );
    }

    #[test]
    fn an_endless_string_is_skipped_in_constant_memory() {
        let page = format!(r#"{{"tags":["{}","v1"]}}"#, "x".repeat(100_000));

        assert_eq!(scan(page.as_bytes(), 1000).unwrap(), ["v1"]);
    }

    proptest! {
        #[test]
        fn any_listing_is_read_as_a_json_parser_reads_it(tags in proptest::collection::vec(".{0,20}", 0..20), other in ".{0,20}", piece in 1usize..50) {
            let page = serde_json::json!({ "name": other, other.clone(): [1, { "tags": ["x"] }], "tags": tags }).to_string();

            prop_assert_eq!(scan(page.as_bytes(), piece).unwrap(), tags);
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = scan(&bytes, 3);
        }
    }
}
