//! Annotations of a manifest (OCI image specification, "Annotations"), of which there may be so many.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error, MapAccess, Visitor};

/// Bytes of them as JSON: what Kubernetes allows an object of its own. They become part of an object's status, of which the
/// API server refuses to keep more than 1.5 MiB.
pub(crate) const ANNOTATIONS_MAX_BYTES: usize = 256 << 10;

/// Quotes, colon and comma.
const AROUND: usize = 6;

/// Reads annotations; `null` are none.
pub(crate) fn bounded<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    deserializer.deserialize_any(Annotations)
}

struct Annotations;

impl<'de> Visitor<'de> for Annotations {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("annotations")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut annotations, mut bytes) = (BTreeMap::new(), 0);
        while let Some((name, text)) = map.next_entry::<String, String>()? {
            bytes += name.len() + text.len() + AROUND;
            if bytes > ANNOTATIONS_MAX_BYTES {
                let told = format!(
                    "annotations of more than {ANNOTATIONS_MAX_BYTES} bytes, which the status of an object cannot hold"
                );
                return Err(A::Error::custom(told));
            }
            annotations.insert(name, text);
        }
        Ok(annotations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Content, parse};

    fn annotated(text: &str, of_layer: &str) -> Result<Content, String> {
        let digest = format!("sha256:{}", "a".repeat(64));
        let manifest = format!(
            r#"{{"schemaVersion":2,"annotations":{text},"layers":[{{"digest":"{digest}","size":1,"annotations":{of_layer}}}]}}"#
        );
        parse(manifest.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn annotations_have_a_bound_that_their_number_counts_towards() {
        let long = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes));
        let many = |count: usize| {
            let pairs: Vec<_> = (0..count).map(|number| format!(r#""{number:06}":"""#)).collect();
            format!("{{{}}}", pairs.join(","))
        };
        for accepted in [long(ANNOTATIONS_MAX_BYTES - 7), many(ANNOTATIONS_MAX_BYTES / 12)] {
            assert!(annotated(&accepted, "null").is_ok());
        }
        for refused in [long(ANNOTATIONS_MAX_BYTES - 6), many(ANNOTATIONS_MAX_BYTES / 12 + 1)] {
            let told = annotated(&refused, "null").unwrap_err();
            assert!(told.starts_with("annotations of more than 262144 bytes"), "{told}");
            assert!(annotated("null", &refused).is_ok(), "those of a layer stay out of the status");
        }
        assert!(annotated("[]", "null").is_err());
    }
}
