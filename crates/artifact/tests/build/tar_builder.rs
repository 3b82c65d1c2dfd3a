//! Writes tar streams that no honest tool would write.

const BLOCK: usize = 512;

/// A tar stream that grows by entries.
#[derive(Default)]
pub(crate) struct TarBuilder(Vec<u8>);

impl TarBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn file(self, name: &str, data: impl AsRef<[u8]>) -> Self {
        self.file_with_mode(name, 0o644, data)
    }

    pub(crate) fn file_with_mode(self, name: &str, mode: u32, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref();
        self.entry(name, b'0', mode, data.len() as u64, "").data(data)
    }

    pub(crate) fn directory(self, name: &str) -> Self {
        self.entry(name, b'5', 0o755, 0, "")
    }

    pub(crate) fn symbolic_link(self, name: &str, target: &str) -> Self {
        self.entry(name, b'2', 0o777, 0, target)
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(name, b'1', 0o644, 0, target)
    }

    /// A PAX header, for the next entry (`x`) or for all (`g`).
    pub(crate) fn records(self, flag: u8, records: &[(&str, &[u8])]) -> Self {
        let data = records.iter().flat_map(|(key, value)| record(key, value)).collect::<Vec<u8>>();
        self.entry("extension", flag, 0o644, data.len() as u64, "").data(&data)
    }

    /// Any header at all, and no data. Names that do not fit are put into a PAX header before it.
    pub(crate) fn entry(self, name: &str, flag: u8, mode: u32, size: u64, link: &str) -> Self {
        if name.len() > 100 {
            return self.records(b'x', &[("path", name.as_bytes())]).entry("short", flag, mode, size, link);
        }
        let mut block = [0; BLOCK];
        let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, &format!("{mode:07o}"));
        put(108, "0001750");
        put(116, "0001750");
        put(124, &format!("{size:011o}"));
        put(136, "14524770000");
        put(148, "        ");
        put(157, link);
        put(257, "ustar");
        put(263, "00user");
        block[156] = flag;
        let sum: u32 = block.iter().copied().map(u32::from).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let Self(mut bytes) = self;
        bytes.extend(block);
        Self(bytes)
    }

    /// Data of the entry that was added last.
    pub(crate) fn data(self, data: &[u8]) -> Self {
        let Self(mut bytes) = self;
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        Self(bytes)
    }

    /// The stream so far, without an end mark.
    pub(crate) fn unfinished(self) -> Vec<u8> {
        self.0
    }

    /// The stream and its end mark.
    pub(crate) fn finish(self) -> Vec<u8> {
        let Self(mut bytes) = self;
        bytes.extend([0; 2 * BLOCK]);
        bytes
    }
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..rest + 9).find(|length| length.to_string().len() + rest == *length).unwrap();
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}
