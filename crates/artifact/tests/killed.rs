//! A process that is killed while it publishes loses nothing that it had published, and leaves nothing in the way.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use artifact::digest::{Algorithm, Digest};
use artifact::store::{Key, Recorded, Settings, Store, Stored};

/// Where the process that is to be killed finds its root.
const ROOT: &str = "STORE_UNDER_TEST";

fn content(number: u32) -> Vec<u8> {
    number.to_string().repeat(300_000).into_bytes()
}

fn revision(number: u32) -> String {
    format!("sha256:{number:064}")
}

fn digest(bytes: &[u8]) -> io::Result<Digest> {
    Algorithm::Sha256.digest_of(bytes)
}

#[test]
#[ignore = "never ends: it is run by the test below, in a process of its own"]
fn publishing_without_end() {
    let root = std::env::var_os(ROOT).expect("set by the test below");
    let store = Store::open(Path::new(&root), Settings::default()).unwrap();
    let key = Key::new("team", "app").unwrap();
    for number in (0..7).cycle() {
        let bytes = content(number);
        let write = |writer: &mut dyn Write| -> io::Result<_> {
            writer.write_all(&bytes)?;
            Ok((digest(&bytes)?, bytes.len() as u64))
        };
        let published = store.publish(&key, &revision(number), write, || true).unwrap();
        let archive = store.private_link(&published.path, &published.digest).unwrap();
        store
            .publish_link(&Key::new("team", "other").unwrap(), &revision(number), &archive, || true)
            .unwrap();
        writeln!(io::stdout(), "published {number}").unwrap();
    }
}

#[test]
fn every_artifact_is_whole_whenever_its_process_is_killed() {
    let root = tempfile::tempdir().unwrap();
    for lines in 1..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "publishing_without_end", "--nocapture"])
            .env(ROOT, root.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let published = output.lines().map(Result::unwrap).filter(|line| line.starts_with("published "));
        let last = published.take(lines).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let store = Store::open(root.path(), Settings::default()).unwrap();
        let number: u32 = last.strip_prefix("published ").unwrap().parse().unwrap();
        for name in ["app", "other"] {
            let key = Key::new("team", name).unwrap();
            let path = key.artifact_path(&revision(number)).unwrap();
            let recorded =
                Recorded { path, digest: digest(&content(number)).unwrap().to_string(), shown: None };
            assert_eq!(store.inspect(&key, Some(&recorded)).unwrap().stored, Stored::Present);
            assert_whole(&root.path().join("ocirepository/team").join(name)).unwrap();
        }
    }
}

fn assert_whole(directory: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "latest.tar.gz" {
            assert!(fs_err::metadata(entry.path())?.is_file());
            continue;
        }
        let number = name.strip_prefix("sha256:").and_then(|name| name.strip_suffix(".tar.gz"));
        let number = number.and_then(|number| number.parse().ok());
        assert_eq!(Some(fs_err::read(entry.path())?), number.map(content), "{name}");
    }
    Ok(())
}
