//! Resources: what of a mapped system may be called.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use super::choice::Prefix;
use super::fields::Fields;
use super::findings::{Decision, Kind, Topic, shown};
use super::mapping::created;
use super::plan::Work;
use super::reading::list;
use crate::config::limits::RESOURCES_MAX;
use crate::config::{Mapping, MappingFields, PathOptions, ProtocolFamily, Resource, ResourcePath};

/// What requests cannot have in their paths as it is.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ');

/// Puts the resources of an answer into a mapping, as far as it can have them.
pub(super) fn carry(
    work: &mut Work<'_>,
    place: &str,
    all: Option<&Value>,
    into: &mut MappingFields,
) {
    let family = into.protocol.family();
    let mut found: BTreeMap<ResourcePath, Resource> = BTreeMap::new();
    for value in list(all) {
        let carried = match family {
            _ if found.len() >= RESOURCES_MAX => {
                let why = format!("a mapping has at most {RESOURCES_MAX} resources");
                none(work, place, value, &why)
            }
            ProtocolFamily::Http => one(work, place, value, into),
            ProtocolFamily::Rfc => {
                let why = "this version forwards no RFC and keeps no function modules; the mapping opens nothing";
                none(work, place, value, why)
            }
            ProtocolFamily::Tcp | ProtocolFamily::Ldap => {
                none(work, place, value, "TCP and LDAP have no resources")
            }
        };
        let carried = carried.filter(|resource| {
            let is_new = !found.contains_key(&resource.path);
            if !is_new {
                let why = "another resource has the same path, read as servers read it";
                let value = Some(resource.path.to_string());
                work.findings.left(place, "resources[].id", value, why);
            }
            is_new
        });
        work.counts.resources.count(carried.is_some());
        found.extend(carried.map(|resource| (resource.path.clone(), resource)));
    }
    into.resources = found.into_values().collect();
}

fn none(work: &mut Work<'_>, place: &str, value: &Value, why: &str) -> Option<Resource> {
    let id = value.get("id").map(shown);
    work.findings.left(place, "resources[].id", id, why);
    None
}

fn one(
    work: &mut Work<'_>,
    place: &str,
    value: &Value,
    into: &mut MappingFields,
) -> Option<Resource> {
    let id = value.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut fields = Fields::of(value, format!("{place} {id}"));
    let id = fields.text("id").unwrap_or_default();
    let path = path(work, fields.place(), &id)?;
    let mut resource = Resource::closed(path);
    resource.enabled = fields.flag("enabled").unwrap_or_default();
    resource.exact_match_only = fields.flag("exactMatchOnly").unwrap_or_default();
    resource.websocket_upgrade_allowed = fields.flag("websocketUpgradeAllowed").unwrap_or_default();
    resource.description = fields.fit("description", &mut work.findings);
    resource.creation_date = created(&mut fields);
    // Behind a slash both meanings are the same.
    let is_prefix = !resource.exact_match_only && !resource.path.as_str().ends_with('/');
    resource.risky_prefix_match = is_prefix && work.choice.prefix == Prefix::Keep;
    let place = fields.place().to_owned();
    fields.finish(&mut work.findings);
    let fitting = fits(work, &place, resource, into);
    if is_prefix && fitting.is_some() {
        prefix(work, &place);
    }
    fitting
}

/// The path in the form that requests are matched against.
fn path(work: &mut Work<'_>, place: &str, id: &str) -> Option<ResourcePath> {
    let encoded = utf8_percent_encode(id, UNSENDABLE).to_string();
    let path = match encoded.parse::<ResourcePath>() {
        Ok(path) => path,
        Err(rule) => {
            let value = Some(id.to_owned());
            let why = match std::error::Error::source(&rule) {
                Some(source) => source.to_string(),
                None => rule.to_string(),
            };
            work.findings.left(place, "resources[].id", value, why);
            return None;
        }
    };
    if path.as_str() != id {
        let why = "the path is kept in the form that requests are matched against";
        let value = Some(format!("{id} → {path}"));
        let findings = &mut work.findings;
        findings.note(Kind::Changed, place, "resources[].id", value, why);
    }
    Some(path)
}

fn prefix(work: &mut Work<'_>, place: &str) {
    let (taken, instead) = match work.choice.prefix {
        Prefix::Keep => (
            "kept as they were, marked as risky",
            "--prefix segments lets them open whole segments only: /a/b then opens /a/b/c, not /a/bxyz",
        ),
        Prefix::Segments => (
            "they open whole segments only",
            "--prefix keep keeps the old meaning: /a/b opens /a/bxyz too",
        ),
    };
    work.findings.decide(Decision {
        topic: Topic::Prefix,
        key: String::new(),
        about: "resources that open every path which begins with their characters".to_owned(),
        taken: taken.to_owned(),
        instead: instead.to_owned(),
        open: false,
        places: vec![place.to_owned()],
    });
}

/// The resource, if the mapping can have it; options that it needs are switched on.
fn fits(
    work: &mut Work<'_>,
    place: &str,
    resource: Resource,
    into: &mut MappingFields,
) -> Option<Resource> {
    let text = resource.path.as_str();
    let options = PathOptions {
        encoded_slashes: into.path_options.encoded_slashes || text.contains("%2F"),
        empty_segments: into.path_options.empty_segments || text.contains("//"),
        ..into.path_options
    };
    let alone = MappingFields {
        path_options: options,
        resources: vec![resource.clone()],
        ..into.clone()
    };
    if let Err(invalid) = Mapping::try_from(alone) {
        let value = Some(text.to_owned());
        let findings = &mut work.findings;
        findings.left(place, "resources[].id", value, invalid.rule);
        return None;
    }
    if options != into.path_options {
        let why = "the path has encoded slashes or empty segments, so the mapping lets such paths through";
        let value = Some(text.to_owned());
        let findings = &mut work.findings;
        findings.note(Kind::Changed, place, "resources[].id", value, why);
        into.path_options = options;
    }
    Some(resource)
}
