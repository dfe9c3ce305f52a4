//! Bringing system mappings from elsewhere into a subaccount.

use std::sync::Arc;

use super::delta::{Delta, Op};
use super::document::Document;
use super::invalid::Invalid;
use super::mapping::{Mapping, MappingFields};
use super::part::Part;
use super::subaccount::SubaccountKey;
use crate::api::management::{ImportMode, Imported, Skipped};

impl Document {
    /// The document with mappings from elsewhere, and what became of each. All others stay.
    ///
    /// # Errors
    /// When the file or the result breaks a rule.
    pub fn import(
        &self,
        key: &SubaccountKey,
        mappings: Vec<Mapping>,
        mode: ImportMode,
    ) -> Result<(Self, Imported), Invalid> {
        let subaccount = self
            .subaccount(key)
            .ok_or_else(|| Invalid::new("subaccount", "there is no such subaccount"))?;
        let mut seen = std::collections::BTreeSet::new();
        let (mut ops, mut told) = (vec![], Imported::default());
        for new in mappings {
            let address = new.virtual_address.clone();
            if !seen.insert(address.clone()) {
                let rule = format!("{address} occurs twice");
                return Err(Invalid::new("mappings", rule));
            }
            let old = subaccount.mapping(address.host.as_str(), address.port.get());
            let put = match (old, mode) {
                (None, _) => {
                    told.added.push(address);
                    Some(new)
                }
                (Some(old), _) if ***old == new => {
                    told.unchanged.push(address);
                    None
                }
                (Some(_), ImportMode::Overwrite) => {
                    told.changed.push(address);
                    Some(new)
                }
                (Some(old), ImportMode::Merge) => {
                    let (merged, skipped) = merge(old, new);
                    told.skipped.extend(skipped);
                    match merged {
                        Some(_) => told.changed.push(address),
                        None => told.unchanged.push(address),
                    }
                    merged.map(Mapping::try_from).transpose()?
                }
            };
            ops.extend(put.map(|mapping| Op::PutMapping {
                subaccount: key.clone(),
                mapping: Arc::new(Part::new(mapping)),
            }));
        }
        Ok((self.apply(&Delta { ops })?, told))
    }
}

/// Adds what a mapping lacks; what it has stays as it is. None where nothing is to be added.
fn merge(old: &MappingFields, new: Mapping) -> (Option<MappingFields>, Vec<Skipped>) {
    let new = MappingFields::from(new);
    let skip = |resource: Option<String>, reason: &str| Skipped {
        mapping: new.virtual_address.clone(),
        resource,
        reason: reason.to_owned(),
    };
    let own = |fields: &MappingFields| MappingFields {
        resources: vec![],
        ..fields.clone()
    };
    if own(old) != own(&new) {
        let reason = "there is one with other settings; overwrite replaces it";
        return (None, vec![skip(None, reason)]);
    }
    let (mut merged, mut skipped) = (old.clone(), vec![]);
    for resource in &new.resources {
        match old.resources.iter().find(|one| one.path == resource.path) {
            None => merged.resources.push(resource.clone()),
            Some(same) if same == resource => {}
            Some(_) => {
                let reason = "there is one with other settings; overwrite replaces it";
                skipped.push(skip(Some(resource.path.to_string()), reason));
            }
        }
    }
    let added = merged.resources.len() > old.resources.len();
    (added.then_some(merged), skipped)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{key, mapping, own};
    use super::*;

    fn served() -> Document {
        let document = Document::empty().with_subaccount(own(1)).unwrap();
        let with = |document: &Document, address: &str, paths: &[&str]| {
            document
                .with_mapping(key(1), mapping(address, paths))
                .unwrap()
        };
        with(&with(&document, "a:1", &["/x"]), "b:1", &["/x"])
    }

    fn disabled(address: &str, paths: &[&str]) -> Mapping {
        let mut fields = MappingFields::from(mapping(address, paths));
        for one in &mut fields.resources {
            one.enabled = false;
        }
        Mapping::try_from(fields).unwrap()
    }

    fn moved(address: &str) -> Mapping {
        let fields = MappingFields {
            internal_address: "10.0.0.9:1".parse().unwrap(),
            ..MappingFields::from(mapping(address, &["/y"]))
        };
        Mapping::try_from(fields).unwrap()
    }

    fn import(mode: ImportMode, mappings: Vec<Mapping>) -> (Document, Imported) {
        served().import(&key(1), mappings, mode).unwrap()
    }

    fn texts(addresses: &[crate::host::VirtualAddress]) -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn merging_adds_and_overwriting_replaces() {
        let file = || {
            vec![
                mapping("c:1", &["/z"]),
                mapping("a:1", &["/x", "/y"]),
                moved("b:1"),
            ]
        };
        let (merged, told) = import(ImportMode::Merge, file());
        assert_eq!(texts(&told.added), ["c:1"]);
        assert_eq!(texts(&told.changed), ["a:1"]);
        assert_eq!(texts(&told.unchanged), ["b:1"]);
        assert_eq!(told.skipped.len(), 1);
        assert_eq!(told.skipped[0].mapping.to_string(), "b:1");
        let of = |document: &Document, host| {
            let subaccount = document.subaccount(&key(1)).unwrap();
            MappingFields::clone(subaccount.mapping(host, 1).unwrap())
        };
        assert_eq!(of(&merged, "a").resources.len(), 2);
        assert_eq!(of(&merged, "b"), of(&served(), "b"));
        let (written, told) = import(ImportMode::Overwrite, file());
        assert_eq!(texts(&told.changed), ["a:1", "b:1"]);
        assert!(told.skipped.is_empty());
        assert_eq!(of(&written, "b"), MappingFields::from(moved("b:1")));
        // What is not in the file stays, and the same again changes nothing.
        let (same, told) = import(ImportMode::Overwrite, vec![mapping("a:1", &["/x"])]);
        assert_eq!(
            (same, texts(&told.unchanged)),
            (served(), vec!["a:1".to_owned()])
        );
    }

    #[test]
    fn resources_that_differ_are_named_and_stay() {
        let (same, told) = import(ImportMode::Merge, vec![disabled("a:1", &["/x"])]);
        assert_eq!(same, served());
        assert_eq!(told.skipped[0].resource.as_deref(), Some("/x"));
        let twice = vec![mapping("c:1", &[]), mapping("c:1", &[])];
        let refused = served().import(&key(1), twice, ImportMode::Merge);
        assert_eq!(refused.unwrap_err().rule, "c:1 occurs twice");
        assert!(served().import(&key(2), vec![], ImportMode::Merge).is_err());
    }
}
