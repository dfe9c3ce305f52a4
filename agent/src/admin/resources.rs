//! Resources of a system mapping.

use underpass_runtime::clock;
use underpass_shared::api::management::{
    MappingAddress, MappingTarget, Refusal, ResourceInput, SubaccountPath, SystemMappingResource,
    Target, Verb,
};
use underpass_shared::config::{CreationDate, Document, MappingFields, Resource, ResourcePath};

use super::call::{Call, blocking};
use super::mappings::{edit_mapping, find_mapping};
use super::subaccounts::find;
use super::{Admin, Answer, answer};

/// A change of the resources of one mapping.
fn edit(
    call: &Call,
    path: SubaccountPath,
    address: MappingAddress,
    change: impl FnOnce(&mut Vec<Resource>) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    edit_mapping(call, path, address, |fields: &mut MappingFields| {
        change(&mut fields.resources)
    })
}

fn position(resources: &[Resource], path: &ResourcePath) -> Result<usize, Refusal> {
    let found = resources.iter().position(|one| one.path == *path);
    found.ok_or_else(|| Refusal::not_found(format!("there is no resource {path}")))
}

impl Admin {
    pub(super) async fn resources(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        address: MappingAddress,
    ) -> Answer {
        match verb {
            Verb::Post => self.add_resource(&call, path, address).await,
            Verb::Delete => {
                let reason = format!("removed all resources of system mapping {address}");
                let edit = edit(&call, path, address, |resources| {
                    resources.clear();
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                blocking(move || {
                    let location = call.query.location_id.as_ref();
                    let found = find(current.document(), &path, location)?;
                    let all = find_mapping(found, &address)?.resources.iter();
                    let all: Vec<_> = all.map(SystemMappingResource::listed).collect();
                    answer::ok(&all, current.revision().number)
                })
                .await
            }
        }
    }

    async fn add_resource(
        &self,
        call: &Call,
        path: SubaccountPath,
        address: MappingAddress,
    ) -> Answer {
        let input: ResourceInput = call.read()?;
        let id = input.path(None)?;
        let reason = format!("added resource {id} to system mapping {address}");
        let target = Target::OfMapping(
            path.clone(),
            address.clone(),
            MappingTarget::Resource(id.as_str().to_owned()),
        );
        let edit = edit(call, path, address, move |resources| {
            if position(resources, &id).is_ok() {
                let message = format!("there is a resource {id} already");
                return Err(Refusal::illegal_state(message).at("id"));
            }
            let now = CreationDate::at(clock::wall_ms());
            resources.push(input.onto(id, None, now));
            Ok(())
        });
        let created = |revision| answer::created(&target, revision);
        self.change(call, &reason, edit, created).await
    }

    pub(super) async fn resource(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        address: MappingAddress,
        id: &str,
    ) -> Answer {
        let id: ResourcePath = id
            .parse()
            .map_err(|rule| Refusal::invalid("id", format!("{rule}")))?;
        match verb {
            Verb::Put => {
                let input: ResourceInput = call.read()?;
                input.path(Some(&id))?;
                let reason = format!("changed resource {id} of system mapping {address}");
                let edit = edit(&call, path, address, move |resources| {
                    let at = position(resources, &id)?;
                    let old = resources.remove(at);
                    let now = CreationDate::at(clock::wall_ms());
                    resources.push(input.onto(id, Some(&old), now));
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Delete => {
                let reason = format!("removed resource {id} of system mapping {address}");
                let edit = edit(&call, path, address, move |resources| {
                    let at = position(resources, &id)?;
                    resources.remove(at);
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Post | Verb::Patch => {
                let current = self.readable()?;
                let location = call.query.location_id.as_ref();
                let found = find(current.document(), &path, location)?;
                let all = &find_mapping(found, &address)?.resources;
                let one = all.iter().find(|one| one.path == id);
                let one =
                    one.ok_or_else(|| Refusal::not_found(format!("there is no resource {id}")))?;
                let shown = SystemMappingResource::show(one, &path, &address);
                answer::ok(&shown, current.revision().number)
            }
        }
    }
}
