//! Quoting as upstream's messages have it.

use std::fmt::Write;

/// Quotes a text the way Go's `%q` does: double quotes, Go's escapes, printable characters as they are.
#[must_use]
pub fn go_quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        push_quoted(&mut quoted, character);
    }
    quoted.push('"');
    quoted
}

fn push_quoted(quoted: &mut String, character: char) {
    let code = u32::from(character);
    let written = match character {
        '"' | '\\' => write!(quoted, "\\{character}"),
        '\u{07}' => quoted.write_str("\\a"),
        '\u{08}' => quoted.write_str("\\b"),
        '\u{0b}' => quoted.write_str("\\v"),
        '\u{0c}' => quoted.write_str("\\f"),
        '\n' => quoted.write_str("\\n"),
        '\r' => quoted.write_str("\\r"),
        '\t' => quoted.write_str("\\t"),
        _ if printable(character) => quoted.write_char(character),
        _ if code < 0x80 => write!(quoted, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
    written.expect("writing to a String cannot fail");
}

/// Whether the standard library shows a character as it is; behind another one, so that combining marks count
/// as printable, as in Go.
fn printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let mut bytes = [b'a', 0, 0, 0, 0];
    let width = character.encode_utf8(&mut bytes[1..]).len();
    std::str::from_utf8(&bytes[..=width]).is_ok_and(|pair| pair.escape_debug().count() == 2)
}
