//! A `spec` as it came: perhaps none, perhaps with fields that a newer CRD lets through and that are not known here (D39).

use serde_ignored::Path;
use serde_json::Value;

use crate::OciRepositorySpec;

/// Why a specification cannot be worked off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// There is none.
    Absent,
    /// It does not parse; the text says where.
    Malformed(String),
    /// It has a field that is not known here; its path below `spec`, such as `ref.channel`.
    Unknown(String),
}

/// Reads a `spec`.
///
/// # Errors
/// [`SpecError`]: the first field that is not known, even where another does not parse.
pub fn read_spec(spec: Option<&Value>) -> Result<OciRepositorySpec, SpecError> {
    let mut unknown = None;
    let parsed = serde_ignored::deserialize(spec.ok_or(SpecError::Absent)?, |path| {
        unknown.get_or_insert_with(|| dotted(&path));
    });
    match unknown {
        Some(path) => Err(SpecError::Unknown(path)),
        None => parsed.map_err(|error: serde_json::Error| SpecError::Malformed(error.to_string())),
    }
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
