//! From the schemas of Rust types to the structural schemas that the API server asks for.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

/// The schema of a type with everything in place: no references, no `null`, no alternatives.
pub(crate) fn structural<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(simplify).transform(&mut schema);
    schema.as_object().cloned().unwrap_or_default()
}

/// An absent field is how the API says `null`; a documented enum is a list of constants.
fn simplify(schema: &mut schemars::Schema) {
    schema.remove("title");
    if let Some(Value::Array(mut alternatives)) = schema.remove("anyOf") {
        alternatives.retain(|alternative| alternative.get("type") != Some(&json!("null")));
        if let [Value::Object(only)] = alternatives.as_slice() {
            adopt(schema, only.clone());
        }
    }
    if let Some(Value::Array(types)) = schema.get("type").cloned() {
        let known = types.into_iter().find(|name| name != "null").unwrap_or_default();
        schema.insert("type".to_owned(), known);
    }
    if let Some(Value::Array(variants)) = schema.remove("oneOf") {
        enumerate(schema, &variants);
    }
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        names.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    }
}

/// Takes what an optional field's own type says, except where the field itself has said it.
fn adopt(schema: &mut schemars::Schema, inner: Map<String, Value>) {
    for (key, value) in inner {
        if schema.get(&key).is_none() {
            schema.insert(key, value);
        }
    }
}

/// Turns the constants of a documented enum into one list, their words into one description.
fn enumerate(schema: &mut schemars::Schema, variants: &[Value]) {
    let names: Vec<&str> = variants.iter().filter_map(|variant| variant["const"].as_str()).collect();
    let words = variants
        .iter()
        .zip(&names)
        .map(|(variant, name)| format!(" `{name}`: {}", variant["description"].as_str().unwrap_or_default()));
    let purpose = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let description: String = std::iter::once(purpose.to_owned()).chain(words).collect();
    schema.insert("description".to_owned(), json!(description));
    schema.insert("enum".to_owned(), json!(names));
    schema.insert("type".to_owned(), json!("string"));
}
