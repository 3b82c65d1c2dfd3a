//! Texts of which every object keeps one and that are seldom read: recorded statuses, in an eighth of their room.

use std::sync::{LazyLock, Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

/// A status as most are. What a text has in common with it costs nothing.
const SAMPLE: &str = concat!(
    r#"{"artifact":{"digest":"sha256:","lastUpdateTime":"2026-01-01T00:00:00Z","metadata":{"#,
    r#""org.opencontainers.image.created":"2026-01-01T00:00:00Z","#,
    r#""org.opencontainers.image.revision":"main@sha1:","#,
    r#""org.opencontainers.image.source":"https://example.com/app.git"},"#,
    r#""path":"ocirepository/default/app/sha256:.tar.gz","revision":"latest@sha256:","size":1000,"#,
    r#""url":"http://source-controller.flux-system.svc.cluster.local./ocirepository/default/app/sha256:.tar.gz"},"#,
    r#""conditions":[{"lastTransitionTime":"2026-01-01T00:00:00Z","#,
    r#""message":"stored artifact for digest 'latest@sha256:","observedGeneration":1,"#,
    r#""reason":"Succeeded","status":"True","type":"Ready"},{"lastTransitionTime":"2026-01-01T00:00:00Z","#,
    r#""message":"stored artifact for digest 'latest@sha256:","observedGeneration":1,"#,
    r#""reason":"Succeeded","status":"True","type":"ArtifactInStorage"}],"#,
    r#""lastHandledReconcileAt":"2026-01-01T00:00:00Z","observedGeneration":1,"#,
    r#""url":"http://source-controller.flux-system.svc.cluster.local./ocirepository/default/app/latest.tar.gz"}"#,
);
/// More saves next to nothing and costs time.
const LEVEL: i32 = 1;

/// A text, packed where that makes it smaller.
#[derive(Clone, Debug)]
pub(crate) enum Packed {
    Plain(Box<str>),
    Zstandard { bytes: Box<[u8]>, length: u32 },
}

/// One of each for the process: they hold some hundred KiB.
struct Packers {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
}

static PACKERS: LazyLock<Mutex<Option<Packers>>> = LazyLock::new(|| {
    let packers = || {
        let compressor = Compressor::with_dictionary(LEVEL, SAMPLE.as_bytes()).ok()?;
        let decompressor = Decompressor::with_dictionary(SAMPLE.as_bytes()).ok()?;
        Some(Packers { compressor, decompressor })
    };
    Mutex::new(packers())
});

impl Packed {
    /// Packs a text.
    pub(crate) fn new(text: &str) -> Self {
        let mut packers = PACKERS.lock().unwrap_or_else(PoisonError::into_inner);
        let packed = packers.as_mut().and_then(|packers| packers.compressor.compress(text.as_bytes()).ok());
        match (packed, u32::try_from(text.len())) {
            (Some(bytes), Ok(length)) if bytes.len() < text.len() => {
                Self::Zstandard { bytes: bytes.into(), length }
            }
            _ => Self::Plain(text.into()),
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Plain(text) => text.to_string(),
            Self::Zstandard { bytes, length } => {
                let mut packers = PACKERS.lock().unwrap_or_else(PoisonError::into_inner);
                let capacity = usize::try_from(*length).unwrap_or_default();
                let unpacked = packers
                    .as_mut()
                    .and_then(|packers| packers.decompressor.decompress(bytes, capacity).ok());
                unpacked.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
            }
        }
    }

    /// Whether another text is the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Zstandard { bytes, .. }, Self::Zstandard { bytes: other, .. }) if bytes == other => true,
            _ => self.text() == other.text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Packed, SAMPLE};

    fn room(packed: &Packed) -> usize {
        match packed {
            Packed::Plain(text) => text.len(),
            Packed::Zstandard { bytes, .. } => bytes.len(),
        }
    }

    #[test]
    fn a_status_takes_a_fraction_of_its_room() {
        let status = SAMPLE.replace("default/app", "team-a/podinfo").replace("sha256:", "sha256:c0ffee1234");

        let packed = Packed::new(&status);

        assert!(room(&packed) * 6 < status.len(), "{} of {} bytes", room(&packed), status.len());
        assert_eq!(packed.text(), status);
        assert!(packed.is(&Packed::new(&status)));
        assert!(!packed.is(&Packed::new(SAMPLE)));
    }

    #[test]
    fn short_and_large_texts_come_back() {
        let large = "0123456789".repeat(100_000);
        for text in ["", "x", "{}", &large] {
            assert_eq!(Packed::new(text).text(), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in ".{0,400}") {
            let packed = Packed::new(&text);

            prop_assert!(room(&packed) <= text.len());
            prop_assert_eq!(packed.text(), text);
        }
    }
}
