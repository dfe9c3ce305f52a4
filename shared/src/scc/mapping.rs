//! System mappings.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use super::address::SourceSubaccount;
use super::fields::Fields;
use super::findings::{Decision, Findings, Kind, Topic, shown};
use super::plan::Work;
use super::reading::{list, text_of};
use super::resource;
use crate::api::management::{self, SystemMappingInput};
use crate::config::limits::{DESCRIPTION_LEN_MAX, SYSTEM_ID_LEN_MAX};
use crate::config::{
    AuthenticationMode, BackendType, CreationDate, Mapping, MappingFields, Protocol,
    ProtocolFamily, Text,
};
use crate::host::VirtualAddress;
use crate::policy::effective::{NotEffective, effective};
use crate::policy::target;

/// The fields that our own API takes too.
const KNOWN: [&str; 13] = [
    "virtualHost",
    "virtualPort",
    "localHost",
    "localPort",
    "protocol",
    "backendType",
    "hostInHeader",
    "authenticationMode",
    "sid",
    "sapRouter",
    "sncPartnerName",
    "allowedClients",
    "blacklistedUsers",
];

/// When something was added, which answers tell in milliseconds as text.
pub(super) fn created(fields: &mut Fields) -> CreationDate {
    let ms = fields.text("creationDate");
    let ms = ms.and_then(|ms| ms.parse::<i64>().ok());
    ms.map_or_else(CreationDate::default, CreationDate::at)
}

/// The mappings of a subaccount, as far as a document can have them.
pub(super) fn mappings(work: &mut Work<'_>, whose: &SourceSubaccount) -> Vec<Mapping> {
    let reading = work.reading;
    let mut found: BTreeMap<VirtualAddress, Mapping> = BTreeMap::new();
    for value in list(reading.answer(&whose.below("systemMappings"))) {
        let mapping = one(work, whose, value);
        let mapping = mapping.filter(|mapping| {
            let is_new = !found.contains_key(&mapping.virtual_address);
            if !is_new {
                let why = "another mapping has the same virtual host without regard to case, and the same port";
                let address = mapping.virtual_address.to_string();
                let place = format!("{whose} {address}");
                work.findings.left(&place, "virtualHost", Some(address), why);
                work.counts.resources.carried -= mapping.resources.len();
            }
            is_new
        });
        work.counts.system_mappings.count(mapping.is_some());
        found.extend(mapping.map(|one| (one.virtual_address.clone(), one)));
    }
    found.into_values().collect()
}

/// Counts the mappings and resources of a subaccount that stays behind.
pub(super) fn leave(work: &mut Work<'_>, whose: &SourceSubaccount) {
    let reading = work.reading;
    for value in list(reading.answer(&whose.below("systemMappings"))) {
        work.counts.system_mappings.count(false);
        work.counts.resources.found += list(resources(work, whose, value)).len();
    }
}

fn address(value: &Value) -> (String, String) {
    let text = |name: &str| value.get(name).map(text_of).unwrap_or_default();
    (text("virtualHost"), text("virtualPort"))
}

fn resources<'a>(work: &Work<'a>, whose: &SourceSubaccount, value: &Value) -> Option<&'a Value> {
    let (host, port) = address(value);
    let path = whose.of_mapping(&host, &port, "resources");
    work.reading.answer(&path)
}

fn one(work: &mut Work<'_>, whose: &SourceSubaccount, value: &Value) -> Option<Mapping> {
    let (host, port) = address(value);
    let place = format!("{whose} {host}:{port}");
    let listed = resources(work, whose, value);
    let mut fields = Fields::of(value, &place);
    rfc_lists(work, whose, (&host, &port), &mut fields);
    count_told(work, &place, &mut fields, list(listed).len());
    let creation_date = created(&mut fields);
    adapt(&mut fields, &mut work.findings);
    let read = read(&mut fields, creation_date, &mut work.findings);
    fields.finish(&mut work.findings);
    let mut base = match read {
        Ok(base) => base,
        Err(why) => {
            work.findings.left(&place, "", Some(shown(value)), why);
            work.counts.resources.found += list(listed).len();
            return None;
        }
    };
    sessions(work, &place, &mut base);
    local_host(work, &place, &base);
    resource::carry(work, &place, listed, &mut base);
    let mapping = match Mapping::try_from(base) {
        Ok(mapping) => mapping,
        Err(invalid) => {
            work.findings
                .left(&place, &invalid.field, None, invalid.rule);
            return None;
        }
    };
    if let Err(why) = effective(&mapping) {
        let (field, value) = match why {
            NotEffective::Protocol => ("protocol", value.get("protocol")),
            NotEffective::Authentication => ("authenticationMode", value.get("authenticationMode")),
        };
        let findings = &mut work.findings;
        findings.note(
            Kind::WithoutEffect,
            &place,
            field,
            value.map(shown),
            why.to_string(),
        );
    }
    Some(mapping)
}

/// The fields by the rules of our own API, and the whole without resources by those of the document.
fn read(
    fields: &mut Fields,
    creation_date: CreationDate,
    findings: &mut Findings,
) -> Result<MappingFields, String> {
    let description: Text<DESCRIPTION_LEN_MAX> = fields.fit("description", findings);
    let system_id: Text<SYSTEM_ID_LEN_MAX> = fields.fit("sid", findings);
    let known = serde_json::to_vec(&fields.take(&KNOWN)).map_err(|error| error.to_string())?;
    let told = |refusal: management::Refusal| match refusal.body.field {
        Some(field) => format!("{field}: {}", refusal.body.message),
        None => refusal.body.message,
    };
    let input: SystemMappingInput = management::read(&known).map_err(told)?;
    let address = input.address(None).map_err(told)?;
    let mut base = input.onto(&address, None, creation_date).map_err(told)?;
    base.description = description;
    base.system_id = system_id;
    let checked = Mapping::try_from(base).map_err(|invalid| invalid.to_string())?;
    Ok(checked.into())
}

