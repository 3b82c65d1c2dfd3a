//! The text of a file, split into YAML documents that are read one by one: what is wrong with one harms no other.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What the documents of a file may come to once aliases are expanded; etcd takes no object over 1.5 MiB.
const LARGEST: usize = 16 << 20;
/// What a value costs besides its text.
const NODE: usize = 32;

/// One document of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    /// The line of the file on which its content begins, the first being 1.
    pub(super) line: usize,
    /// Its content, or what is wrong with it.
    pub(super) content: Result<Value, Fault>,
}

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault {
    /// The line, the first being 1.
    pub(super) line: usize,
    /// A sentence without a final stop.
    pub(super) text: String,
}

/// The documents of a file; those without content are left out.
pub(super) fn documents(text: &str) -> Vec<Document> {
    let budget = Cell::new(LARGEST);
    let mut documents = Vec::new();
    for (first, chunk) in chunks(text) {
        let numbered = chunk.lines().enumerate().filter(|(_, line)| has_content(line));
        let mut lines = numbered.map(|(index, _)| first + index);
        let Some(line) = lines.next() else { continue };
        let last = lines.last().unwrap_or(line);
        let read = Whole(&budget).deserialize(serde_yaml::Deserializer::from_str(chunk));
        let content = read.map_err(|error| fault(&error, first, last));
        if content != Ok(Value::Null) {
            documents.push(Document { line, content });
        }
    }
    documents
}

/// The text between document markers, which YAML honours at the start of any line, and the line where each begins.
fn chunks(text: &str) -> Vec<(usize, &str)> {
    let mut chunks = Vec::new();
    let (mut start, mut first, mut position) = (0, 1, 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if is_marker(line) && position > start {
            chunks.push((first, &text[start..position]));
            (start, first) = (position, index + 1);
        }
        position += line.len();
    }
    chunks.push((first, &text[start..]));
    chunks
}

fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}

fn has_content(line: &str) -> bool {
    let line = if is_marker(line) { &line[3..] } else { line };
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

/// The parser may notice a fault only after the last line of its document.
fn fault(error: &serde_yaml::Error, first: usize, last: usize) -> Fault {
    let line = error.location().map_or(first, |location| first + location.line().saturating_sub(1));
    let line = line.min(last);
    Fault { line, text: moved(&error.to_string(), first) }
}

/// The parser counts the lines of a chunk; this counts those of the file.
fn moved(text: &str, first: usize) -> String {
    let mut parts = text.split(" line ");
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        moved.push_str(" line ");
        match number.parse::<usize>() {
            Ok(number) => moved.push_str(&(number + first - 1).to_string()),
            Err(_) => moved.push_str(number),
        }
        moved.push_str(rest);
    }
    moved
}

/// Reads a value as JSON has it, within what is left of the budget.
#[derive(Clone, Copy)]
struct Whole<'a>(&'a Cell<usize>);

impl Whole<'_> {
    fn pay<E: serde::de::Error>(self, bytes: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(bytes.saturating_add(NODE));
        let left =
            left.ok_or_else(|| E::custom("the file holds more than 16 MiB once its aliases are expanded"))?;
        self.0.set(left);
        Ok(())
    }

    fn paid<E: serde::de::Error>(self, value: impl Into<Value>) -> Result<Value, E> {
        self.pay(0)?;
        Ok(value.into())
    }
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value without a tag")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.paid(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.paid(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.paid(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.paid(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number must be finite"))?;
        self.paid(number)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.pay(value.len())?;
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.pay(0)?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        self.pay(0)?;
        let mut values = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            self.pay(name.len())?;
            let value = fields.next_value_seed(self)?;
            if values.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the key {name:?} is there twice")));
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests;
