//! One lock an object, as long as somebody wants it.

use std::sync::Arc;

use super::key;
use crate::store::locks::{Locks, SMALL};

#[test]
fn all_who_want_an_object_get_one_lock() {
    let locks = Locks::default();

    let first = locks.of(&key("app"));

    assert!(Arc::ptr_eq(&first, &locks.of(&key("app"))));
    assert!(!Arc::ptr_eq(&first, &locks.of(&key("other"))));
}

#[test]
fn locks_that_nobody_wants_do_not_pile_up() {
    let locks = Locks::default();
    let held: Vec<_> = (0..10).map(|number| locks.of(&key(&format!("held-{number}")))).collect();

    for number in 0..5 * SMALL {
        locks.of(&key(&number.to_string()));
    }

    assert!(locks.len() < 2 * SMALL, "{}", locks.len());
    for (number, lock) in held.iter().enumerate() {
        assert!(Arc::ptr_eq(lock, &locks.of(&key(&format!("held-{number}")))));
    }
}
