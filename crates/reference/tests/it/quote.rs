//! Go's `%q`.

use reference::go_quote;

#[test]
fn texts_are_quoted_as_go_quotes_them() {
    let table = [
        ("not a range", r#""not a range""#),
        ("", r#""""#),
        ("say \"hi\" \\", r#""say \"hi\" \\""#),
        ("\u{7}\u{8}\u{c}\n\r\t\u{b}", r#""\a\b\f\n\r\t\v""#),
        ("\u{0}\u{1b}\u{7f}", r#""\x00\x1b\x7f""#),
        ("naïve ☃ 語", r#""naïve ☃ 語""#),
        ("e\u{301}", "\"e\u{301}\""),
        ("\u{85}\u{a0}\u{200b}\u{2028}\u{feff}", r#""\u0085\u00a0\u200b\u2028\ufeff""#),
        ("\u{e0001}", r#""\U000e0001""#),
        ("it's", r#""it's""#),
    ];
    for (text, quoted) in table {
        assert_eq!(go_quote(text), quoted);
    }
}
