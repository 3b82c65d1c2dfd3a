//! The `detail` of a registry error as upstream prints it: the notation of Go's `%v` for decoded JSON.

use serde_json::Value;

/// Renders a value; objects in the order of their keys, as `map[name:value]`.
pub(crate) fn render(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), float),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(render).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            let fields: Vec<_> =
                fields.into_iter().map(|(name, value)| format!("{name}:{}", render(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}

/// JSON numbers are 64-bit floats there: shortest digits, with an exponent below 1e-4 and from 1e6 on (the rule of `%g`).
fn float(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-4..1e6).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_read_as_upstream_prints_them() {
        for (value, text) in [
            (json!({"Tag": "6.1.0"}), "map[Tag:6.1.0]"),
            (json!({"name": "app", "Class": "", "Action": "pull"}), "map[Action:pull Class: name:app]"),
            (json!([]), "[]"),
            (json!([{"a": 1}, true, null]), "[map[a:1] true <nil>]"),
            (json!("plain"), "plain"),
            (json!(1_000_000), "1e+06"),
            (json!(123_456), "123456"),
            (json!(0.25), "0.25"),
            (json!(1e21), "1e+21"),
            (json!(0.00001), "1e-05"),
        ] {
            assert_eq!(render(&value), text, "{value}");
        }
    }
}
