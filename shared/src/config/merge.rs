//! Bringing together what two people made of one document.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::change::connector;
use super::delta::{Delta, Op};
use super::diff::diff;
use super::document::Document;
use super::invalid::Invalid;
use super::place::{Content, Place, Touched, settings, touched};
use super::subaccount::SubaccountKey;

/// A place that both changed, each in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Where.
    pub place: Place,
    /// What both began with.
    pub base: Option<Value>,
    /// What the one made of it.
    pub mine: Option<Value>,
    /// What the other made of it.
    pub theirs: Option<Value>,
}

/// Two changed documents brought together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The document, with the other's content in places of conflict but for those to be kept.
    pub document: Document,
    /// The places that both changed.
    pub conflicts: Vec<Conflict>,
}

/// Brings `mine` and `theirs` together, which both were made from `base`, place by place. In a
/// place of conflict `theirs` holds, unless it is one of `keep`.
///
/// Removing a subaccount is one act: it conflicts with every change inside it.
///
/// # Errors
/// When both together break a rule that neither breaks alone.
pub fn merge_documents(
    base: &Document,
    mine: &Document,
    theirs: &Document,
    keep: &BTreeSet<Place>,
) -> Result<Merged, Invalid> {
    let ours = touched(&diff(base, mine), &diff(mine, base));
    let others = touched(&diff(base, theirs), &diff(theirs, base));
    let mut merged = Merging {
        theirs,
        mine,
        steps: vec![],
        conflicts: vec![],
    };
    for (place, Touched { before, after }) in ours {
        if is_gone_with_its_subaccount(&place, mine) {
            continue;
        }
        let now = theirs.content(&place);
        if now == after {
            continue;
        }
        let inside = |key: &SubaccountKey| others.keys().any(|one| one.subaccount() == Some(key));
        let conflicts = match &place {
            Place::Subaccount(key) if after.is_none() => inside(key),
            Place::Mapping(key, _) if theirs.subaccount(key).is_none() => {
                base.subaccount(key).is_some()
            }
            Place::Setting(_) | Place::Subaccount(_) | Place::Mapping(..) => {
                others.contains_key(&place)
            }
        };
        if conflicts {
            merged.conflicts.push(Conflict {
                place: place.clone(),
                base: before.as_ref().map(Content::value),
                mine: after.as_ref().map(Content::value),
                theirs: now.as_ref().map(Content::value),
            });
        }
        if !conflicts || keep.contains(&place) {
            merged.steps.push((place, after));
        }
    }
    merged.finish()
}

/// Whether a mapping is gone because its subaccount is.
fn is_gone_with_its_subaccount(place: &Place, document: &Document) -> bool {
    match place {
        Place::Mapping(key, _) => document.subaccount(key).is_none(),
        Place::Setting(_) | Place::Subaccount(_) => false,
    }
}

struct Merging<'a> {
    theirs: &'a Document,
    mine: &'a Document,
    /// What is taken from mine, in the order of the places: subaccounts before their mappings.
    steps: Vec<(Place, Option<Content>)>,
    conflicts: Vec<Conflict>,
}

