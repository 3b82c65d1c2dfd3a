//! How a file gets its name (spec 7.2 to 7.4).

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Fixture, digest_name, digest_of, key, recorded, writes};
use crate::store::{Error, PublishError, Stored};

fn mode(fixture: &Fixture, path: &str) -> u32 {
    fs_err::symlink_metadata(fixture.path(path)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn an_artifact_and_its_link_are_laid_out_as_upstream_does() {
    let fixture = Fixture::new();

    let published = fixture.publish(&key("app"), 'a', "content");

    let file = format!("{}.tar.gz", digest_name('a'));
    assert_eq!(fixture.names("ocirepository/team/app"), ["latest.tar.gz".to_owned(), file.clone()]);
    assert_eq!(published.path, format!("ocirepository/team/app/{file}"));
    assert_eq!((published.digest.clone(), published.size), (digest_of("content"), 7));
    assert!(published.latest.is_ok());
    assert_eq!(
        fs_err::read_link(fixture.path(&key("app").latest_path())).unwrap(),
        fixture.path(&published.path)
    );
    assert_eq!(mode(&fixture, &published.path), 0o600);
    for directory in
        ["ocirepository", "ocirepository/team", "ocirepository/team/app", ".sluice", ".sluice/spool"]
    {
        assert_eq!(mode(&fixture, directory), 0o700, "{directory}");
    }
}

#[test]
fn a_rebuild_of_the_same_revision_replaces_the_file() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "before");

    let published = fixture.publish(&key("app"), 'a', "after");

    assert_eq!(fs_err::read(fixture.path(&published.path)).unwrap(), b"after");
    assert_eq!(fixture.names("ocirepository/team/app").len(), 2);
    let stock = fixture.store.inspect(&key("app"), Some(&recorded(&published))).unwrap();
    assert_eq!(stock.stored, Stored::Present);
}

#[test]
fn a_symbolic_link_in_the_place_of_the_file_is_replaced_not_followed() {
    let fixture = Fixture::new();
    let path = key("app").artifact_path(&digest_name('a')).unwrap();
    fs_err::create_dir_all(fixture.path("ocirepository/team/app")).unwrap();
    fs_err::write(fixture.path("precious"), "precious").unwrap();
    fs_err::os::unix::fs::symlink(fixture.path("precious"), fixture.path(&path)).unwrap();

    fixture.publish(&key("app"), 'a', "content");

    assert!(fs_err::symlink_metadata(fixture.path(&path)).unwrap().is_file());
    assert_eq!(fs_err::read(fixture.path("precious")).unwrap(), b"precious");
}

#[test]
fn a_failed_write_leaves_nothing_behind_and_the_old_artifact_in_place() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");

    let failed = fixture.store.publish(
        &key("app"),
        &digest_name('a'),
        |writer: &mut dyn Write| {
            writer.write_all(&vec![0; 300_000]).unwrap();
            Err(std::io::Error::other("cut short"))
        },
        || true,
    );

    assert!(matches!(failed, Err(PublishError::Write(_))));
    assert_eq!(fs_err::read(fixture.path(&published.path)).unwrap(), b"content");
    assert_eq!(fixture.names("ocirepository/team/app").len(), 2);
}

#[test]
fn a_superseded_attempt_publishes_nothing() {
    let fixture = Fixture::new();
    let written = AtomicBool::new(false);

    let refused = fixture.store.publish(
        &key("app"),
        &digest_name('a'),
        |writer: &mut dyn Write| {
            written.store(true, Ordering::Relaxed);
            writes("content")(writer)
        },
        || {
            assert!(written.load(Ordering::Relaxed));
            false
        },
    );

    assert!(matches!(refused, Err(PublishError::Store(Error::Superseded))));
    assert_eq!(fixture.names("ocirepository/team/app"), Vec::<String>::new());
}

#[test]
fn a_link_that_cannot_be_made_does_not_take_the_artifact_back() {
    let fixture = Fixture::new();
    fs_err::create_dir_all(fixture.path("ocirepository/team/app/latest.tar.gz")).unwrap();

    let published = fixture.publish(&key("app"), 'a', "content");

    assert!(matches!(published.latest, Err(Error::Io { .. })));
    assert!(fixture.path(&published.path).exists());
}

#[test]
fn a_link_that_upstream_left_half_done_is_in_nobody_s_way() {
    let fixture = Fixture::new();
    fs_err::create_dir_all(fixture.path("ocirepository/team/app")).unwrap();
    fs_err::os::unix::fs::symlink("/nowhere", fixture.path("ocirepository/team/app/latest.tar.gz.tmp"))
        .unwrap();

    let published = fixture.publish(&key("app"), 'a', "content");

    assert!(published.latest.is_ok());
    assert_eq!(fixture.names("ocirepository/team/app").len(), 2);
    let latest = fs_err::read_to_string(fixture.path("ocirepository/team/app/latest.tar.gz")).unwrap();
    assert_eq!(latest, "content");
}

#[test]
fn a_directory_that_cannot_be_made_says_so() {
    let fixture = Fixture::new();
    fs_err::write(fixture.path("ocirepository"), "a file").unwrap();

    let failed = fixture.store.publish(&key("app"), &digest_name('a'), writes("content"), || true);

    let Err(PublishError::Store(error)) = failed else { panic!("published") };
    assert!(matches!(error, Error::DirectoryCreation(_)));
    assert_eq!(error.to_string(), "failed to create artifact directory");
}

#[test]
fn attempts_that_publish_at_the_same_time_leave_one_whole_artifact_and_no_temporary() {
    let fixture = Fixture::new();
    let texts: Vec<String> = (0..8).map(|number| number.to_string().repeat(100_000)).collect();

    std::thread::scope(|scope| {
        for text in &texts {
            let publish = || {
                for _ in 0..20 {
                    fixture.publish(&key("app"), 'a', text);
                    fixture.publish(&key(&text[..1]), 'b', text);
                }
            };
            scope.spawn(publish);
        }
    });

    let path = key("app").artifact_path(&digest_name('a')).unwrap();
    let content = fs_err::read_to_string(fixture.path(&path)).unwrap();
    assert!(texts.contains(&content));
    assert_eq!(fixture.names("ocirepository/team/app").len(), 2);
    let at = crate::store::Recorded { path, digest: digest_of(&content).to_string(), shown: None };
    assert_eq!(fixture.store.inspect(&key("app"), Some(&at)).unwrap().stored, Stored::Present);
}

#[test]
fn a_directory_of_ours_that_was_wiped_is_made_again() {
    let fixture = Fixture::new();
    fs_err::remove_dir_all(fixture.path(".sluice")).unwrap();

    let published = fixture.publish(&key("app"), 'a', "content");

    assert!(published.latest.is_ok());
    assert!(fixture.path(&published.path).exists());
}
