//! The subaccounts and system mappings that a restore leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::adaptation::{Adaptation, AdaptationKind};
use super::choice::{RestoreMode, RestorePart};
use super::draft::Sources;
use crate::config::{
    ChannelId, Channels, Delta, Invalid, Mapping, MappingFields, MappingPart, Op, Part, Subaccount,
    SubaccountFields, SubaccountKey,
};
use crate::host::{InternalAddress, VirtualAddress};
use crate::id::{CredentialId, InstanceId};

/// A subaccount while it is put together.
#[derive(Clone)]
struct Taken {
    own: Arc<Part<SubaccountFields>>,
    mappings: BTreeMap<VirtualAddress, Arc<MappingPart>>,
    from_backup: bool,
}

impl Taken {
    fn of(subaccount: &Subaccount) -> Self {
        Self {
            own: Arc::clone(subaccount.own()),
            mappings: by_address(subaccount),
            from_backup: false,
        }
    }
}

fn by_address(subaccount: &Subaccount) -> BTreeMap<VirtualAddress, Arc<MappingPart>> {
    let all = subaccount.mappings().iter();
    all.map(|one| (one.virtual_address.clone(), Arc::clone(one)))
        .collect()
}

/// What is put together.
pub(super) struct Subaccounts {
    all: BTreeMap<SubaccountKey, Taken>,
    /// Enrolments that are written as the backup has them.
    pub(super) enrolments: BTreeSet<InstanceId>,
    pub(super) told: Vec<Adaptation>,
}

impl Subaccounts {
    /// Takes what was chosen from the backup; all else stays. `fresh` gives ids that are new.
    pub(super) fn pick(
        sources: &Sources<'_>,
        fresh: &mut dyn FnMut() -> uuid::Uuid,
    ) -> Result<Self, Invalid> {
        let present = sources.present.subaccounts().iter();
        let mut this = Self {
            all: present
                .map(|one| (one.key().clone(), Taken::of(one)))
                .collect(),
            enrolments: BTreeSet::new(),
            told: vec![],
        };
        let mut keys = BTreeSet::new();
        let meant = sources.backup.subaccounts().iter();
        for theirs in meant.filter(|one| sources.choice.means(one.key())) {
            let key = sources.key(theirs.key());
            if !keys.insert(key.clone()) {
                let rule = format!("two subaccounts of the backup become {key}");
                return Err(Invalid::new("locationIds", rule));
            }
            this.take(sources, theirs, key, fresh)?;
        }
        let all = sources.choice.only.is_none();
        let replacing = all && sources.choice.mode == RestoreMode::Replace;
        if replacing && sources.has(RestorePart::Subaccounts) {
            this.all.retain(|key, _| keys.contains(key));
        }
        this.number_channels()?;
        Ok(this)
    }

    fn take(
        &mut self,
        sources: &Sources<'_>,
        theirs: &Subaccount,
        key: SubaccountKey,
        fresh: &mut dyn FnMut() -> uuid::Uuid,
    ) -> Result<(), Invalid> {
        let here = self.all.get(&key).cloned();
        let mut taken = match (sources.has(RestorePart::Subaccounts), here) {
            (true, here) => {
                let present = here.as_ref().map(|here| &here.own);
                let own = self.own(sources, theirs.own(), &key, present, fresh)?;
                Taken {
                    own: Arc::new(Part::new(own)),
                    mappings: here.map(|here| here.mappings).unwrap_or_default(),
                    from_backup: true,
                }
            }
            (false, Some(here)) => here,
            (false, None) => {
                if sources.has(RestorePart::Mappings) && !theirs.mappings().is_empty() {
                    self.told.push(Adaptation::new(
                        AdaptationKind::LeftOut,
                        format!("subaccount {key}"),
                        "the subaccount is not here, so its system mappings are left out",
                        "choose the part subaccounts too, or enrol this agent for it first",
                    ));
                }
                return Ok(());
            }
        };
        if sources.has(RestorePart::Mappings) {
            let all = sources.choice.only_mappings.is_none();
            if all && sources.choice.mode == RestoreMode::Replace {
                taken.mappings.clear();
            }
            let meant = theirs.mappings().iter();
            let meant = meant.filter(|one| {
                let address = &one.virtual_address;
                sources.choice.means_mapping(theirs.key(), address)
            });
            for mapping in meant {
                let mapping = adapted(sources, mapping)?;
                taken
                    .mappings
                    .insert(mapping.virtual_address.clone(), mapping);
            }
        }
        self.all.insert(key, taken);
        Ok(())
    }

