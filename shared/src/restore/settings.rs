//! The settings of the agent as a whole that a restore leads to.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::adaptation::{Adaptation, AdaptationKind};
use super::choice::{RestoreMode, RestorePart};
use super::draft::Sources;
use crate::config::{Connector, Invalid, LASTING, Part, connector_of, settings_of};
use crate::id::CredentialId;

/// Settings that say whom the agent trusts.
const TRUST: &[&str] = &["backendTrust", "emailTrust"];
/// The agent's own certificates, whose parts are judged one by one.
const CERTIFICATES: &str = "certificates";
/// Fields of settings that hold ids of the secret store.
const IDS: &[&str] = &[
    "credential",
    "password",
    "path",
    "secret",
    "key",
    "pendingKey",
];
/// Lists of settings that are brought together entry by entry, with what tells entries apart.
const LISTS: &[(&str, &[&str])] = &[
    ("backupSchedules", &["name"]),
    ("emailTrust", &["alias", "certificate"]),
    ("monitoringUsers", &["name"]),
    ("operators", &["id", "name"]),
    ("regions", &["name", "regionHost"]),
    ("webhooks", &["name"]),
];

fn part_of(name: &str) -> RestorePart {
    if LASTING.contains(&name) {
        RestorePart::Operators
    } else if TRUST.contains(&name) {
        RestorePart::Trust
    } else {
        RestorePart::Settings
    }
}

/// Takes what was chosen from the backup; all else stays.
pub(super) fn pick(
    sources: &Sources<'_>,
    told: &mut Vec<Adaptation>,
) -> Result<Arc<Part<Connector>>, Invalid> {
    let mine = settings_of(sources.present.connector());
    let theirs = settings_of(sources.backup.connector());
    let mut all = Map::new();
    let mut names: Vec<&String> = mine.keys().chain(theirs.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (own, other) = (mine.get(name), theirs.get(name));
        let value = if name == CERTIFICATES {
            certificates(sources, own, other, told)
        } else if sources.has(part_of(name)) {
            setting(sources, name, own, other, told)
        } else {
            own.cloned()
        };
        if let Some(value) = value {
            all.insert(name.clone(), value);
        }
    }
    connector_of(all)
}

fn setting(
    sources: &Sources<'_>,
    name: &str,
    own: Option<&Value>,
    other: Option<&Value>,
    told: &mut Vec<Adaptation>,
) -> Option<Value> {
    let merging = sources.choice.mode == RestoreMode::Merge;
    let Some(other) = other else {
        return own.filter(|_| merging).cloned();
    };
    if ids(other).iter().any(|id| sources.lacks(*id)) {
        told.push(Adaptation::new(
            AdaptationKind::SecretMissing,
            format!("connector.{name}"),
            format!("a secret of {name} was missing when the backup was made, and is not here"),
            "set it again after the restore",
        ));
    }
    let other = renamed(sources, other);
    Some(match own {
        Some(own) if merging => union(name, own, other),
        Some(_) | None => other,
    })
}

/// Each of the agent's certificates comes whole, with its key, or not at all.
fn certificates(
    sources: &Sources<'_>,
    own: Option<&Value>,
    other: Option<&Value>,
    told: &mut Vec<Adaptation>,
) -> Option<Value> {
    let mut all = Map::new();
    for (field, part) in [
        ("system", RestorePart::Settings),
        ("ppCa", RestorePart::Settings),
        ("ui", RestorePart::Machine),
    ] {
        let of = |all: Option<&Value>| all.and_then(|all| all.get(field)).cloned();
        let (mine, theirs) = (of(own), of(other));
        let place = format!("connector.certificates.{field}");
        let chosen = sources.has(part);
        let value = match theirs {
            Some(theirs) if chosen => match whole(sources, theirs) {
                Some(theirs) => Some(renamed(sources, &theirs)),
                None => {
                    told.push(Adaptation::new(
                        AdaptationKind::SecretMissing,
                        place,
                        "the backup has no private key for this certificate, so it stays as it is here",
                        "make or import the certificate after the restore",
                    ));
                    mine
                }
            },
            Some(theirs) => {
                if sources.has(RestorePart::Settings) && mine.as_ref() != Some(&theirs) {
                    told.push(Adaptation::new(
                        AdaptationKind::MachineBound,
                        place,
                        "the certificate of the management API belongs to the host and stays as it is here",
                        "choose the part machine if this host takes the place of the old one",
                    ));
                }
                mine
            }
            None if chosen && sources.choice.mode == RestoreMode::Replace && sources.can(part) => {
                None
            }
            None => mine,
        };
        if let Some(value) = value {
            all.insert(field.to_owned(), value);
        }
    }
    (!all.is_empty()).then_some(Value::Object(all))
}

/// A certificate without the keys that are nowhere; nothing where it cannot do without.
fn whole(sources: &Sources<'_>, mut certificate: Value) -> Option<Value> {
    let fields = certificate.as_object_mut()?;
    let lost = |value: &Value| {
        let id = value.as_str().and_then(|text| text.parse().ok());
        id.is_some_and(|id: CredentialId| sources.lacks(id))
    };
    if fields.get("key").is_some_and(lost) {
        return None;
    }
    if fields.get("pendingKey").is_some_and(lost) {
        fields.remove("pendingKey");
    }
    (!fields.is_empty()).then_some(certificate)
}

/// The ids of the secret store in a setting.
fn ids(value: &Value) -> Vec<CredentialId> {
    let mut found = vec![];
    walk(value, &mut |id| found.push(id));
    found
}

fn walk(value: &Value, each: &mut impl FnMut(CredentialId)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().map(str::parse) {
                    Some(Ok(id)) if IDS.contains(&name.as_str()) => each(id),
                    Some(_) | None => walk(value, each),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|one| walk(one, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A setting with the ids under which its secrets will be kept here.
fn renamed(sources: &Sources<'_>, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let id = value.as_str().and_then(|text| text.parse().ok());
                let id = id.filter(|_| IDS.contains(&name.as_str()));
                let value = match id.and_then(|id: CredentialId| sources.renamed.get(&id)) {
                    Some(new) => Value::String(new.to_string()),
                    None => renamed(sources, value),
                };
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Array(all) => all.iter().map(|one| renamed(sources, one)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Brings two values of a setting together; the second holds where both say something.
fn union(name: &str, own: &Value, other: Value) -> Value {
    if name == "backendTrust" {
        let Value::Object(mut fields) = other else {
            return other;
        };
        let list = "certificates";
        if let (Some(own), Some(other)) = (own.get(list), fields.get(list)) {
            let both = entries(&["alias", "certificate"], own, other);
            fields.insert(list.to_owned(), both);
        }
        return Value::Object(fields);
    }
    if name == "allowedTargets" {
        let all = [&other, own].into_iter().filter_map(Value::as_array);
        return all.flatten().cloned().collect();
    }
    match LISTS.iter().find(|(list, _)| *list == name) {
        Some((_, keys)) => entries(keys, own, &other),
        None => other,
    }
}

/// The entries of the second list, and those of the first that share nothing with one of them that
/// tells entries apart.
fn entries(keys: &[&str], own: &Value, other: &Value) -> Value {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut all = list(other);
    let taken = all.clone();
    let free = |one: &Value| {
        taken.iter().all(|other| {
            let same = |key: &&str| one.get(key).is_some() && one.get(key) == other.get(key);
            !keys.iter().any(same)
        })
    };
    all.extend(list(own).into_iter().filter(free));
    Value::Array(all)
}
