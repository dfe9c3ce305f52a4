//! Domain mappings of cookies.

use underpass_shared::api::management::{
    DomainMappingInput, DomainMappingShown, Refusal, SubaccountPath, SubaccountTarget, Target, Verb,
};
use underpass_shared::config::{Document, DomainMapping};
use underpass_shared::host::CookieDomain;

use super::call::Call;
use super::subaccounts::{edit as edit_subaccount, find};
use super::{Admin, Answer, answer};

/// A change of the domain mappings of one subaccount.
fn edit(
    call: &Call,
    path: SubaccountPath,
    change: impl FnOnce(&mut Vec<DomainMapping>) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    edit_subaccount(call, path, |own| {
        let mut pairs = own.domain_mappings.as_slice().to_vec();
        change(&mut pairs)?;
        own.domain_mappings = pairs.try_into()?;
        Ok(())
    })
}

fn position(pairs: &[DomainMapping], internal: &CookieDomain) -> Result<usize, Refusal> {
    let found = pairs
        .iter()
        .position(|one| one.internal_domain == *internal);
    found.ok_or_else(|| Refusal::not_found(format!("there is no domain mapping {internal}")))
}

/// Adds a pair, unless its internal domain has one.
fn add(pairs: &mut Vec<DomainMapping>, pair: DomainMapping) -> Result<(), Refusal> {
    let internal = &pair.internal_domain;
    if position(pairs, internal).is_ok() {
        let message = format!("there is a domain mapping {internal} already");
        return Err(Refusal::illegal_state(message).at("internalDomain"));
    }
    pairs.push(pair);
    Ok(())
}

impl Admin {
    pub(super) async fn domain_mappings(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
    ) -> Answer {
        match verb {
            Verb::Post => {
                let pair: DomainMapping = call.read::<DomainMappingInput>()?.into();
                let internal = pair.internal_domain.clone();
                let reason = format!("added domain mapping {internal}");
                let target = Target::Of(path.clone(), SubaccountTarget::DomainMapping(internal));
                let edit = edit(&call, path, |pairs| add(pairs, pair));
                let created = |revision| answer::created(&target, revision);
                self.change(&call, &reason, edit, created).await
            }
            Verb::Delete => {
                let reason = format!("removed all domain mappings of {}", path.subaccount);
                let edit = edit(&call, path, |pairs| {
                    pairs.clear();
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                let location = call.query.location_id.as_ref();
                let own = find(current.document(), &path, location)?.own();
                let all = own.domain_mappings.as_slice().iter();
                let show = |pair| DomainMappingShown::show(pair, &path);
                let all: Vec<_> = all.map(show).collect();
                answer::ok(&all, current.revision().number)
            }
        }
    }

    pub(super) async fn domain_mapping(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        internal: CookieDomain,
    ) -> Answer {
        match verb {
            Verb::Put => {
                let pair: DomainMapping = call.read::<DomainMappingInput>()?.into();
                let reason = format!("changed domain mapping {internal}");
                let edit = edit(&call, path, move |pairs| {
                    pairs.remove(position(pairs, &internal)?);
                    add(pairs, pair)
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Delete => {
                let reason = format!("removed domain mapping {internal}");
                let edit = edit(&call, path, move |pairs| {
                    pairs.remove(position(pairs, &internal)?);
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Post | Verb::Patch => {
                let current = self.readable()?;
                let location = call.query.location_id.as_ref();
                let own = find(current.document(), &path, location)?.own();
                let pairs = own.domain_mappings.as_slice();
                let pair = pairs.get(position(pairs, &internal)?);
                let shown = pair.map(|pair| DomainMappingShown::show(pair, &path));
                answer::ok(&shown, current.revision().number)
            }
        }
    }
}
