//! Drafts as a user makes them.

use proptest::prelude::*;
use underpass_shared::config::{
    BackendType, Mapping, MappingFields, Protocol, SubaccountFields, SubaccountKey,
};
use underpass_shared::id::{CredentialId, InstanceId, SubaccountId};
use uuid::Uuid;

use super::*;

fn key() -> SubaccountKey {
    SubaccountKey {
        region_host: "eu.example.com".parse().unwrap(),
        subaccount: SubaccountId::from_uuid(Uuid::from_u128(1)),
        location_id: "".parse().unwrap(),
    }
}

fn mapping(virtual_address: &str, internal: &str) -> Mapping {
    let fields = MappingFields::closed(
        virtual_address.parse().unwrap(),
        internal.parse().unwrap(),
        Protocol::Http,
        BackendType::NonSap,
    );
    Mapping::try_from(fields).unwrap()
}

fn base() -> Configuration {
    let instance = InstanceId::from_uuid(Uuid::from_u128(7));
    let credential = CredentialId::from_uuid(Uuid::from_u128(8));
    let own = SubaccountFields::enrolled(key(), instance, credential);
    Configuration {
        revision: 7,
        document: Arc::new(Document::empty().with_subaccount(own).unwrap()),
    }
}

fn put(draft: &Draft, address: &str, internal: &str) -> Draft {
    let edit = |old: &Document| old.with_mapping(key(), mapping(address, internal));
    draft.edit(&format!("Map {address}"), edit).unwrap()
}

fn theirs(base: &Configuration, address: &str, internal: &str) -> Configuration {
    let document = base
        .document
        .with_mapping(key(), mapping(address, internal));
    Configuration {
        revision: base.revision + 1,
        document: Arc::new(document.unwrap()),
    }
}

#[test]
fn a_saved_draft_is_the_same_draft() {
    let empty = Draft::new(base());
    assert!(SavedDraft::of(&empty).unwrap().is_none());
    let draft = put(&empty, "a:80", "b:80");
    let bytes = SavedDraft::of(&draft).unwrap().unwrap();
    let again = SavedDraft::read(&bytes).unwrap();
    assert_eq!(again.base(), draft.base());
    assert_eq!(again.document(), draft.document());
    assert!(SavedDraft::read(&bytes[1..]).is_err());
}

#[test]
fn a_refused_edit_leaves_the_draft_as_it_was() {
    let draft = Draft::new(base());
    let invalid = draft.edit("x", |old| {
        old.without_mapping(key(), "a:80".parse().unwrap())
    });
    assert!(invalid.is_err());
    assert_eq!(draft.is_ready(), Err(NotReady::Unchanged));
    // Neither does one that changes nothing.
    let same = draft.edit("x", |old| Ok(old.clone())).unwrap();
    assert_eq!(same.undo_what(), None);
}

#[test]
fn changes_of_others_come_in_and_conflicts_wait_for_a_decision() {
    let draft = put(
        &put(&Draft::new(base()), "a:80", "mine:80"),
        "b:80",
        "mine:80",
    );
    let merged = draft.merged(theirs(&base(), "c:80", "theirs:80")).unwrap();
    assert_eq!(merged.disputes().count(), 0);
    assert_eq!(merged.is_ready(), Ok(()));
    assert_eq!(merged.base().revision, 8);
    assert_eq!(merged.changes().len(), 2);
    // They changed the same.
    let merged = draft.merged(theirs(&base(), "a:80", "theirs:80")).unwrap();
    assert_eq!(merged.is_ready(), Err(NotReady::Disputed));
    let place = merged.disputes().next().unwrap().conflict.place.clone();
    let ours = merged.resolve(&place, true).unwrap();
    assert_eq!((ours.is_ready(), ours.changes().len()), (Ok(()), 2));
    let other = ours.resolve(&place, false).unwrap();
    assert_eq!((other.is_ready(), other.changes().len()), (Ok(()), 1));
    assert_eq!(other.changes()[0].part.split(' ').nth(1), Some("b:80"));
}

#[test]
fn what_is_decided_of_a_conflict_loses_no_change() {
    let draft = put(
        &put(&Draft::new(base()), "a:80", "mine:80"),
        "b:80",
        "mine:80",
    );
    assert_eq!(draft.locked(), None);
    let disputed = draft.merged(theirs(&base(), "a:80", "theirs:80")).unwrap();
    // A later choice makes all anew, so nothing is changed before every one was made.
    assert_eq!(disputed.locked(), Some(NotReady::Disputed));
    let place = disputed.disputes().next().unwrap().conflict.place.clone();
    let decided = disputed.resolve(&place, true).unwrap();
    assert_eq!(decided.locked(), None);
    // And after a change no choice is made any more that would take it back.
    let changed = put(&decided, "c:80", "mine:80");
    assert_eq!(changed.disputes().count(), 0);
    assert_eq!((changed.is_ready(), changed.changes().len()), (Ok(()), 3));
}

