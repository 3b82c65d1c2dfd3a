//! Fields that a newer CRD lets through and that are not known here (D39).

use serde_ignored::Path;
use serde_json::Value;

use crate::OciRepositorySpec;

/// The path below `spec` of the first field that is not known here, such as `ref.channel`.
///
/// A `spec` that does not parse is read as far as it does: the parse error is for the caller to find.
#[must_use]
pub fn unknown_spec_field(spec: &Value) -> Option<String> {
    let mut first = None;
    let parsed: Result<OciRepositorySpec, _> = serde_ignored::deserialize(spec, |path| {
        first.get_or_insert_with(|| dotted(&path));
    });
    drop(parsed);
    first
}

fn dotted(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", dotted(parent)),
        Path::Map { parent, key } => match dotted(parent) {
            outer if outer.is_empty() => key.clone(),
            outer => format!("{outer}.{key}"),
        },
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            dotted(parent)
        }
    }
}
