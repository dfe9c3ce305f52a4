//! System mappings of a subaccount.

use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{
    MappingAddress, MappingTarget, Refusal, SubaccountPath, SystemMapping, SystemMappingInput,
    Target, Verb,
};
use underpass_shared::config::{
    CreationDate, Document, Mapping, MappingFields, MappingPart, Subaccount,
};
use underpass_shared::policy::effective::effective;

use super::call::{Call, blocking};
use super::subaccounts::find;
use super::{Admin, Answer, answer};

/// The mapping of an address.
pub(super) fn find_mapping<'a>(
    subaccount: &'a Subaccount,
    address: &MappingAddress,
) -> Result<&'a Arc<MappingPart>, Refusal> {
    let key = address.key();
    let found = subaccount.mapping(key.host.as_str(), key.port.get());
    let found = found.filter(|one| address.is_of(one));
    found.ok_or_else(|| Refusal::not_found(format!("there is no system mapping {address}")))
}

/// A change of one mapping.
pub(super) fn edit_mapping(
    call: &Call,
    path: SubaccountPath,
    address: MappingAddress,
    change: impl FnOnce(&mut MappingFields) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    let location = call.query.location_id.clone();
    move |document| {
        let found = find(document, &path, location.as_ref())?;
        let mut fields = MappingFields::clone(find_mapping(found, &address)?);
        change(&mut fields)?;
        let mapping = Mapping::try_from(fields)?;
        Ok(document.with_mapping(found.key().clone(), mapping)?)
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Copy)]
struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    /// None where all of it is.
    fn of(call: &Call) -> Result<Option<Self>, Refusal> {
        let (offset, limit) = (call.query.offset, call.query.limit);
        if offset.is_none() && limit.is_none() {
            return Ok(None);
        }
        let limit = limit.unwrap_or(LIST_LEN_MAX);
        if !(1..=LIST_LEN_MAX).contains(&limit) {
            let rule = format!("must be between 1 and {LIST_LEN_MAX}");
            return Err(Refusal::invalid("limit", rule));
        }
        let offset = offset.unwrap_or_default();
        Ok(Some(Self { offset, limit }))
    }
}

fn show(mapping: &Mapping, path: &SubaccountPath) -> SystemMapping {
    let not_effective = effective(mapping).err();
    let not_effective = not_effective.map(|reason| reason.to_string());
    SystemMapping::show(mapping, path, not_effective)
}

impl Admin {
    pub(super) async fn mappings(&self, call: Call, verb: Verb, path: SubaccountPath) -> Answer {
        match verb {
            Verb::Post => self.add_mapping(&call, path).await,
            Verb::Delete => {
                let reason = format!("removed all system mappings of {}", path.subaccount);
                let location = call.query.location_id.clone();
                let edit = move |document: &Document| {
                    let found = find(document, &path, location.as_ref())?;
                    let (key, own) = (found.key().clone(), found.own());
                    let empty = document.without_subaccount(key)?;
                    Ok(empty.with_subaccount((***own).clone())?)
                };
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                let location = call.query.location_id.clone();
                let page = Page::of(&call)?;
                blocking(move || {
                    let found = find(current.document(), &path, location.as_ref())?;
                    let (all, number) = (found.mappings(), current.revision().number);
                    let Some(Page { offset, limit }) = page else {
                        let all: Vec<_> = all.iter().map(|one| show(one, &path)).collect();
                        return answer::ok(&all, number);
                    };
                    let some = all.iter().skip(offset).take(limit);
                    let some: Vec<_> = some.map(|one| show(one, &path)).collect();
                    let mut shown = answer::ok(&some, number)?;
                    answer::total(&mut shown, all.len());
                    Ok(shown)
                })
                .await
            }
        }
    }

    async fn add_mapping(&self, call: &Call, path: SubaccountPath) -> Answer {
        let input: SystemMappingInput = call.read()?;
        let address = input.address(None)?;
        let target = Target::OfMapping(path.clone(), address.clone(), MappingTarget::Itself);
        let reason = format!(
            "added system mapping {address} to {}:{}",
            input.local_host, input.local_port
        );
        let location = call.query.location_id.clone();
        let edit = move |document: &Document| {
            let found = find(document, &path, location.as_ref())?;
            let key = address.key();
            if let Some(there) = found.mapping(key.host.as_str(), key.port.get()) {
                let there = MappingAddress::of(there);
                let message = format!("there is a system mapping {there} already");
                return Err(Refusal::illegal_state(message).at("virtualHost"));
            }
            let now = CreationDate::at(clock::wall_ms());
            let mapping = Mapping::try_from(input.onto(&address, None, now)?)?;
            Ok(document.with_mapping(found.key().clone(), mapping)?)
        };
        let created = |revision| answer::created(&target, revision);
        self.change(call, &reason, edit, created).await
    }

    pub(super) async fn mapping(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        address: MappingAddress,
    ) -> Answer {
        let location = call.query.location_id.clone();
        match verb {
            Verb::Put => {
                let input: SystemMappingInput = call.read()?;
                input.address(Some(&address))?;
                let reason = format!("changed system mapping {address}");
                let edit = move |document: &Document| {
                    let found = find(document, &path, location.as_ref())?;
                    let old = find_mapping(found, &address)?;
                    let now = CreationDate::at(clock::wall_ms());
                    let mapping = Mapping::try_from(input.onto(&address, Some(old), now)?)?;
                    Ok(document.with_mapping(found.key().clone(), mapping)?)
                };
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Delete => {
                let reason = format!("removed system mapping {address}");
                let edit = move |document: &Document| {
                    let found = find(document, &path, location.as_ref())?;
                    find_mapping(found, &address)?;
                    Ok(document.without_mapping(found.key().clone(), address.key())?)
                };
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Post | Verb::Patch => {
                let current = self.readable()?;
                let found = find(current.document(), &path, location.as_ref())?;
                let mapping = find_mapping(found, &address)?;
                answer::ok(&show(mapping, &path), current.revision().number)
            }
        }
    }
}
