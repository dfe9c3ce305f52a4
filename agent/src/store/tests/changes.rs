//! Changes: what they do, whom they reach, and what they leave where they fail.

use super::*;

#[test]
fn a_change_is_published_and_survives_a_restart() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    assert!(allowed(&store.current(), "/one/x"));
    assert!(!allowed(&store.current(), "/two"));
    let before = store.current();
    drop(store);
    let after = open(dir.path()).current();
    assert_eq!(after.revision(), before.revision());
    assert_eq!(after.document(), before.document());
    assert_eq!(after.revision().number, 3);
    assert_eq!(after.revision().time_ms, NOW);
    assert!(allowed(&after, "/one"));
}

#[test]
fn equal_content_makes_no_revision() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let again = put(&store, 2, "/two");
    assert!(!again.changed);
    assert_eq!(again.revision.number, 3);
}

#[test]
fn a_lost_race_names_the_current_revision() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let change = |if_match| {
        store.change_blocking("a", "", Some(if_match), |old| {
            old.with_mapping(key(), mapping(3, "/"))
        })
    };
    assert!(matches!(
        change(2),
        Err(ChangeError::Conflict { current: 3 })
    ));
    assert!(change(3).unwrap().changed);
    assert!(matches!(
        change(3),
        Err(ChangeError::Conflict { current: 4 })
    ));
}

#[test]
fn a_refused_or_panicking_change_leaves_everything_as_it_was() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let refused = store.change_blocking("a", "", None, |old| {
        old.without_mapping(key(), "none:1".parse().unwrap())
    });
    assert!(matches!(refused, Err(ChangeError::Invalid(_))));
    let panicked = store.change_blocking("a", "", None, |_| panic!("on purpose"));
    assert!(matches!(panicked, Err(ChangeError::Panicked)));
    let unnamed = store.change_blocking(&"a".repeat(300), "", None, |old| Ok(old.clone()));
    assert!(
        matches!(unnamed, Err(ChangeError::Invalid(Invalid { field, .. })) if field == "author")
    );
    assert_eq!(store.current().revision().number, 3);
    assert!(put(&store, 3, "/").changed);
}

#[test]
fn readers_keep_what_they_hold() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let mut watch = store.snapshot();
    let held = Arc::clone(&watch.borrow_and_update());
    let unchanged = Arc::clone(held.policy(&key()).unwrap());
    store
        .change_blocking("a", "", None, |old| {
            old.without_mapping(key(), "host1:80".parse().unwrap())
        })
        .unwrap();
    assert!(watch.has_changed().unwrap());
    assert!(allowed(&held, "/one"));
    assert!(!allowed(&store.current(), "/one"));
    assert!(!Arc::ptr_eq(
        store.current().policy(&key()).unwrap(),
        &unchanged
    ));
}

#[test]
fn a_second_process_is_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    let error = Store::open(dir.path(), || NOW).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(
        error
            .to_string()
            .contains(&format!("pid {}", std::process::id()))
    );
    drop(store);
    open(dir.path());
}
