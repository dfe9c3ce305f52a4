//! Changes are told part by part, and taken back only where they still stand.

use proptest::prelude::*;

use super::super::diff;
use super::super::tests::{any_document, key, mapping, own};
use super::*;

fn with(document: &Document, address: &str, path: &str) -> Document {
    document
        .with_mapping(key(1), mapping(address, &[path]))
        .unwrap()
}

fn served() -> Document {
    Document::empty().with_subaccount(own(1)).unwrap()
}

/// Takes the step from `old` to `new` back on `present`.
fn undo(old: &Document, new: &Document, present: &Document) -> Result<Document, UndoError> {
    present.undo(&diff(old, new), &diff(new, old))
}

fn misfit(undone: Result<Document, UndoError>) -> Vec<String> {
    match undone {
        Err(UndoError::NoLongerFits(places)) => places,
        other => panic!("{other:?}"),
    }
}

#[test]
fn changes_tell_what_was_and_what_is() {
    let old = with(&with(&served(), "a:1", "/x"), "b:1", "/x");
    let new = with(&with(&old, "a:1", "/y"), "c:1", "/x");
    let new = new.without_mapping(key(1), "b:1".parse().unwrap()).unwrap();
    let told = changes(&diff(&old, &new), &diff(&new, &old));
    let kinds: Vec<_> = told
        .iter()
        .map(|one| (one.change, one.part.clone()))
        .collect();
    let part = |address: &str| format!("mapping {address} of {}", key(1));
    let wanted = [
        (ChangeKind::Changed, part("a:1")),
        (ChangeKind::Removed, part("b:1")),
        (ChangeKind::Added, part("c:1")),
    ];
    assert_eq!(kinds, wanted);
    let changed = &told[0];
    let path = |value: &Option<Value>| value.as_ref().unwrap()["resources"][0]["path"].clone();
    assert_eq!(path(&changed.before), "/x");
    assert_eq!(path(&changed.after), "/y");
    assert!(told[1].after.is_none() && told[2].before.is_none());
    assert_eq!(changes(&diff(&old, &old), &diff(&old, &old)), []);
}

#[test]
fn undo_keeps_other_changes_and_refuses_where_the_part_changed_again() {
    let old = with(&served(), "a:1", "/x");
    let new = with(&old, "a:1", "/y");
    let later = with(&new, "b:1", "/z");
    assert_eq!(undo(&old, &new, &later), Ok(with(&old, "b:1", "/z")));
    let again = with(&later, "a:1", "/w");
    let place = format!("mapping a:1 of {}", key(1));
    assert_eq!(misfit(undo(&old, &new, &again)), [place]);
}

#[test]
fn undoing_an_enrolment_does_not_take_later_mappings_along() {
    let (old, new) = (Document::empty(), served());
    assert_eq!(undo(&old, &new, &new), Ok(Document::empty()));
    let later = with(&new, "a:1", "/x");
    let place = format!("mapping a:1 of {}", key(1));
    assert_eq!(misfit(undo(&old, &new, &later)), [place]);
}

#[test]
fn undoing_a_removal_brings_all_mappings_back() {
    let old = with(&served(), "a:1", "/x");
    let new = old.without_subaccount(key(1)).unwrap();
    assert_eq!(undo(&old, &new, &new), Ok(old.clone()));
    // It came back by other means.
    assert_eq!(misfit(undo(&old, &new, &served())).len(), 1);
}

#[test]
fn settings_are_told_and_taken_back_one_by_one() {
    let set = |json: &str| {
        let connector = serde_json::from_str(json).unwrap();
        served().with_connector(connector).unwrap()
    };
    let (old, new) = (served(), set(r#"{"tunnelConnections": 3}"#));
    let told = changes(&diff(&old, &new), &diff(&new, &old));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].part, "connector.tunnelConnections");
    assert_eq!(told[0].after, Some(3.into()));
    // Another setting changed since: it stays.
    let later = set(r#"{"tunnelConnections": 3, "backendTrust": {"trustAllBackends": true}}"#);
    let wanted = set(r#"{"backendTrust": {"trustAllBackends": true}}"#);
    assert_eq!(undo(&old, &new, &later), Ok(wanted));
    // One that was at its default goes back to it.
    let (old, new) = (new, later);
    assert_eq!(undo(&old, &new, &new), Ok(old.clone()));
    let again = set(r#"{"tunnelConnections": 4}"#);
    let place = "connector.backendTrust".to_owned();
    assert_eq!(misfit(undo(&old, &new, &again)), [place]);
}

proptest! {
    #[test]
    fn the_newest_change_can_always_be_taken_back(old in any_document(), new in any_document()) {
        let undone = undo(&old, &new, &new);
        prop_assert_eq!(undone, Ok(old));
    }

    #[test]
    fn undo_never_touches_what_the_change_did_not(
        old in any_document(), new in any_document(), present in any_document()
    ) {
        let Ok(undone) = undo(&old, &new, &present) else { return Ok(()) };
        let changed = touched(&diff(&old, &new), &diff(&new, &old));
        for (place, _) in touched(&diff(&present, &undone), &diff(&undone, &present)) {
            prop_assert!(changed.contains_key(&place));
        }
    }
}

#[test]
fn a_state_of_the_past_comes_back_whole() {
    let past = Document::empty().with_subaccount(own(1)).unwrap();
    let mapped = past.with_mapping(key(1), mapping("a:1", &["/x"])).unwrap();
    let json = r#"{"tunnelConnections": 3}"#;
    let present = mapped
        .with_connector(serde_json::from_str(json).unwrap())
        .unwrap();
    assert_eq!(present.restoring(&past).unwrap(), past);
    assert_eq!(past.restoring(&present).unwrap(), present);
}