impl Merging<'_> {
    fn finish(self) -> Result<Merged, Invalid> {
        let mut all = settings(self.theirs.connector());
        let mut ops = vec![];
        let mut there: BTreeSet<SubaccountKey> = BTreeSet::new();
        for (place, content) in self.steps {
            match (place, content) {
                (Place::Setting(name), Some(content)) => {
                    all.insert(name, content.value());
                }
                (Place::Setting(name), None) => drop(all.remove(&name)),
                (Place::Subaccount(key), None) => ops.push(Op::RemoveSubaccount(key)),
                (Place::Mapping(subaccount, address), None) => {
                    ops.push(Op::RemoveMapping {
                        subaccount,
                        address,
                    });
                }
                (_, Some(Content::Subaccount(own))) => {
                    there.insert(own.key.clone());
                    ops.push(Op::PutSubaccount(own));
                }
                (Place::Mapping(subaccount, _), Some(Content::Mapping(mapping))) => {
                    // Kept where the other removed the subaccount: it comes back with it.
                    if self.theirs.subaccount(&subaccount).is_none()
                        && there.insert(subaccount.clone())
                        && let Some(own) = self.mine.subaccount(&subaccount)
                    {
                        ops.push(Op::PutSubaccount(Arc::clone(own.own())));
                    }
                    ops.push(Op::PutMapping {
                        subaccount,
                        mapping,
                    });
                }
                (Place::Subaccount(_) | Place::Mapping(..), Some(Content::Setting(_)))
                | (Place::Subaccount(_), Some(Content::Mapping(_))) => {}
            }
        }
        if all != settings(self.theirs.connector()) {
            ops.push(Op::PutConnector(connector(all)?));
        }
        Ok(Merged {
            document: self.theirs.apply(&Delta { ops })?,
            conflicts: self.conflicts,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::tests::{key, mapping, own};
    use crate::config::{Connector, ConnectorFields};

    fn base() -> Document {
        let document = Document::empty().with_subaccount(own(1)).unwrap();
        let document = document.with_subaccount(own(2)).unwrap();
        document
            .with_mapping(key(1), mapping("a:80", &["/a"]))
            .unwrap()
    }

    fn put(document: &Document, address: &str, path: &str) -> Document {
        document
            .with_mapping(key(1), mapping(address, &[path]))
            .unwrap()
    }

    fn remove(document: &Document, address: &str) -> Document {
        document
            .without_mapping(key(1), address.parse().unwrap())
            .unwrap()
    }

    fn described(document: &Document, text: &str) -> Document {
        let mut fields: ConnectorFields = (***document.connector()).clone().into();
        fields.description = Some(text.parse().unwrap());
        document
            .with_connector(Connector::try_from(fields).unwrap())
            .unwrap()
    }

    fn merged(mine: &Document, theirs: &Document, keep: &[&Conflict]) -> Merged {
        let keep = keep.iter().map(|one| one.place.clone()).collect();
        merge_documents(&base(), mine, theirs, &keep).unwrap()
    }

    #[test]
    fn changes_of_different_places_come_together() {
        let mine = described(&put(&base(), "b:80", "/b"), "x");
        let theirs = put(&remove(&base(), "a:80"), "c:80", "/c");
        let both = merged(&mine, &theirs, &[]);
        assert_eq!(both.conflicts, []);
        assert_eq!(both.document, described(&put(&theirs, "b:80", "/b"), "x"));
    }

    #[test]
    fn a_place_that_both_changed_is_theirs_until_mine_is_kept() {
        for (mine, theirs, name) in [
            (
                put(&base(), "a:80", "/x"),
                put(&base(), "a:80", "/y"),
                "mapping a:80",
            ),
            (
                put(&base(), "a:80", "/x"),
                remove(&base(), "a:80"),
                "mapping a:80",
            ),
            (
                remove(&base(), "a:80"),
                put(&base(), "a:80", "/y"),
                "mapping a:80",
            ),
            (
                put(&base(), "b:80", "/x"),
                put(&base(), "b:80", "/y"),
                "mapping b:80",
            ),
            (
                described(&base(), "x"),
                described(&base(), "y"),
                "connector.description",
            ),
        ] {
            let both = merged(&mine, &theirs, &[]);
            assert_eq!(both.document, theirs);
            let [conflict] = &both.conflicts[..] else {
                panic!("{both:?}");
            };
            assert!(conflict.place.to_string().starts_with(name), "{conflict:?}");
            assert_eq!(merged(&mine, &theirs, &[conflict]).document, mine);
        }
        // Both did the same.
        let same = put(&base(), "a:80", "/x");
        assert_eq!(merged(&same, &same, &[]).conflicts, []);
    }

    #[test]
    fn a_removed_subaccount_is_one_conflict() {
        let gone = base().without_subaccount(key(1)).unwrap();
        let changed = put(&base(), "a:80", "/x");
        let both = merged(&gone, &changed, &[]);
        assert_eq!(both.document, changed);
        assert_eq!(both.conflicts.len(), 1);
        assert_eq!(
            merged(&gone, &changed, &[&both.conflicts[0]]).document,
            gone
        );
        // The other way round the mapping comes back with its subaccount.
        let both = merged(&changed, &gone, &[]);
        assert_eq!(both.document, gone);
        assert_eq!(both.conflicts.len(), 1);
        let kept = merged(&changed, &gone, &[&both.conflicts[0]]);
        assert_eq!(kept.document, changed);
    }

    /// Something that somebody does.
    fn act() -> impl Strategy<Value = (u8, u8, u8)> {
        (0..4_u8, 0..4_u8, 0..3_u8)
    }

    fn act_on(document: &Document, (what, place, content): (u8, u8, u8)) -> Document {
        let address = format!("{}:80", char::from(b'a' + place));
        let path = format!("/{content}");
        let done = match what {
            0 => document.with_mapping(key(1), mapping(&address, &[&path])),
            1 => document.without_mapping(key(1), address.parse().unwrap()),
            2 => Ok(described(document, &path)),
            _ if content == 0 => document.without_subaccount(key(2)),
            _ => document.with_subaccount(own(2)),
        };
        done.unwrap_or_else(|_not_there| document.clone())
    }

    proptest! {
        #[test]
        fn nobody_loses_anything_unseen(
            mine in prop::collection::vec(act(), 0..6),
            theirs in prop::collection::vec(act(), 0..6),
        ) {
            let base = base();
            let all = |acts: Vec<_>| acts.into_iter().fold(base.clone(), |one, act| act_on(&one, act));
            let (mine, theirs) = (all(mine), all(theirs));
            let both = merge_documents(&base, &mine, &theirs, &BTreeSet::new()).unwrap();
            let keep: BTreeSet<Place> = both.conflicts.iter().map(|one| one.place.clone()).collect();
            // Without conflicts the order does not matter.
            let other = merge_documents(&base, &theirs, &mine, &BTreeSet::new()).unwrap();
            prop_assert_eq!(both.conflicts.is_empty(), other.conflicts.is_empty());
            if keep.is_empty() {
                prop_assert_eq!(&both.document, &other.document);
            }
            // Where mine is kept, every place that I changed is as I left it.
            let kept = merge_documents(&base, &mine, &theirs, &keep).unwrap();
            let ours = touched(&diff(&base, &mine), &diff(&mine, &base));
            for (place, Touched { after, .. }) in &ours {
                prop_assert_eq!(&kept.document.content(place), after);
            }
            // Every place that they alone changed is as they left it.
            let others = touched(&diff(&base, &theirs), &diff(&theirs, &base));
            for (place, Touched { after, .. }) in others {
                if !ours.contains_key(&place) {
                    prop_assert_eq!(both.document.content(&place), after);
                }
            }
        }
    }
}
