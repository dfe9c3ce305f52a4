//! From a change that was made on one configuration to the template that makes it on others.

use serde_json::{Map, Value};
use underpass_shared::config::{Document, Invalid, Subaccount};

use super::merge::{json, take_list, take_object};
use super::variables::{escaped, escaped_parts};
use super::{FORMAT, OWN_FIELDS, OWN_SETTINGS, SECRET, SubaccountPart, Template, names_secret};

/// A template that makes a change, and what of the change no template can carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// The template.
    pub template: Template,
    /// Paths of what belongs to one agent alone, or would need an enrolment.
    pub left_out: Vec<String>,
}

impl Template {
    /// A template that changes nothing, to be filled.
    pub fn empty(name: &str) -> Self {
        Self {
            format: FORMAT,
            name: name.to_owned(),
            description: String::new(),
            variables: std::collections::BTreeMap::new(),
            settings: Map::new(),
            subaccounts: vec![],
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        let says_nothing = |part: &SubaccountPart| {
            part.set.is_empty()
                && part.mappings.is_empty()
                && part.change_mappings.is_empty()
                && part.remove_mappings.is_empty()
                && !part.only_these
        };
        self.settings.is_empty() && self.subaccounts.iter().all(says_nothing)
    }

    /// What leads from one configuration to another, and no more. Subaccounts are found by gateway
    /// and tenant; the location ID counts where the agent has several of one tenant.
    ///
    /// # Errors
    /// When the documents do not have the form of documents.
    pub fn change(before: &Document, after: &Document, name: &str) -> Result<Carried, Invalid> {
        let mut left_out = vec![];
        let (mut old, mut new) = (json(before)?, json(after)?);
        let settings = patch(
            &take_object(&mut old, "connector"),
            &take_object(&mut new, "connector"),
        );
        let settings = without_own(settings, &mut left_out);
        let old = keyed(before, take_list(&mut old, "subaccounts"));
        let new = keyed(after, take_list(&mut new, "subaccounts"));
        for (subaccount, _) in &old {
            if after.subaccount(subaccount.key()).is_none() {
                left_out.push(format!("subaccounts[{}]", subaccount.key()));
            }
        }
        let mut parts = vec![];
        for (subaccount, new) in new {
            let place = format!("subaccounts[{}]", subaccount.key());
            let found = old.iter().find(|(one, _)| one.key() == subaccount.key());
            match found {
                None => left_out.push(place),
                Some((_, old)) if *old == new => {}
                Some((_, old)) => {
                    let part = part(before, subaccount, old, new, &mut left_out);
                    parts.push(part);
                }
            }
        }
        let template = Self {
            settings: escaped(settings),
            subaccounts: escaped_parts(parts),
            ..Self::empty(name)
        };
        template.check()?;
        Ok(Carried { template, left_out })
    }
}

/// Subaccounts with what is written of them.
fn keyed(
    document: &Document,
    items: Vec<Map<String, Value>>,
) -> Vec<(&Subaccount, Map<String, Value>)> {
    document
        .subaccounts()
        .iter()
        .map(|one| &**one)
        .zip(items)
        .collect()
}

/// Without what belongs to one agent alone.
fn without_own(mut settings: Map<String, Value>, left_out: &mut Vec<String>) -> Map<String, Value> {
    for name in OWN_SETTINGS {
        if settings.remove(*name).is_some() {
            left_out.push(format!("connector.{name}"));
        }
    }
    for (name, value) in &mut settings {
        if let Value::Object(members) = value
            && members.remove(SECRET).is_some()
        {
            left_out.push(format!("connector.{name}.{SECRET}"));
        }
    }
    // Deeper ones stand in lists, whose entries do not go without.
    settings.retain(|name, value| {
        let own = names_secret(value);
        if own {
            left_out.push(format!("connector.{name}"));
        }
        !own && value.as_object().is_none_or(|members| !members.is_empty())
    });
    settings
}

/// What changes in a subaccount.
fn part(
    before: &Document,
    subaccount: &Subaccount,
    old: &Map<String, Value>,
    mut new: Map<String, Value>,
    left_out: &mut Vec<String>,
) -> SubaccountPart {
    let key = subaccount.key();
    let is_same = |one: &&std::sync::Arc<Subaccount>| {
        let other = one.key();
        (&other.region_host, other.subaccount) == (&key.region_host, key.subaccount)
    };
    let has_several = before.subaccounts().iter().filter(is_same).count() > 1;
    let mut wanted = Map::new();
    for name in ["regionHost", "subaccount", "locationId"] {
        if name != "locationId" || has_several {
            wanted.extend(new.get(name).map(|value| (name.to_owned(), value.clone())));
        }
    }
    let mut old = old.clone();
    let (old_mappings, new_mappings) = (
        take_list(&mut old, "mappings"),
        take_list(&mut new, "mappings"),
    );
    let mut set = patch(&old, &new);
    for name in OWN_FIELDS {
        if set.remove(*name).is_some() {
            left_out.push(format!("subaccounts[{key}].{name}"));
        }
    }
    let mut part = SubaccountPart {
        wanted,
        set,
        ..SubaccountPart::default()
    };
    let of = |all: &[Map<String, Value>], address: &Value| {
        let is = |one: &&Map<String, Value>| one.get("virtualAddress") == Some(address);
        all.iter().find(is).cloned()
    };
    for mapping in &old_mappings {
        if let Some(Value::String(address)) = mapping.get("virtualAddress")
            && of(&new_mappings, &address.as_str().into()).is_none()
        {
            part.remove_mappings.push(address.clone());
        }
    }
    for mut mapping in new_mappings {
        let Some(address) = mapping.get("virtualAddress").cloned() else {
            continue;
        };
        match of(&old_mappings, &address) {
            None => {
                mapping.remove("creationDate");
                part.mappings.push(mapping);
            }
            Some(old) => {
                let mut changed = patch(&old, &mapping);
                changed.remove("creationDate");
                if !changed.is_empty() {
                    changed.insert("virtualAddress".to_owned(), address);
                    part.change_mappings.push(changed);
                }
            }
        }
    }
    part
}

/// The patch (RFC 7396) that leads from one object to another.
fn patch(old: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let mut patched = Map::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patched.insert(name.clone(), Value::Null);
    }
    for (name, new) in new {
        match (old.get(name), new) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(old)), Value::Object(new)) => {
                patched.insert(name.clone(), Value::Object(patch(old, new)));
            }
            (Some(_) | None, new) => {
                patched.insert(name.clone(), new.clone());
            }
        }
    }
    patched
}
