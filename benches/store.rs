//! What the operations of the store cost, beside the calls of the file system without which none of them can be done.

mod beside;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use artifact::digest::Algorithm;
use artifact::store::{Key, Published, Record, Recorded, Settings, Store, Stored};
use criterion::{Criterion, criterion_group, criterion_main};
use fs_err::os::unix::fs::symlink;

/// An artifact like most: the manifests of one application.
const SIZE: usize = 64 << 10;

struct Stage {
    _root: tempfile::TempDir,
    store: Store,
    one: Key,
    two: Key,
    plain: PathBuf,
    bytes: Vec<u8>,
}

fn name() -> String {
    format!("sha256:{}", "a".repeat(64))
}

impl Stage {
    fn new() -> io::Result<Self> {
        let root = tempfile::tempdir()?;
        let store = Store::open(root.path(), Settings::default()).map_err(io::Error::other)?;
        let key = |name| Key::new("team", name).map_err(io::Error::other);
        let (one, two, plain) = (key("one")?, key("two")?, root.path().join("plain"));
        fs_err::create_dir_all(plain.join("one"))?;
        fs_err::create_dir_all(plain.join("two"))?;
        Ok(Self { _root: root, store, one, two, plain, bytes: vec![7; SIZE] })
    }

    fn publish(&self) -> Published {
        let write = |out: &mut dyn Write| {
            out.write_all(&self.bytes)?;
            Ok::<_, io::Error>((Algorithm::Sha256.digest_of(&self.bytes[..])?, self.bytes.len() as u64))
        };
        let published = self.store.publish(&self.one, &name(), write, || true).expect("the disk takes it");
        let recorded = self.store.record_published(&self.one, &published, Record::default());
        recorded.expect("the disk takes it");
        published
    }

    fn link(&self, first: &Published) {
        let archive = self.store.private_link(&first.path, &first.digest).expect("it is there");
        self.store.publish_link(&self.two, &name(), &archive, || true).expect("the disk takes it");
    }

    fn inspect(&self, first: &Published) {
        let recorded = Recorded { path: first.path.clone(), digest: first.digest.to_string(), shown: None };
        let stock = self.store.inspect(&self.one, Some(&recorded)).expect("the disk answers");
        assert_eq!(stock.stored, Stored::Present);
    }

    fn remove(&self) {
        assert!(self.store.purge(&self.two).expect("the disk lets it go"));
    }

    fn file(&self, object: &str) -> PathBuf {
        self.plain.join(object).join("file")
    }

    fn write(&self) -> io::Result<()> {
        let temporary = self.plain.join("temporary");
        let mut file = fs_err::File::create(&temporary)?;
        file.write_all(&self.bytes)?;
        name_it(&temporary, &self.file("one"))
    }

    fn hard_link(&self) -> io::Result<()> {
        let temporary = self.plain.join("temporary");
        fs_err::hard_link(self.file("one"), &temporary)?;
        fs_err::create_dir_all(self.plain.join("two"))?;
        name_it(&temporary, &self.file("two"))
    }
}

/// Gives a file its name, and points the link to it.
fn name_it(temporary: &Path, file: &Path) -> io::Result<()> {
    fs_err::rename(temporary, file)?;
    let (link, latest) = (file.with_file_name("latest.tmp"), file.with_file_name("latest"));
    symlink(file, &link)?;
    fs_err::rename(link, latest)
}

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    std::hint::black_box(run());
    begun.elapsed()
}

fn store(criterion: &mut Criterion) {
    let stage = Stage::new().expect("there is a folder for temporary files");
    let (first, plain) = (stage.publish(), || stage.write().expect("the disk takes it"));
    plain();
    let removed = || {
        stage.store.purge(&stage.two).expect("the disk lets it go");
        fs_err::remove_dir_all(stage.plain.join("two")).or_else(absent).expect("the disk lets it go");
    };
    let linked = || {
        removed();
        stage.link(&first);
        stage.hard_link().expect("the disk takes it");
    };
    let mut group = criterion.benchmark_group("store");
    let mut measure =
        |name: &str, prepare: &dyn Fn(), ours: &dyn Fn(), plain: &dyn Fn() -> io::Result<()>| {
            let run = |run: &dyn Fn()| {
                prepare();
                timed(run)
            };
            let checked = || plain().expect("the disk does it");
            let Some(compared) = beside::compare(&mut group, name, || run(ours), || run(&checked)) else {
                return;
            };
            eprintln!(
                "store/{name}: {:?}, the bare calls {:?}: {:.2} times the time; the file has {SIZE} bytes",
                compared.ours,
                compared.plain,
                compared.ratio()
            );
        };
    measure("publish", &|| {}, &|| drop(stage.publish()), &|| stage.write());
    measure("link", &removed, &|| stage.link(&first), &|| stage.hard_link());
    measure("inspect", &|| {}, &|| stage.inspect(&first), &|| {
        fs_err::symlink_metadata(stage.plain.join("one"))?;
        fs_err::symlink_metadata(stage.file("one")).map(drop)
    });
    measure("remove", &linked, &|| stage.remove(), &|| fs_err::remove_dir_all(stage.plain.join("two")));
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

criterion_group!(benches, store);
criterion_main!(benches);
