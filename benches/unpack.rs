//! What it costs to make the published archive of a layer, beside inflating and deflating the same bytes and nothing else.

mod beside;

use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use artifact::digest::Algorithm;
use artifact::store::{Key, Settings, Store};
use artifact::{Content, Limits, Recipe, build};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Bytes of each layer, about: more than is kept in memory while an archive is built.
const SIZE: usize = 16 << 20;
/// That of stored archives (`crates/artifact/src/archive/gzip.rs`).
const LEVEL: Compression = Compression::new(2);

struct Layer {
    name: &'static str,
    content: Vec<u8>,
    unpacked: u64,
}

impl Layer {
    fn new(name: &'static str, files: &[(String, Vec<u8>)]) -> Self {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, data) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(data.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, path, &data[..]).expect("memory takes everything");
        }
        let tar = tar.into_inner().expect("memory takes everything");
        let mut gzip = GzEncoder::new(Vec::new(), LEVEL);
        gzip.write_all(&tar).expect("memory takes everything");
        let content = gzip.finish().expect("memory takes everything");
        Self { name, content, unpacked: tar.len() as u64 }
    }

    fn all() -> [Self; 3] {
        let small =
            (0..4096).map(|number| (format!("{}/{number}.yaml", number % 64), text(number, SIZE / 4096)));
        [
            Self::new("many-small", &small.collect::<Vec<_>>()),
            Self::new("noise", &[("noise.bin".to_owned(), noise(SIZE))]),
            Self::new("text", &[("text.yaml".to_owned(), text(0, SIZE))]),
        ]
    }
}

/// Bytes that no compression makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(length).collect()
}

/// Lines like those of a manifest, others for each number.
fn text(number: u64, length: usize) -> Vec<u8> {
    let lines =
        (number << 32..).flat_map(|line| format!("  key-{}: value of {line}\n", line % 17).into_bytes());
    lines.take(length).collect()
}

/// Publishes the archive of a layer; how many bytes it has.
fn publish(store: &Store, key: &Key, layer: &Content) -> u64 {
    let digest = format!("sha256:{}", "a".repeat(64));
    let write = |out: &mut dyn Write| {
        let (recipe, limits) = (Recipe::default(), Limits::default());
        let built = build(layer, &recipe, &limits, Algorithm::Sha256, store.scratch(), &|| false, out)?;
        Ok::<_, artifact::Error>((built.digest, built.size))
    };
    store.publish(key, &digest, write, || true).expect("the disk takes it").size
}

/// Inflates a layer, and deflates it into a file; how many bytes that has.
fn recompress(file: &Path, layer: &[u8]) -> u64 {
    let mut tar = Vec::new();
    GzDecoder::new(layer).read_to_end(&mut tar).expect("it was deflated above");
    let mut gzip = GzEncoder::new(fs_err::File::create(file).expect("the folder is there"), LEVEL);
    gzip.write_all(&tar).expect("the disk takes it");
    let written = gzip.finish().expect("the disk takes it");
    written.metadata().expect("it is there").len()
}

fn timed(run: impl FnOnce() -> u64, bytes: &mut u64) -> Duration {
    let begun = Instant::now();
    *bytes = black_box(run());
    begun.elapsed()
}

fn unpack(criterion: &mut Criterion) {
    let root = tempfile::tempdir().expect("there is a folder for temporary files");
    let store = Store::open(root.path(), Settings::default()).expect("the folder is empty");
    let key = Key::new("team", "app").expect("both are names");
    let mut group = criterion.benchmark_group("unpack");
    group.sample_size(10);
    for Layer { name, content, unpacked } in Layer::all() {
        group.throughput(Throughput::Bytes(unpacked));
        let (layer, plain) = (Content::memory(content.clone()), root.path().join("plain"));
        let (mut written, mut recompressed) = (0, 0);
        let compared = beside::compare(
            &mut group,
            name,
            || timed(|| publish(&store, &key, &layer), &mut written),
            || timed(|| recompress(&plain, &content), &mut recompressed),
        );
        let Some(compared) = compared else { continue };
        let rate = |time: Duration| {
            f64::from(u32::try_from(unpacked >> 10).expect("less than a TiB")) / 1024.0 / time.as_secs_f64()
        };
        eprintln!(
            "unpack/{name}: {} bytes read, {unpacked} unpacked, {written} written (plain {recompressed}); \
             {:.1} MiB/s, plain {:.1} MiB/s: {:.2} times the time",
            content.len(),
            rate(compared.ours),
            rate(compared.plain),
            compared.ratio()
        );
    }
}

criterion_group!(benches, unpack);
criterion_main!(benches);
