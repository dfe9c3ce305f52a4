//! Subaccounts with all that is theirs.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::address::SourceSubaccount;
use super::fields::Fields;
use super::findings::{Decision, Kind, Topic, shown};
use super::plan::Work;
use super::reading::list;
use super::{channel, mapping, trust};
use crate::api::management::ImportMode;
use crate::config::{
    AuditLevel, Document, DomainMapping, DomainMappings, Mapping, SubaccountFields, SubaccountKey,
    Text,
};
use crate::host::VirtualAddress;
use crate::id::{CredentialId, InstanceId, LocationId, RegionHost, SubaccountId};

/// The document with a subaccount of the connector, as far as a document can have it.
pub(super) fn carry(
    work: &mut Work<'_>,
    document: Document,
    whose: &SourceSubaccount,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Document {
    let reading = work.reading;
    let nothing = Value::Null;
    let told = reading.answer(&whose.path()).unwrap_or(&nothing);
    let mut fields = Fields::of(told, whose.to_string());
    let Some(key) = key(work, whose, &mut fields) else {
        leave(work, whose);
        return document;
    };
    let old = document
        .subaccount(&key)
        .map(|one| SubaccountFields::clone(one.own()));
    let is_new = old.is_none();
    let mut own = old.unwrap_or_else(|| SubaccountFields {
        connected: false,
        ..SubaccountFields::enrolled(
            key.clone(),
            InstanceId::from_uuid(fresh()),
            CredentialId::from_uuid(fresh()),
        )
    });
    texts(work, &mut fields, &mut own);
    own.channels = channel::carry(work, whose, &key, &document);
    own.domain_mappings = domains(work, whose, &own.domain_mappings);
    own.identity_trust = trust::identity(work, whose, Some(&own.identity_trust));
    levels(work, whose, &mut own);
    fields.finish(&mut work.findings);
    let with = match document.with_subaccount(own) {
        Ok(with) => with,
        Err(invalid) => {
            work.findings
                .left(&whose.to_string(), &invalid.field, None, invalid.rule);
            work.counts.subaccounts.count(false);
            mapping::leave(work, whose);
            return document;
        }
    };
    work.counts.subaccounts.count(true);
    if is_new {
        enrolment(work, whose, &key);
    }
    work.carried.insert(key.clone());
    let mappings = mapping::mappings(work, whose);
    put(work, with, whose, &key, mappings)
}

/// Counts what a subaccount has that stays behind.
fn leave(work: &mut Work<'_>, whose: &SourceSubaccount) {
    work.counts.subaccounts.count(false);
    mapping::leave(work, whose);
    channel::leave(work, whose);
    trust::leave(work, whose);
    let domains = list(work.reading.answer(&whose.below("domainMappings")));
    work.counts.domain_mappings.found += domains.len();
}

/// What it is found by here, if all of it is decided.
fn key(
    work: &mut Work<'_>,
    whose: &SourceSubaccount,
    fields: &mut Fields,
) -> Option<SubaccountKey> {
    let why = "told by its address";
    fields.states(&["regionHost", "subaccount"], why, &mut work.findings);
    if work.choice.leaves_out(whose) {
        let why = "the subaccount was left out by choice";
        work.findings.left(&whose.to_string(), "", None, why);
        return None;
    }
    let region = region(work, whose);
    let id = guid(work, whose);
    let location = location(work, whose, fields);
    let key = SubaccountKey {
        region_host: region?,
        subaccount: id?,
        location_id: location?,
    };
    if work.carried.contains(&key) {
        let why = "another subaccount of the connector became the same one here";
        work.findings
            .left(&whose.to_string(), "", Some(key.to_string()), why);
        return None;
    }
    Some(key)
}

fn region(work: &mut Work<'_>, whose: &SourceSubaccount) -> Option<RegionHost> {
    let host = &whose.region_host;
    let region = work.choice.region(host).cloned();
    let taken = match &region {
        Some(region) => format!("the gateway {region} takes its place"),
        None => "no gateway is named for it, so its subaccounts stay behind".to_owned(),
    };
    work.findings.decide(Decision {
        topic: Topic::Region,
        key: host.clone(),
        about: format!("the region {host}"),
        taken,
        instead: format!("--region {host}=GATEWAY names another one"),
        open: region.is_none(),
        places: vec![whose.to_string()],
    });
    region
}

fn guid(work: &mut Work<'_>, whose: &SourceSubaccount) -> Option<SubaccountId> {
    let told = &whose.subaccount;
    let renamed = work.choice.renamed(whose);
    if let Some(id) = renamed.or_else(|| told.parse().ok()) {
        if renamed.is_some() {
            let why = "another id was named for it";
            let value = Some(format!("{told} → {id}"));
            let findings = &mut work.findings;
            findings.note(Kind::Changed, &whose.to_string(), "subaccount", value, why);
        }
        return Some(id);
    }
    work.findings.decide(Decision {
        topic: Topic::Subaccount,
        key: told.clone(),
        about: format!("the subaccount {told}, whose id is no GUID"),
        taken: "it stays behind".to_owned(),
        instead: format!("--subaccount {told}=GUID names the subaccount of the gateway"),
        open: true,
        places: vec![whose.to_string()],
    });
    None
}

fn location(
    work: &mut Work<'_>,
    whose: &SourceSubaccount,
    fields: &mut Fields,
) -> Option<LocationId> {
    let told = fields.text("locationID").unwrap_or_default();
    let renamed = work.choice.locations.get(&told).cloned();
    if let Some(location) = renamed.clone().or_else(|| told.parse().ok()) {
        if renamed.is_some() {
            let why = "another location ID was named for it";
            let value = Some(format!("{told} → {location}"));
            let findings = &mut work.findings;
            findings.note(Kind::Changed, fields.place(), "locationID", value, why);
        }
        return Some(location);
    }
    work.findings.decide(Decision {
        topic: Topic::LocationId,
        key: told.clone(),
        about: format!("the location ID {told}, which has other characters than A-Z a-z 0-9 . _ -"),
        taken: "its subaccount stays behind".to_owned(),
        instead: format!("--location {told}=NEW names another; destinations must name it too"),
        open: true,
        places: vec![whose.to_string()],
    });
    None
}

/// Names and flags.
fn texts(work: &mut Work<'_>, fields: &mut Fields, own: &mut SubaccountFields) {
    let mode = work.choice.mode;
    let name = fields.fit("displayName", &mut work.findings);
    let description = fields.fit("description", &mut work.findings);
    let place = fields.place().to_owned();
    if !merge(mode, &mut own.display_name, name) {
        work.conflict(&format!("{place} displayName"), "texts of subaccounts");
    }
    if !merge(mode, &mut own.description, description) {
        work.conflict(&format!("{place} description"), "texts of subaccounts");
    }
    if let Some(managed) = fields.flag("isManaged") {
        own.managed |= managed;
        if mode == ImportMode::Overwrite {
            own.managed = managed;
        }
    }
    if fields.flag("autoCertRenewal") == Some(false) {
        let why = "client certificates are always renewed";
        let findings = &mut work.findings;
        findings.left(&place, "autoCertRenewal", Some("false".to_owned()), why);
    }
    let why = "the state of the tunnel; its certificate's key cannot leave the connector";
    fields.states(&["tunnel"], why, &mut work.findings);
}

/// Whether the one is in the other's place, or the same.
fn merge<const MAX: usize>(mode: ImportMode, present: &mut Text<MAX>, wanted: Text<MAX>) -> bool {
    if present.is_empty() || (mode == ImportMode::Overwrite && !wanted.is_empty()) {
        *present = wanted;
        return true;
    }
    wanted.is_empty() || *present == wanted
}

/// What the connector keeps of it elsewhere: the level of the audit log, traces.
fn levels(work: &mut Work<'_>, whose: &SourceSubaccount, own: &mut SubaccountFields) {
    let reading = work.reading;
    if let Some(told) = reading.answer(&whose.setting("/auditLog")) {
        let mut fields = Fields::of(told, format!("{whose} audit log"));
        let level = fields.value("level");
        let read = level.clone().map(serde_json::from_value::<AuditLevel>);
        match read {
            Some(Ok(level)) => {
                let name = format!("{whose} level of the audit log");
                work.settle(&name, &mut own.audit_level, level);
            }
            Some(Err(rule)) => {
                let value = level.as_ref().map(shown);
                work.findings
                    .left(fields.place(), "level", value, rule.to_string());
            }
            None => {}
        }
        fields.finish(&mut work.findings);
    }
    if let Some(told) = reading.answer(&whose.setting("/logAndTrace")) {
        let mut fields = Fields::of(told, format!("{whose} traces"));
        for name in ["trafficTrace", "payloadSncTrace"] {
            if fields.flag(name) == Some(true) {
                let why = "traces hold payload; an import does not switch them on";
                let findings = &mut work.findings;
                findings.left(fields.place(), name, Some("true".to_owned()), why);
            }
        }
        fields.finish(&mut work.findings);
    }
}

fn domains(
    work: &mut Work<'_>,
    whose: &SourceSubaccount,
    present: &DomainMappings,
) -> DomainMappings {
    let mut all = present.as_slice().to_vec();
    let place = format!("{whose} cookie domains");
    for value in list(work.reading.answer(&whose.below("domainMappings"))) {
        let mut fields = Fields::of(value, &place);
        let known = fields.take(&["virtualDomain", "internalDomain"]);
        fields.finish(&mut work.findings);
        let read = serde_json::from_value::<DomainMapping>(Value::Object(known));
        let new = match read {
            Ok(new) => new,
            Err(rule) => {
                work.findings
                    .left(&place, "", Some(shown(value)), rule.to_string());
                work.counts.domain_mappings.count(false);
                continue;
            }
        };
        let same = all
            .iter_mut()
            .find(|one| one.internal_domain == new.internal_domain);
        let carried = match same {
            None => {
                all.push(new);
                true
            }
            Some(same) if *same == new => true,
            Some(same) if work.choice.mode == ImportMode::Overwrite => {
                *same = new;
                true
            }
            Some(_) => {
                work.conflict(
                    &format!("{place} {}", new.internal_domain),
                    "cookie domains",
                );
                false
            }
        };
        work.counts.domain_mappings.count(carried);
    }
    DomainMappings::try_from(all).unwrap_or_else(|invalid| {
        work.findings.left(&place, "", None, invalid.to_string());
        present.clone()
    })
}

/// A subaccount without a tunnel: what makes it one with a tunnel.
fn enrolment(work: &mut Work<'_>, whose: &SourceSubaccount, key: &SubaccountKey) {
    work.findings.decide(Decision {
        topic: Topic::Enrolment,
        key: String::new(),
        about: "subaccounts that were never enrolled at their gateway".to_owned(),
        taken: "added without a tunnel".to_owned(),
        instead: "a token of the gateway enrols each; its mappings stay as they are".to_owned(),
        open: false,
        places: vec![format!("{whose} → {key}")],
    });
    let location = match key.location_id.as_str() {
        "" => String::new(),
        location => format!(" --location-id {location}"),
    };
    let SubaccountKey {
        region_host,
        subaccount,
        ..
    } = key;
    work.steps.push(format!(
        "Gateway {region_host}: `underpass-gateway subaccount add NAME --id {subaccount}` (once), then `underpass-gateway enrol-token create --subaccount {subaccount}{location}`; agent: `underpass-agent enrol TOKEN`"
    ));
}

/// The document with the mappings; what breaks a rule together with others is put in one by one.
fn put(
    work: &mut Work<'_>,
    document: Document,
    whose: &SourceSubaccount,
    key: &SubaccountKey,
    mappings: Vec<Mapping>,
) -> Document {
    let mode = work.choice.mode;
    let sizes = mappings.iter();
    let sizes = sizes.map(|one| (one.virtual_address.clone(), one.resources.len()));
    let sizes: BTreeMap<VirtualAddress, usize> = sizes.collect();
    let mut told = crate::api::management::Imported::default();
    let mut document = document;
    match document.import(key, mappings.clone(), mode) {
        Ok((with, imported)) => (document, told) = (with, imported),
        Err(_together) => {
            for one in mappings {
                let (address, resources) = (one.virtual_address.clone(), one.resources.len());
                match document.import(key, vec![one], mode) {
                    Ok((with, imported)) => {
                        document = with;
                        told.skipped.extend(imported.skipped);
                    }
                    Err(invalid) => {
                        let place = format!("{whose} {address}");
                        work.findings
                            .left(&place, &invalid.field, None, invalid.rule);
                        work.counts.system_mappings.carried -= 1;
                        work.counts.resources.carried -= resources;
                    }
                }
            }
        }
    }
    for one in told.skipped {
        let counts = &mut work.counts;
        match &one.resource {
            Some(_) => counts.resources.carried -= 1,
            None => {
                counts.system_mappings.carried -= 1;
                counts.resources.carried -= sizes.get(&one.mapping).copied().unwrap_or(0);
            }
        }
        let resource = one
            .resource
            .map(|path| format!(" {path}"))
            .unwrap_or_default();
        let place = format!("{whose} {}{resource}", one.mapping);
        work.conflict(&place, "system mappings and resources with other settings");
    }
    document
}