#[test]
fn a_draft_that_is_saved_in_a_conflict_keeps_its_own_side() {
    let draft = put(&Draft::new(base()), "a:80", "mine:80");
    let newer = theirs(&base(), "a:80", "theirs:80");
    let disputed = draft.merged(newer.clone()).unwrap();
    let bytes = SavedDraft::of(&disputed).unwrap().unwrap();
    let again = SavedDraft::read(&bytes).unwrap();
    assert_eq!(again.document(), draft.document());
    // The conflict comes up again, and is decided then.
    let disputed = again.merged(newer).unwrap();
    let place = disputed.disputes().next().unwrap().conflict.place.clone();
    let decided = disputed.resolve(&place, true).unwrap();
    let saved = SavedDraft::of(&decided).unwrap().unwrap();
    let again = SavedDraft::read(&saved).unwrap();
    assert_eq!(again.base(), decided.base());
    assert_eq!(again.document(), decided.document());
}

#[test]
fn the_history_has_a_limit() {
    let mut draft = Draft::new(base());
    for n in 0..STEPS_MAX + 10 {
        draft = put(&draft, "a:80", &format!("host{n}:80"));
    }
    assert_eq!(draft.steps.len(), STEPS_MAX);
}

proptest! {
    #[test]
    fn undo_and_redo_go_back_and_forth(acts in prop::collection::vec(0..6_u8, 0..40)) {
        // The model: the list of all states, and where we are.
        let mut draft = Draft::new(base());
        let (mut states, mut at) = (vec![draft.document().hash()], 0);
        for (n, act) in acts.into_iter().enumerate() {
            match act {
                0..3 => {
                    draft = put(&draft, "a:80", &format!("host{n}:80"));
                    states.truncate(at + 1);
                    states.push(draft.document().hash());
                    at += 1;
                }
                3..5 => {
                    draft = draft.undo();
                    at = at.saturating_sub(1);
                }
                _ => {
                    draft = draft.redo();
                    at = (at + 1).min(states.len() - 1);
                }
            }
            prop_assert_eq!(draft.document().hash(), states[at]);
            prop_assert_eq!(draft.is_changed(), at > 0);
            prop_assert_eq!(draft.redo_what().is_some(), at + 1 < states.len());
        }
    }
}

#[test]
fn letters_of_one_field_are_one_change_and_none_when_taken_back() {
    let amend = |draft: &Draft, internal: &str| {
        let edit = |old: &Document| old.with_mapping(key(), mapping("a:80", internal));
        draft.amend("Internal host of a:80", edit).unwrap()
    };
    let added = put(&Draft::new(base()), "a:80", "b:80");
    let typed = amend(&amend(&amend(&added, "bc:80"), "bcd:80"), "bcde:80");
    assert_eq!(typed.undo_what(), Some("Internal host of a:80"));
    assert_eq!(typed.undo().document().hash(), added.document().hash());
    assert_eq!(typed.undo().undo().undo_what(), None);
    // Another change between keeps them apart.
    let apart = amend(&put(&typed, "c:80", "c:80"), "x:80");
    assert_eq!(apart.undo().undo_what(), Some("Map c:80"));
    assert_eq!(amend(&typed, "b:80").undo_what(), Some("Map a:80"));
    // What was undone is gone once somebody types on.
    assert_eq!(amend(&typed.undo(), "z:80").redo_what(), None);
}

#[test]
fn an_answer_about_an_earlier_draft_is_told_apart() {
    let draft = put(&Draft::new(base()), "a:80", "b:80");
    let later = put(&draft, "a:80", "c:80");
    assert_ne!(draft.stamp(), later.stamp());
    assert_eq!(draft.stamp(), later.undo().stamp());
    let newer = Configuration {
        revision: 8,
        ..base()
    };
    let mut moved = draft.clone();
    moved.review = moved.review.loading();
    let moved = moved.merged(newer).unwrap();
    // The question was about another revision; it is asked anew.
    assert_ne!(draft.stamp(), moved.stamp());
    assert_eq!(moved.review, Remote::NotRequested);
}