    /// The own fields as they come from the backup, with the enrolment that is good here.
    fn own(
        &mut self,
        sources: &Sources<'_>,
        theirs: &SubaccountFields,
        key: &SubaccountKey,
        here: Option<&Arc<Part<SubaccountFields>>>,
        fresh: &mut dyn FnMut() -> uuid::Uuid,
    ) -> Result<SubaccountFields, Invalid> {
        let mut own = SubaccountFields {
            key: key.clone(),
            display_name: sources.choice.name(&theirs.display_name)?,
            ..theirs.clone()
        };
        let moved = theirs.key.location_id != key.location_id;
        let backed = sources.backed_enrolment(theirs.instance);
        let wanted = sources.choice.enrolments && !moved;
        let Some(backed) = backed.filter(|_| wanted) else {
            match here {
                Some(here) => {
                    own.instance = here.instance;
                    own.credential = here.credential;
                    own.connected = here.connected;
                }
                None => self.not_enrolled(&mut own, fresh),
            }
            return Ok(own);
        };
        if theirs.key.region_host != key.region_host {
            self.told.push(Adaptation::new(
                AdaptationKind::RegionChanged,
                format!("subaccount {key}"),
                format!("it was enrolled at {}", theirs.key.region_host),
                "the gateway must have a certificate for the new name from the same CA; else enrol again",
            ));
        }
        let held = |instance| sources.held.enrolments.get(&instance);
        let newer = |instance| held(instance).is_some_and(|one| one.not_before_ms > backed);
        let other = here.filter(|here| here.instance != theirs.instance && newer(here.instance));
        if let Some(here) = other {
            own.instance = here.instance;
            own.credential = here.credential;
        }
        if other.is_some() || newer(theirs.instance) {
            self.told.push(Adaptation::new(
                AdaptationKind::EnrolmentKept,
                format!("subaccount {key}"),
                "the client certificate on this host is newer than the one in the backup and stays",
                "nothing is to be done",
            ));
        } else {
            self.enrolments.insert(theirs.instance);
        }
        Ok(own)
    }

    fn not_enrolled(&mut self, own: &mut SubaccountFields, fresh: &mut dyn FnMut() -> uuid::Uuid) {
        let id = fresh();
        own.instance = InstanceId::from_uuid(id);
        own.credential = CredentialId::from_uuid(id);
        own.connected = false;
        self.told.push(Adaptation::new(
            AdaptationKind::NotEnrolled,
            format!("subaccount {}", own.key),
            "it comes without an enrolment and is not connected",
            "enrol with a token of the gateway, or have the source hand it over",
        ));
    }

    /// Gives channels of the backup other numbers where those are in use here.
    fn number_channels(&mut self) -> Result<(), Invalid> {
        let of = |taken: &Taken| -> Vec<ChannelId> {
            let all = taken.own.channels.as_slice().iter();
            all.map(|one| one.id).collect()
        };
        let own = self.all.values().filter(|one| !one.from_backup);
        let mut used: BTreeSet<ChannelId> = own.flat_map(of).collect();
        for taken in self.all.values_mut().filter(|one| one.from_backup) {
            if of(taken).iter().all(|id| !used.contains(id)) {
                used.extend(of(taken));
                continue;
            }
            let mut fields = SubaccountFields::clone(&taken.own);
            let mut channels = fields.channels.as_slice().to_vec();
            for channel in &mut channels {
                while !used.insert(channel.id) {
                    channel.id = channel.id.next();
                }
            }
            fields.channels = Channels::try_from(channels)?;
            taken.own = Arc::new(Part::new(fields));
        }
        Ok(())
    }

    /// The steps to them from nothing.
    pub(super) fn into_delta(self, connector: Op) -> Delta {
        let mut ops = vec![connector];
        for (subaccount, taken) in self.all {
            ops.push(Op::PutSubaccount(taken.own));
            ops.extend(taken.mappings.into_values().map(|mapping| Op::PutMapping {
                subaccount: subaccount.clone(),
                mapping,
            }));
        }
        Delta { ops }
    }
}

/// A mapping that leads to the host by the name that it has here.
fn adapted(sources: &Sources<'_>, mapping: &Arc<MappingPart>) -> Result<Arc<MappingPart>, Invalid> {
    let internal = &mapping.internal_address;
    let Some(host) = sources.choice.host(&internal.host)? else {
        return Ok(Arc::clone(mapping));
    };
    let fields: MappingFields = Mapping::clone(mapping).into();
    let adapted = Mapping::try_from(MappingFields {
        internal_address: InternalAddress {
            host,
            port: internal.port,
        },
        ..fields
    })?;
    Ok(Arc::new(Part::new(adapted)))
}
