//! Edits of the draft, tried here first by the same rules.

use std::sync::Arc;

use underpass_fleet::command::{Command, DraftAct, EditFn};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::SubaccountPath;
use underpass_shared::config::{
    Document, Invalid, Mapping, MappingFields, MappingPart, Part, Subaccount, SubaccountKey,
};
use underpass_shared::hash::Hash256;
use underpass_shared::host::VirtualAddress;
use underpass_shared::rights::Access;

use super::super::edit::locked;
use crate::cx::Cx;

/// Where one is: a subaccount of an agent, as the draft has it.
pub(super) struct Here<'a> {
    pub(super) agent: &'a Arc<AgentSnapshot>,
    pub(super) subaccount: &'a Arc<Subaccount>,
    /// The same as the agent has it.
    pub(super) applied: Option<&'a Arc<Subaccount>>,
    /// Why nothing can be changed here.
    pub(super) refused: Option<String>,
}

impl<'a> Here<'a> {
    pub(super) fn new(
        cx: &Cx<'_>,
        agent: &'a Arc<AgentSnapshot>,
        subaccount: &'a Arc<Subaccount>,
    ) -> Self {
        let base = match &agent.draft {
            Some(draft) => Some(&draft.base().document),
            None => agent.configuration.value().map(|known| &known.document),
        };
        let needed = if subaccount.own().managed {
            Access::Administration
        } else {
            Access::Subaccounts
        };
        let locked = agent.draft.as_ref().and_then(|draft| locked(draft));
        let role = || match cx.role() {
            None => Some("Your role on this agent is not known yet".to_owned()),
            Some(role) if needed.allows(role) => None,
            Some(_) => Some(format!("Needs the role {}", needed.weakest())),
        };
        let refused = locked.map(str::to_owned).or_else(role);
        let applied = base.and_then(|document| document.subaccount(subaccount.key()));
        Self {
            agent,
            subaccount,
            applied,
            refused,
        }
    }

    pub(super) fn key(&self) -> &'a SubaccountKey {
        self.subaccount.key()
    }

    pub(super) fn path(&self) -> SubaccountPath {
        let key = self.key();
        SubaccountPath {
            region_host: key.region_host.clone(),
            subaccount: key.subaccount,
        }
    }

    pub(super) fn mapping(&self, address: &VirtualAddress) -> Option<&'a Arc<MappingPart>> {
        self.subaccount
            .mapping(address.host.as_str(), address.port.get())
    }

    /// The mapping as the agent has it.
    pub(super) fn applied(&self, address: &VirtualAddress) -> Option<&'a Arc<MappingPart>> {
        self.applied?
            .mapping(address.host.as_str(), address.port.get())
    }

    fn send(&self, cx: &mut Cx<'_>, act: DraftAct, done: &Slot<()>) {
        cx.send(Command::Draft {
            agent: self.agent.id,
            act,
            done: done.clone(),
        });
    }

    /// Makes any change of the document.
    pub(super) fn edit(&self, cx: &mut Cx<'_>, what: String, done: &Slot<()>, edit: EditFn) {
        self.send(cx, DraftAct::Edit { what, edit }, done);
    }

    /// Adds a mapping, or replaces the one at its address.
    pub(super) fn put(&self, cx: &mut Cx<'_>, what: String, done: &Slot<()>, mapping: Mapping) {
        let key = self.key().clone();
        let edit = move |document: &Document| document.with_mapping(key, mapping);
        self.edit(cx, what, done, Box::new(edit));
    }

    /// Removes a mapping.
    pub(super) fn remove(&self, cx: &mut Cx<'_>, done: &Slot<()>, address: &VirtualAddress) {
        let (key, gone) = (self.key().clone(), address.clone());
        let edit = move |document: &Document| document.without_mapping(key, gone);
        self.edit(cx, format!("Remove {address}"), done, Box::new(edit));
    }

    /// Changes a mapping; letters typed one after the other are one change. Tells the hash of what
    /// it becomes, so that the form knows its own work.
    pub(super) fn change(
        &self,
        cx: &mut Cx<'_>,
        part: &MappingPart,
        what: &str,
        done: &Slot<()>,
        change: impl Fn(&mut MappingFields) + Send + 'static,
    ) -> Result<Option<Hash256>, Invalid> {
        let mut fields = MappingFields::clone(part);
        change(&mut fields);
        let hash = Part::new(Mapping::try_from(fields)?).hash();
        if hash == part.hash() {
            return Ok(None);
        }
        let address = part.virtual_address.clone();
        let what = format!("{what} of {address}");
        let key = self.key().clone();
        // What others changed of it meanwhile stays: the change is made of what is there then.
        let edit = move |document: &Document| {
            let found = document.subaccount(&key);
            let found =
                found.and_then(|one| one.mapping(address.host.as_str(), address.port.get()));
            let gone = || Invalid::new("mapping", format!("{address} is no longer there"));
            let mut fields = MappingFields::clone(found.ok_or_else(gone)?);
            change(&mut fields);
            document.with_mapping(key.clone(), Mapping::try_from(fields)?)
        };
        let edit = Box::new(edit);
        self.send(cx, DraftAct::Amend { what, edit }, done);
        Ok(Some(hash))
    }

    /// Gives a mapping another address.
    pub(super) fn rename(
        &self,
        cx: &mut Cx<'_>,
        done: &Slot<()>,
        part: &MappingPart,
        to: VirtualAddress,
    ) {
        let (key, from) = (self.key().clone(), part.virtual_address.clone());
        let what = format!("Rename {from} to {to}");
        let edit = move |document: &Document| {
            let found = document.subaccount(&key);
            let found = found.and_then(|one| one.mapping(from.host.as_str(), from.port.get()));
            let gone = || Invalid::new("mapping", format!("{from} is no longer there"));
            let fields = MappingFields::clone(found.ok_or_else(gone)?).at(to);
            let without = document.without_mapping(key.clone(), from.clone())?;
            without.with_mapping(key.clone(), Mapping::try_from(fields)?)
        };
        self.edit(cx, what, done, Box::new(edit));
    }
}
