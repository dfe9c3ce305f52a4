//! Applying a delta: untouched parts are shared with the old document.

use std::sync::Arc;

use super::connector::Connector;
use super::delta::{Delta, Op};
use super::document::Document;
use super::invalid::Invalid;
use super::mapping::MappingPart;
use super::part::Part;
use super::subaccount::{Subaccount, SubaccountFields, SubaccountKey};
use crate::host::VirtualAddress;

impl Document {
    /// Takes all steps or none. A step that does not fit (removing what is not there, a mapping
    /// of an unknown subaccount) is refused.
    pub fn apply(&self, delta: &Delta) -> Result<Self, Invalid> {
        let mut draft = Draft {
            connector: Arc::clone(self.connector()),
            subaccounts: self.subaccounts().iter().map(Slot::Untouched).collect(),
        };
        delta.ops.iter().try_for_each(|op| draft.step(op))?;
        let sealed: Result<Vec<_>, _> = draft.subaccounts.into_iter().map(Slot::seal).collect();
        Self::new(draft.connector, sealed?)
    }
}

/// A document while it is being edited.
struct Draft<'a> {
    connector: Arc<Part<Connector>>,
    subaccounts: Vec<Slot<'a>>,
}

/// A subaccount while it is being edited; copied at the first touch only.
enum Slot<'a> {
    Untouched(&'a Arc<Subaccount>),
    Edited(Arc<Part<SubaccountFields>>, Vec<Arc<MappingPart>>),
}

impl Draft<'_> {
    fn step(&mut self, op: &Op) -> Result<(), Invalid> {
        match op {
            Op::PutConnector(connector) => self.connector = Arc::clone(connector),
            Op::RemoveSubaccount(key) => {
                let at = self.find(key).or(Err(unknown(key)))?;
                self.subaccounts.remove(at);
            }
            Op::PutSubaccount(own) => match self.find(&own.key) {
                Ok(at) => *self.edit(at, &own.key)?.0 = Arc::clone(own),
                Err(at) => self
                    .subaccounts
                    .insert(at, Slot::Edited(Arc::clone(own), vec![])),
            },
            Op::RemoveMapping {
                subaccount,
                address,
            } => {
                let mappings = self.mappings(subaccount)?;
                let Ok(at) = find_mapping(mappings, address) else {
                    let field = format!("subaccounts[{subaccount}].mappings[{address}]");
                    return Err(Invalid::new(field, "there is no such mapping"));
                };
                mappings.remove(at);
            }
            Op::PutMapping {
                subaccount,
                mapping,
            } => {
                let mappings = self.mappings(subaccount)?;
                match find_mapping(mappings, &mapping.virtual_address) {
                    Ok(at) => *slot(mappings, at)? = Arc::clone(mapping),
                    Err(at) => mappings.insert(at, Arc::clone(mapping)),
                }
            }
        }
        Ok(())
    }

    fn find(&self, key: &SubaccountKey) -> Result<usize, usize> {
        self.subaccounts
            .binary_search_by(|slot| slot.key().cmp(key))
    }

    fn mappings(&mut self, key: &SubaccountKey) -> Result<&mut Vec<Arc<MappingPart>>, Invalid> {
        let at = self.find(key).or(Err(unknown(key)))?;
        Ok(self.edit(at, key)?.1)
    }

    fn edit(&mut self, at: usize, key: &SubaccountKey) -> Result<Editable<'_>, Invalid> {
        Ok(self
            .subaccounts
            .get_mut(at)
            .ok_or_else(|| unknown(key))?
            .edit())
    }
}

type Editable<'a> = (
    &'a mut Arc<Part<SubaccountFields>>,
    &'a mut Vec<Arc<MappingPart>>,
);

impl Slot<'_> {
    fn key(&self) -> &SubaccountKey {
        match self {
            Self::Untouched(subaccount) => subaccount.key(),
            Self::Edited(own, _) => &own.key,
        }
    }

    fn edit(&mut self) -> Editable<'_> {
        if let Self::Untouched(subaccount) = self {
            *self = Self::Edited(Arc::clone(subaccount.own()), subaccount.mappings().to_vec());
        }
        match self {
            Self::Edited(own, mappings) => (own, mappings),
            Self::Untouched(_) => unreachable!("replaced above"),
        }
    }

    fn seal(self) -> Result<Arc<Subaccount>, Invalid> {
        match self {
            Self::Untouched(subaccount) => Ok(Arc::clone(subaccount)),
            Self::Edited(own, mappings) => Subaccount::new(own, mappings).map(Arc::new),
        }
    }
}

fn find_mapping(mappings: &[Arc<MappingPart>], address: &VirtualAddress) -> Result<usize, usize> {
    // Steps mostly come in order, so the place is mostly the end.
    if mappings
        .last()
        .is_none_or(|last| last.virtual_address < *address)
    {
        return Err(mappings.len());
    }
    mappings.binary_search_by(|part| part.virtual_address.cmp(address))
}

fn slot(mappings: &mut [Arc<MappingPart>], at: usize) -> Result<&mut Arc<MappingPart>, Invalid> {
    mappings
        .get_mut(at)
        .ok_or_else(|| Invalid::new("mappings", "there is no such mapping"))
}

fn unknown(key: &SubaccountKey) -> Invalid {
    Invalid::new(format!("subaccounts[{key}]"), "there is no such subaccount")
}
