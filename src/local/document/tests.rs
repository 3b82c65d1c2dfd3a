//! What is read of a file, and what is said of what cannot be read.

use serde_json::json;

use super::{Document, documents};

type Told = (usize, Result<serde_json::Value, (usize, String)>);

fn read(text: &str) -> Vec<Told> {
    let told = |Document { line, content }| (line, content.map_err(|fault| (fault.line, fault.text)));
    documents(text).into_iter().map(told).collect()
}

#[test]
fn documents_are_told_with_their_lines_and_empty_ones_are_left_out() {
    let text = "# head\n---\n---\n# nothing\n---\n\na: 1\n--- {b: x}\n---\nc: |\n  ---x\n  --- y\n...\n";

    let read = read(text);

    let expected = [(7, json!({"a": 1})), (8, json!({"b": "x"})), (10, json!({"c": "---x\n--- y\n"}))];
    assert_eq!(read, expected.map(|(line, value)| (line, Ok(value))));
}

#[test]
fn a_document_that_does_not_parse_is_told_with_the_line_of_the_file_and_harms_no_other() {
    let text = "a: 1\n---\nb: 1\nc: [1, 2\nd: 3\n---\ne: [\n\n---\nf: 4\n";

    let read = read(text);

    assert_eq!((&read[0].1, &read[3].1), (&Ok(json!({"a": 1})), &Ok(json!({"f": 4}))));
    let (line, text) = read[1].1.clone().unwrap_err();
    assert_eq!(line, 5, "{text}");
    assert!(text.contains("at line 5") && text.contains("at line 4"), "{text}");
    let (line, text) = read[2].1.clone().unwrap_err();
    assert_eq!(line, 7, "{text}");
}

#[test]
fn a_key_that_is_there_twice_is_a_fault() {
    let (line, text) = read("---\na: 1\nb:\n  c: 1\n  c: 2\n")[0].1.clone().unwrap_err();

    assert!(text.contains("the key \"c\" is there twice"), "{text}");
    assert!((4..=5).contains(&line), "line {line}");
}

#[test]
fn keys_are_text_and_values_keep_their_kinds() {
    let read = read("1: one\nyes: true\nnothing: ~\nfloat: 1.5\nbig: 18446744073709551615\n");

    let value = json!({"1": "one", "yes": true, "nothing": null, "float": 1.5, "big": u64::MAX});
    assert_eq!(read, [(1, Ok(value))]);
}

#[test]
fn tags_and_infinite_numbers_are_faults() {
    assert!(read("a: !secret x\n")[0].1.is_err());
    assert!(read("a: .inf\n")[0].1.is_err());
}

#[test]
fn aliases_cannot_make_a_small_file_large() {
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(2_000), "*a,".repeat(2_000));
    let deep: Vec<_> = (1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
    let deep = deep.concat();

    for text in [wide, format!("a0: &a0 x\n{deep}")] {
        let (_, said) = read(&text)[0].1.clone().unwrap_err();
        assert!(said.contains("16 MiB") || said.contains("repetition limit"), "{said}");
    }
}

#[test]
fn nesting_without_end_is_a_fault() {
    assert!(read(&"[".repeat(100_000))[0].1.is_err());
    assert!(read(&"- ".repeat(10_000))[0].1.is_err());
}