/// Older versions tell the lists of clients and users apart from the mapping.
fn rfc_lists(
    work: &Work<'_>,
    whose: &SourceSubaccount,
    (host, port): (&str, &str),
    fields: &mut Fields,
) {
    for (name, what) in [
        ("allowedClients", "allowedClients"),
        ("blacklistedUsers", "blockedClientUsers"),
    ] {
        let told = work.reading.answer(&whose.of_mapping(host, port, what));
        if let Some(told) = told.filter(|told| told.is_array()) {
            fields.put(name, told.clone());
        }
    }
    if let Some(users) = fields.value("blockedClientUsers") {
        fields.put("blacklistedUsers", users);
    }
}

/// The connector counts its resources; its list must have as many.
fn count_told(work: &mut Work<'_>, place: &str, fields: &mut Fields, listed: usize) {
    let total = fields.text("totalResourcesCount");
    let total = total.and_then(|text| text.parse::<usize>().ok());
    if let Some(total) = total.filter(|total| *total > listed) {
        let why = format!("the connector counts {total} resources, and lists {listed}");
        work.findings.left(place, "totalResourcesCount", None, why);
        work.counts.resources.found += total - listed;
    }
    let why = "follows from the resources";
    fields.states(&["enabledResourcesCount"], why, &mut work.findings);
}

/// Leaves behind what the protocol has no use for.
fn adapt(fields: &mut Fields, findings: &mut Findings) {
    let as_type = |value: Option<Value>| value.unwrap_or_default();
    let protocol = as_type(fields.value("protocol"));
    fields.put("protocol", protocol.clone());
    let Ok(protocol) = serde_json::from_value::<Protocol>(protocol) else {
        return;
    };
    let mode = as_type(fields.value("authenticationMode"));
    let backend = as_type(fields.value("backendType"));
    fields.put("backendType", backend.clone());
    if let Ok(mode) = serde_json::from_value::<AuthenticationMode>(mode.clone()) {
        let backend = serde_json::from_value::<BackendType>(backend).ok();
        if mode.fits(protocol) && backend.is_none_or(|backend| mode.suits(backend)) {
            fields.put("authenticationMode", serde_json::json!(mode));
        } else {
            let why = "the mode does not exist for this protocol and back-end type; the user is not told to the back end";
            findings.left(
                fields.place(),
                "authenticationMode",
                Some(shown(&mode_value(mode))),
                why,
            );
        }
    } else if !mode.is_null() {
        fields.put("authenticationMode", mode);
    }
    let rfc = protocol.family() == ProtocolFamily::Rfc;
    let empty = |value: &Value| {
        matches!(value, Value::Array(list) if list.is_empty())
            || matches!(value, Value::String(text) if text.is_empty())
    };
    for (name, fits) in [
        ("sapRouter", rfc),
        ("allowedClients", rfc),
        ("blacklistedUsers", rfc),
        ("sncPartnerName", protocol == Protocol::Rfcs),
    ] {
        match fields.value(name) {
            Some(value) if fits => fields.put(name, value),
            Some(value) if !empty(&value) => {
                let why = "the protocol of the mapping has no use for it";
                findings.left(fields.place(), name, Some(shown(&value)), why);
            }
            Some(_) | None => {}
        }
    }
}

fn mode_value(mode: AuthenticationMode) -> Value {
    serde_json::json!(mode)
}

/// The connector takes the sessions out of URLs of ABAP systems by itself.
fn sessions(work: &mut Work<'_>, place: &str, base: &mut MappingFields) {
    let http = base.protocol.family() == ProtocolFamily::Http;
    if !http || !matches!(base.backend_type, BackendType::Abap | BackendType::Gateway) {
        return;
    }
    base.path_options.bsp_mangling = !work.choice.strict_sessions;
    let (taken, instead) = if work.choice.strict_sessions {
        (
            "paths with a session in them are refused",
            "without --strict-sessions they are matched without it, as before",
        )
    } else {
        (
            "paths are matched without it, as before",
            "--strict-sessions refuses paths with a session",
        )
    };
    work.findings.decide(Decision {
        topic: Topic::Sessions,
        key: String::new(),
        about: "sessions in the URLs of ABAP systems, as in /sap(bD1lbg==)/bc".to_owned(),
        taken: taken.to_owned(),
        instead: instead.to_owned(),
        open: false,
        places: vec![place.to_owned()],
    });
}

/// Nobody: what the agent itself listens on is not known here.
struct Nobody;

impl target::Own for Nobody {
    fn listens_on(&self, _ip: IpAddr, _port: u16) -> bool {
        false
    }
}

/// The connector's own host is another host than the agent's.
fn local_host(work: &mut Work<'_>, place: &str, base: &MappingFields) {
    let host = base.internal_address.host.as_str();
    let port = base.internal_address.port.get();
    let refused = match host.parse::<IpAddr>() {
        Ok(ip) => target::check(ip, port, &[], &Nobody).is_err(),
        Err(_name) => host == "localhost" || host.ends_with(".localhost"),
    };
    if refused {
        work.findings.decide(Decision {
            topic: Topic::LocalHosts,
            key: String::new(),
            about: "back ends at loopback and link-local addresses".to_owned(),
            taken: "carried; the agent refuses to call them".to_owned(),
            instead: "the address means the agent's host now: write the other host's name instead, or have an Administrator allow it with `underpass-agent target add`".to_owned(),
            open: false,
            places: vec![format!("{place} → {}", base.internal_address)],
        });
    }
}
