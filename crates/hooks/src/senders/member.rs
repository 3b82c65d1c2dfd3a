//! Members of JSON objects that may be missing or of another type than they should be, so that a refusal can name them.
//!
//! What nobody asks for is skipped and takes no memory, however large or deep it is.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Malformed;

/// How many elements of a list are read. Senders put one event into a delivery, or ten; a repository that is copied has some
/// hundred tags.
pub(super) const MOST_ELEMENTS: usize = 1000;

/// A member of an object.
#[derive(Default)]
pub(super) enum Member<T> {
    /// It is not there, or `null`.
    #[default]
    Absent,
    /// It is what it should be.
    Present(T),
    /// It is something else.
    Other,
}

/// A member that should be text.
pub(super) type Text = Member<String>;
/// A member that should be an object.
pub(super) type Record<T> = Member<Object<T>>;
/// A member that should be a list of objects.
pub(super) type List<T> = Member<Vec<Record<T>>>;

/// A JSON object, and not the list of values that serde would take in its place.
pub(super) struct Object<T>(pub(super) T);

impl Text {
    /// The text, empty where there is none.
    pub(super) fn text(&self, name: &str) -> Result<&str, Malformed> {
        Ok(self.get(name, "text")?.map_or("", String::as_str))
    }
}

impl<T> Record<T> {
    /// The object, if there is one.
    pub(super) fn record(&self, name: &str) -> Result<Option<&T>, Malformed> {
        Ok(self.get(name, "an object")?.map(|Object(object)| object))
    }
}

impl<T> List<T> {
    /// The elements, if there is a list.
    pub(super) fn elements(&self, name: &str) -> Result<&[Record<T>], Malformed> {
        Ok(self.get(name, "a list")?.map_or(&[], Vec::as_slice))
    }
}

impl<T> Member<T> {
    /// The value, if there is one; `kind` is what it should be.
    pub(super) fn get(&self, name: &str, kind: &str) -> Result<Option<&T>, Malformed> {
        match self {
            Self::Absent => Ok(None),
            Self::Present(value) => Ok(Some(value)),
            Self::Other => Err(Malformed(format!("'{name}' is not {kind}"))),
        }
    }
}

/// Reads a body that should be an object.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    match json::<Record<T>>(body)? {
        Member::Present(Object(object)) => Ok(object),
        Member::Absent | Member::Other => Err(Malformed("the body is not a JSON object".to_owned())),
    }
}

/// Reads a body that should be an object or a list of objects.
pub(super) fn objects<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, Malformed> {
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if !is_list {
        return Ok(vec![object(body)?]);
    }
    let elements = match json::<List<T>>(body)? {
        Member::Present(elements) => elements,
        Member::Absent | Member::Other => Vec::new(),
    };
    let object = |element| match element {
        Member::Present(Object(object)) => Ok(object),
        Member::Absent | Member::Other => Err(Malformed("the body is not a list of JSON objects".to_owned())),
    };
    elements.into_iter().map(object).collect()
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    if body.starts_with(b"payload=") {
        let advice = "the body is a form; choose application/json as the content type of the webhook";
        return Err(Malformed(advice.to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| {
        let what = if error.is_data() { "has a member twice" } else { "is not JSON" };
        Malformed(format!("the body {what}, at line {}, column {}", error.line(), error.column()))
    })
}

/// What a JSON value may be read as; by default it is skipped.
pub(super) trait Shape: Sized {
    fn of_text(_: &str) -> Option<Self> {
        None
    }

    fn of_object<'de, A: MapAccess<'de>>(mut members: A) -> Result<Option<Self>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn of_list<'de, A: SeqAccess<'de>>(elements: A) -> Result<Option<Self>, A::Error> {
        skip(elements)?;
        Ok(None)
    }
}

impl Shape for String {
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<T: DeserializeOwned> Shape for Object<T> {
    fn of_object<'de, A: MapAccess<'de>>(members: A) -> Result<Option<Self>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(|object| Some(Self(object)))
    }
}

impl<T: Shape> Shape for Vec<Member<T>> {
    fn of_list<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<Option<Self>, A::Error> {
        let mut read = Self::new();
        while read.len() < MOST_ELEMENTS {
            match elements.next_element()? {
                Some(element) => read.push(element),
                None => return Ok(Some(read)),
            }
        }
        skip(elements)?;
        Ok(Some(read))
    }
}

fn skip<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<(), A::Error> {
    while elements.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de, T: Shape> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue(PhantomData))
    }
}

struct AnyValue<T>(PhantomData<T>);

impl<'de, T: Shape> Visitor<'de> for AnyValue<T> {
    type Value = Member<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::of_text(text).map_or(Member::Other, Member::Present))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Ok(T::of_object(members)?.map_or(Member::Other, Member::Present))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        Ok(T::of_list(elements)?.map_or(Member::Other, Member::Present))
    }
}
