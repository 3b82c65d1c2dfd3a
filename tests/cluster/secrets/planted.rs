//! Values that nobody may see again, and the search for them in every form that a program might give them.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use crate::support::files::noise;

/// Shorter pieces may occur by chance.
const SHORTEST: usize = 8;
const LENGTH: usize = 32;

/// Values by what they are.
#[derive(Default)]
pub(super) struct Planted(BTreeMap<String, String>);

impl Planted {
    /// A new value of letters and digits.
    pub(super) fn grow(&mut self, name: &str) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(self.0.len() as u64 + 1);
        let letters = noise(LENGTH, seed).into_iter().map(|byte| char::from(LETTERS[usize::from(byte) % 62]));
        let value: String = letters.collect();
        self.add(name, &value);
        value
    }

    /// A new value with characters that URLs, JSON and forms write otherwise, in both of its halves.
    pub(super) fn grow_odd(&mut self, name: &str) -> String {
        let letters = self.grow(name);
        let value =
            format!("{}/\"{} {}+&{}", &letters[..7], &letters[7..16], &letters[16..25], &letters[25..]);
        self.add(name, &value);
        value
    }

    /// A value that is there already.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        assert!(value.len() >= 2 * SHORTEST, "{name} is too short to be told from a word");
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// The value of this name.
    pub(super) fn get(&self, name: &str) -> String {
        self.0[name].clone()
    }

    /// The names of all values.
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// What looks for all of them at once.
    pub(super) fn search(&self) -> Search {
        let mut search = Search(HashMap::new());
        for (name, value) in &self.0 {
            for (form, text) in forms(value) {
                let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                for half in [&text[..middle], &text[middle..]] {
                    assert!(half.len() >= SHORTEST, "{name} as {form}: half of it is short");
                    let needle = Needle { half: half.into(), name: name.clone(), form: form.clone() };
                    search.0.entry(half.as_bytes()[..SHORTEST].to_vec()).or_default().push(needle);
                }
            }
        }
        search
    }
}

/// How a program might write a value.
fn forms(value: &str) -> Vec<(String, String)> {
    let json = serde_json::Value::from(value).to_string();
    let list: Vec<_> = value.bytes().map(|byte| byte.to_string()).collect();
    let hexadecimal = value.bytes().map(|byte| format!("{byte:02x}"));
    let mut forms = vec![
        ("it is".to_owned(), value.to_owned()),
        ("it is, in small letters".to_owned(), value.to_lowercase()),
        ("JSON".to_owned(), json.trim_matches('"').to_owned()),
        ("part of a URL".to_owned(), percent_encode(value.as_bytes(), NON_ALPHANUMERIC).to_string()),
        ("part of a form".to_owned(), url::form_urlencoded::byte_serialize(value.as_bytes()).collect()),
        ("a list of bytes".to_owned(), list.join(", ")),
        ("hexadecimal".to_owned(), hexadecimal.collect()),
    ];
    for (before, engine, name) in [
        (0, &STANDARD, "base64"),
        (1, &STANDARD, "base64 behind one byte"),
        (2, &STANDARD, "base64 behind two bytes"),
        (0, &URL_SAFE, "base64url"),
        (1, &URL_SAFE, "base64url behind one byte"),
        (2, &URL_SAFE, "base64url behind two bytes"),
    ] {
        let whole = engine.encode([&vec![0; before], value.as_bytes()].concat());
        // Digits that a neighbour decides too are left out.
        let (first, end) = ((before * 8).div_ceil(6), (before + value.len()) * 8 / 6);
        forms.push((name.to_owned(), whole[first..end].to_owned()));
    }
    forms
}

struct Needle {
    half: String,
    name: String,
    form: String,
}

/// Halves of all forms of all values, by how they begin.
pub(super) struct Search(HashMap<Vec<u8>, Vec<Needle>>);

impl Search {
    /// Which values are found there, each in the form that is met first and with what stands around it.
    pub(super) fn find(&self, text: &[u8]) -> BTreeMap<String, String> {
        /// Bytes before and behind.
        const AROUND: usize = 80;
        let mut found = BTreeMap::new();
        for (at, window) in text.windows(SHORTEST).enumerate() {
            let needles = self.0.get(window).into_iter().flatten();
            for Needle { half, name, form } in
                needles.filter(|needle| text[at..].starts_with(needle.half.as_bytes()))
            {
                let around = &text[at.saturating_sub(AROUND)..text.len().min(at + half.len() + AROUND)];
                let shown = || format!("as {form} in ..{}..", String::from_utf8_lossy(around));
                found.entry(name.clone()).or_insert_with(shown);
            }
        }
        found
    }
}

/// Every form of every value is found, whatever stands around it, and nothing is found in a text without them.
pub(super) fn check(planted: &Planted) {
    let search = planted.search();
    for (name, value) in &planted.0 {
        for around in ["", "x", "user:", "a pair of words "] {
            let hidden = format!("{around}{value}");
            for text in [
                format!("{{\"key\":{}}}", serde_json::Value::from(hidden.as_str())),
                percent_encode(hidden.as_bytes(), NON_ALPHANUMERIC).to_string(),
                STANDARD.encode(&hidden),
                URL_SAFE.encode(format!("{hidden}and more")),
                format!("{:?}", hidden.as_bytes()),
                hidden[..hidden.len() - value.len() / 3].to_owned(),
            ] {
                assert!(search.find(text.as_bytes()).contains_key(name), "{name} is not found in {text}");
            }
        }
    }
    let bench = include_bytes!("planted.rs");
    assert_eq!(search.find(bench), BTreeMap::new());
}
