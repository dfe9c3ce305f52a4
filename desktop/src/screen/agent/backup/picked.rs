//! Which subaccounts and system mappings of a backup are meant.

use std::collections::{BTreeMap, BTreeSet};

use underpass_shared::config::limits::MAPPINGS_MAX;
use underpass_shared::config::{Document, Subaccount, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::restore::{Choice, MappingName};

/// What of a subaccount is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    /// It, with all its mappings.
    All,
    /// It, with these.
    Some(BTreeSet<VirtualAddress>),
}

/// What is ticked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Picked(BTreeMap<SubaccountKey, Of>);

fn addresses(subaccount: &Subaccount) -> BTreeSet<VirtualAddress> {
    let all = subaccount.mappings().iter();
    all.map(|one| one.virtual_address.clone()).collect()
}

impl Picked {
    /// Everything in a document.
    pub(super) fn all(document: &Document) -> Self {
        let keys = document.subaccounts().iter().map(|one| one.key().clone());
        Self(keys.map(|key| (key, Of::All)).collect())
    }

    /// Whether a subaccount is meant; `None` where some of its mappings are.
    pub(super) fn of(&self, key: &SubaccountKey) -> Option<bool> {
        match self.0.get(key) {
            None => Some(false),
            Some(Of::All) => Some(true),
            Some(Of::Some(_)) => None,
        }
    }

    /// Whether a mapping is meant.
    pub(super) fn has(&self, key: &SubaccountKey, address: &VirtualAddress) -> bool {
        match self.0.get(key) {
            None => false,
            Some(Of::All) => true,
            Some(Of::Some(some)) => some.contains(address),
        }
    }

    /// How many mappings of a subaccount are meant.
    pub(super) fn count(&self, subaccount: &Subaccount) -> usize {
        match self.0.get(subaccount.key()) {
            None => 0,
            Some(Of::All) => subaccount.mappings().len(),
            Some(Of::Some(some)) => some.len(),
        }
    }

    /// Takes a subaccount with all its mappings, or leaves it out where all of it was meant.
    pub(super) fn turn(&mut self, key: &SubaccountKey) {
        if self.0.get(key) == Some(&Of::All) {
            self.0.remove(key);
        } else {
            self.0.insert(key.clone(), Of::All);
        }
    }

    /// Takes a mapping, or leaves it out. A subaccount stays meant without its last mapping.
    pub(super) fn turn_mapping(&mut self, subaccount: &Subaccount, address: &VirtualAddress) {
        let all = addresses(subaccount);
        let mut some = match self.0.remove(subaccount.key()) {
            None => BTreeSet::new(),
            Some(Of::All) => all.clone(),
            Some(Of::Some(some)) => some,
        };
        if !some.remove(address) {
            some.insert(address.clone());
        }
        let of = if some == all { Of::All } else { Of::Some(some) };
        self.0.insert(subaccount.key().clone(), of);
    }

    /// Puts it into a choice, or says why that cannot be.
    pub(super) fn put(&self, document: &Document, choice: &mut Choice) -> Result<(), &'static str> {
        if self.0.is_empty() {
            return Err("Choose at least one subaccount");
        }
        choice.only = Some(self.0.keys().cloned().collect());
        if self.0.values().all(|of| *of == Of::All) {
            return Ok(());
        }
        let mut named = BTreeSet::new();
        for (key, of) in &self.0 {
            let some = match (of, document.subaccount(key)) {
                (Of::Some(some), _) => some.clone(),
                (Of::All, Some(subaccount)) => addresses(subaccount),
                (Of::All, None) => continue,
            };
            let names = some.into_iter().map(|virtual_address| MappingName {
                subaccount: key.clone(),
                virtual_address,
            });
            named.extend(names);
            if named.len() > MAPPINGS_MAX {
                return Err(
                    "These are too many single mappings for one restore; take whole subaccounts",
                );
            }
        }
        choice.only_mappings = Some(named);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Document {
        let id = |n: u8| format!("0190a5a2-6d0e-7cc0-8000-00000000000{n}");
        let mapping = |host: &str| {
            json!({"virtualAddress": format!("{host}:80"), "internalAddress": "erp.corp:80",
                   "protocol": "HTTP", "backendType": "nonSAPsys", "resources": []})
        };
        let subaccount = |n: u8| {
            json!({"regionHost": "gate.example", "subaccount": id(n), "locationId": "",
                   "instance": id(n), "credential": id(n), "connected": true,
                   "mappings": [mapping("a"), mapping("b")]})
        };
        let json = json!({"schema": 1, "subaccounts": [subaccount(1), subaccount(2)]});
        Document::from_json(&json.to_string()).unwrap()
    }

    #[test]
    fn single_mappings_are_named_and_whole_subaccounts_are_not() {
        let document = document();
        let [first, second] = document.subaccounts() else {
            panic!()
        };
        let mut picked = Picked::all(&document);
        let mut choice = Choice::default();
        picked.put(&document, &mut choice).unwrap();
        assert_eq!(choice.only.as_ref().unwrap().len(), 2);
        assert_eq!(choice.only_mappings, None);
        let address = &first.mappings()[0].virtual_address;
        picked.turn_mapping(first, address);
        assert_eq!((picked.of(first.key()), picked.count(first)), (None, 1));
        assert!(!picked.has(first.key(), address));
        picked.put(&document, &mut choice).unwrap();
        // All of the other subaccount are named too, else none of them would be meant.
        assert_eq!(choice.only_mappings.as_ref().unwrap().len(), 3);
        picked.turn_mapping(first, address);
        assert_eq!(picked, Picked::all(&document));
        for key in [first.key(), second.key()] {
            picked.turn(key);
            assert_eq!(picked.of(key), Some(false));
        }
        assert!(picked.put(&document, &mut choice).is_err());
    }
}
