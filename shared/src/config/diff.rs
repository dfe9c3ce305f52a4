//! What changed between two documents.

use std::cmp::Ordering;
use std::sync::Arc;

use super::delta::{Delta, Op};
use super::document::Document;
use super::mapping::MappingPart;
use super::subaccount::Subaccount;

/// The steps from `old` to `new`. Shared parts cost a pointer comparison each, so the diff of one
/// change to a large document is cheap. Undo is the diff with its arguments swapped.
pub fn diff(old: &Document, new: &Document) -> Delta {
    let mut ops = vec![];
    if old.connector() != new.connector() {
        ops.push(Op::PutConnector(Arc::clone(new.connector())));
    }
    let by_key = |a: &Arc<Subaccount>, b: &Arc<Subaccount>| a.key().cmp(b.key());
    for pair in merge(old.subaccounts(), new.subaccounts(), by_key) {
        match pair {
            Pair::Old(old) => ops.push(Op::RemoveSubaccount(old.key().clone())),
            Pair::New(new) => {
                ops.push(Op::PutSubaccount(Arc::clone(new.own())));
                ops.extend(new.mappings().iter().map(|mapping| put(new, mapping)));
            }
            Pair::Both(old, new) if Arc::ptr_eq(old, new) || old.hash() == new.hash() => {}
            Pair::Both(old, new) => diff_subaccount(old, new, &mut ops),
        }
    }
    Delta { ops }
}

fn diff_subaccount(old: &Subaccount, new: &Subaccount, ops: &mut Vec<Op>) {
    if old.own() != new.own() {
        ops.push(Op::PutSubaccount(Arc::clone(new.own())));
    }
    let by_address = |a: &Arc<MappingPart>, b: &Arc<MappingPart>| {
        if Arc::ptr_eq(a, b) {
            return Ordering::Equal;
        }
        a.virtual_address.cmp(&b.virtual_address)
    };
    for pair in merge(old.mappings(), new.mappings(), by_address) {
        match pair {
            Pair::Old(old) => ops.push(Op::RemoveMapping {
                subaccount: new.key().clone(),
                address: old.virtual_address.clone(),
            }),
            Pair::Both(old, new) if Arc::ptr_eq(old, new) || old == new => {}
            Pair::New(mapping) | Pair::Both(_, mapping) => ops.push(put(new, mapping)),
        }
    }
}

fn put(subaccount: &Subaccount, mapping: &Arc<MappingPart>) -> Op {
    Op::PutMapping {
        subaccount: subaccount.key().clone(),
        mapping: Arc::clone(mapping),
    }
}

/// An item of one or of both sorted lists.
enum Pair<'a, T> {
    Old(&'a T),
    New(&'a T),
    Both(&'a T, &'a T),
}

fn merge<'a, T>(
    mut old: &'a [T],
    mut new: &'a [T],
    order: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = Pair<'a, T>> {
    std::iter::from_fn(move || {
        let (pair, from_old, from_new) = match (old, new) {
            ([], []) => return None,
            ([a, rest @ ..], []) => (Pair::Old(a), rest, new),
            ([], [b, rest @ ..]) => (Pair::New(b), old, rest),
            ([a, old_rest @ ..], [b, new_rest @ ..]) => match order(a, b) {
                Ordering::Less => (Pair::Old(a), old_rest, new),
                Ordering::Greater => (Pair::New(b), old, new_rest),
                Ordering::Equal => (Pair::Both(a, b), old_rest, new_rest),
            },
        };
        (old, new) = (from_old, from_new);
        Some(pair)
    })
}
