//! The table of messages at the head of the crate, and the cards of the actors, against the code.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn actors() -> Vec<PathBuf> {
    let folders = fs::read_dir(source()).unwrap().map(|entry| entry.unwrap().path());
    let mut actors: Vec<_> = folders.filter(|path| path.join("messages.rs").is_file()).collect();
    actors.sort();
    actors
}

fn declared_messages() -> BTreeSet<String> {
    let mut messages = BTreeSet::new();
    for actor in actors() {
        let text = read(&actor.join("messages.rs"));
        let mut derived = false;
        for line in text.lines() {
            derived |= line.contains("derive(Message");
            let item = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
            if let Some(item) = item.filter(|_| std::mem::take(&mut derived)) {
                let name = item.split(|letter: char| !letter.is_alphanumeric()).next();
                messages.extend(name.map(str::to_owned));
            }
        }
    }
    messages
}

fn tabled_messages() -> BTreeSet<String> {
    let text = read(&source().join("lib.rs"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned())).collect()
}

#[test]
fn the_table_names_exactly_the_messages_that_exist() {
    let (declared, tabled) = (declared_messages(), tabled_messages());
    assert!(declared.len() > 20, "the search finds too few messages: {declared:?}");
    assert_eq!(declared, tabled);
}

#[test]
fn every_actor_has_its_card() {
    let actors = actors();
    assert_eq!(actors.len(), 9, "{actors:?}");
    for actor in actors {
        let text = read(&actor.join("mod.rs"));
        let card: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let card = card.join("\n");
        for part in ["Owns:", "Receives:", "Bounds:", "Fails:"] {
            assert!(card.contains(part), "{}: {part} is not on the card", actor.display());
        }
    }
}
