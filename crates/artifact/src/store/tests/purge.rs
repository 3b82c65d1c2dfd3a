//! Deletion removes all that belongs to an object (spec 2.7).

use super::{Fixture, digest_name, key, recorded, writes};
use crate::hold::hold;
use crate::store::alone::Alone;
use crate::store::{Error, PublishError, Record};

#[test]
fn a_purge_removes_the_directory_and_the_record_and_says_whether_there_was_one() {
    let fixture = Fixture::new();
    fixture.publish(&key("app"), 'a', "content");
    fixture.publish(&key("apple"), 'a', "content");
    fs_err::create_dir_all(fixture.path("ocirepository/team/app/odd/directory")).unwrap();
    fixture.store.set_record(&key("app"), Record::default()).unwrap();

    assert!(fixture.store.purge(&key("app")).unwrap());

    assert!(!fixture.path("ocirepository/team/app").exists());
    assert_eq!(fixture.names("ocirepository/team/apple").len(), 2);
    assert!(!fixture.store.purge(&key("app")).unwrap());
    assert_eq!(fixture.reopened().store.record(&key("app")), None);
}

#[test]
fn nothing_of_a_purged_object_stays_in_memory() {
    let fixture = Fixture::new();
    let published = recorded(&fixture.publish(&key("app"), 'a', "content"));
    fixture.store.inspect(&key("app"), Some(&published)).unwrap();
    assert_ne!(*hold(&fixture.store.alone), Alone::default());

    fixture.store.purge(&key("app")).unwrap();

    assert_eq!(*hold(&fixture.store.alone), Alone::default());
}

#[test]
fn an_object_that_never_had_an_artifact_is_purged_without_an_error() {
    let fixture = Fixture::new();

    assert!(!fixture.store.purge(&key("never")).unwrap());
}

#[test]
fn what_is_still_being_written_when_its_object_is_purged_is_not_published() {
    let fixture = Fixture::new();

    let refused = fixture.store.publish(
        &key("app"),
        &digest_name('a'),
        |writer: &mut dyn std::io::Write| {
            fixture.store.purge(&key("app")).unwrap();
            writes("content")(writer)
        },
        || false,
    );

    assert!(matches!(refused, Err(PublishError::Store(Error::Superseded))));
    assert!(!fixture.path("ocirepository/team/app").exists());
}

#[test]
fn nothing_is_remembered_of_the_files_of_a_purged_object() {
    let fixture = Fixture::new();
    let published = fixture.publish(&key("app"), 'a', "content");
    let identity = crate::disk::look(&fixture.path(&published.path)).unwrap().unwrap().identity;
    let vouches = || fixture.store.known.lock().unwrap().vouches(&identity, &published.digest);
    assert!(vouches());

    fixture.store.purge(&key("app")).unwrap();

    assert!(!vouches());
}
