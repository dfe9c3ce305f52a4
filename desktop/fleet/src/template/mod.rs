//! Changes for many agents: what their configurations shall have in common, with variables where
//! they differ.
//!
//! A template leads from the configuration that an agent has to the one that it shall have. It says
//! nothing about what it does not name. So it is a change for [`crate::bulk`], and what agents are
//! compared with by [`crate::drift`].

mod change;
mod merge;
mod render;
mod values;
mod variables;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use underpass_shared::config::{Document, Invalid};
use underpass_shared::strict;

pub use self::change::Carried;
pub(crate) use self::merge::json;
pub use self::values::{About, Scope, Values};
pub use self::variables::{Kind, Variable};

/// The form of templates that this program knows.
const FORMAT: u32 = 1;
/// Most variables; nobody fills in more by hand.
const VARIABLES_MAX: usize = 500;
/// Most subaccounts that are named; a document holds no more.
const SUBACCOUNTS_MAX: usize = 1_000;
/// The longest name.
const NAME_LEN_MAX: usize = 100;

/// Settings that belong to one agent alone: who it is, who may manage it, and what its secret store
/// holds. No template carries them from one agent to another.
const OWN_SETTINGS: &[&str] = &[
    "certificates",
    "monitoringUsers",
    "operators",
    "organisation",
    "webhooks",
];
/// The part of other settings that the secret store holds.
const SECRET: &str = "credential";
/// What of a subaccount is found by, or belongs to one agent alone.
const OWN_FIELDS: &[&str] = &[
    "credential",
    "instance",
    "locationId",
    "mappings",
    "regionHost",
    "subaccount",
];

/// What configurations shall have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    format: u32,
    /// How it is called.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What differs from agent to agent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Variable>,
    /// Settings of the agent as a whole, merged into what is there (RFC 7396).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    /// What is in subaccounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subaccounts: Vec<SubaccountPart>,
}

/// What subaccounts shall have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SubaccountPart {
    /// Which subaccounts; all of them where it is empty.
    #[serde(rename = "match", skip_serializing_if = "Map::is_empty")]
    pub wanted: Map<String, Value>,
    /// Whether an agent may have none of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Their own fields, merged into what is there.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Mappings as they shall be, whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<Map<String, Value>>,
    /// What shall be otherwise in mappings that are there, merged into them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub change_mappings: Vec<Map<String, Value>>,
    /// The virtual addresses of mappings that shall be gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_mappings: Vec<String>,
    /// Whether all other mappings shall be gone too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_these: bool,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When it breaks a rule; the field is named.
    pub fn from_json(text: &str) -> Result<Self, Invalid> {
        let template: Self = strict::read(text.as_bytes())?;
        template.check()?;
        Ok(template)
    }

    /// Writes it, indented.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A template of all that an agent has and others may have: no operators, no secrets, no
    /// identities. Its subaccounts are found by gateway and tenant, whatever their location ID.
    ///
    /// # Errors
    /// When the document does not have the form of documents.
    pub fn of(document: &Document, name: &str) -> Result<Self, Invalid> {
        let mut whole = json(document)?;
        let mut settings = merge::take_object(&mut whole, "connector");
        document
            .own_settings()
            .for_each(|name| drop(settings.remove(name)));
        let mut subaccounts = vec![];
        for mut one in merge::take_list(&mut whole, "subaccounts") {
            let mut wanted = Map::new();
            for key in ["regionHost", "subaccount"] {
                wanted.extend(one.remove(key).map(|value| (key.to_owned(), value)));
            }
            let mut mappings = merge::take_list(&mut one, "mappings");
            mappings
                .iter_mut()
                .for_each(|mapping| drop(mapping.remove("creationDate")));
            one.retain(|name, _| !OWN_FIELDS.contains(&name.as_str()));
            subaccounts.push(SubaccountPart {
                wanted,
                optional: true,
                set: one,
                mappings,
                only_these: true,
                ..SubaccountPart::default()
            });
        }
        let template = Self {
            format: FORMAT,
            name: name.to_owned(),
            description: String::new(),
            variables: BTreeMap::new(),
            settings: variables::escaped(settings),
            subaccounts: variables::escaped_parts(subaccounts),
        };
        template.check()?;
        Ok(template)
    }

    /// The rules that do not need an agent.
    fn check(&self) -> Result<(), Invalid> {
        if self.format != FORMAT {
            let rule = format!("is {}, but this program knows {FORMAT}", self.format);
            return Err(Invalid::new("format", rule));
        }
        let most = |field: &str, count: usize, most: usize| match count > most {
            true => Err(Invalid::new(field, format!("at most {most} are allowed"))),
            false => Ok(()),
        };
        most("name", self.name.chars().count(), NAME_LEN_MAX)?;
        most("variables", self.variables.len(), VARIABLES_MAX)?;
        most("subaccounts", self.subaccounts.len(), SUBACCOUNTS_MAX)?;
        for (name, variable) in &self.variables {
            variable.check(name)?;
        }
        let own = |name: &&String| OWN_SETTINGS.contains(&name.as_str());
        if let Some(name) = self.settings.keys().find(own) {
            let rule = "belongs to each agent alone; a template cannot set it";
            return Err(Invalid::new(format!("settings.{name}"), rule));
        }
        let has_secret = |(_, value): &(&String, &Value)| names_secret(value);
        if let Some((name, _)) = self.settings.iter().find(has_secret) {
            let rule = "names what the secret store of one agent holds; set it on each agent";
            return Err(Invalid::new(format!("settings.{name}.{SECRET}"), rule));
        }
        for (i, part) in self.subaccounts.iter().enumerate() {
            part.check(&format!("subaccounts[{i}]"))?;
        }
        self.check_names()
    }
}

/// Whether the secret store holds a part of a value, however deep.
fn names_secret(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.contains_key(SECRET) || fields.values().any(names_secret),
        Value::Array(all) => all.iter().any(names_secret),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

impl SubaccountPart {
    fn check(&self, field: &str) -> Result<(), Invalid> {
        for name in self.wanted.keys() {
            if !render::MATCHES.contains(&name.as_str()) {
                let rule = format!("is unknown; known are {}", render::MATCHES.join(", "));
                return Err(Invalid::new(format!("{field}.match.{name}"), rule));
            }
        }
        let own = |name: &&String| OWN_FIELDS.contains(&name.as_str());
        if let Some(name) = self.set.keys().find(own) {
            let rule = "cannot be set: a subaccount is found by it, or it belongs to the agent";
            return Err(Invalid::new(format!("{field}.set.{name}"), rule));
        }
        for (list, mappings) in [
            ("mappings", &self.mappings),
            ("changeMappings", &self.change_mappings),
        ] {
            for (i, mapping) in mappings.iter().enumerate() {
                if !matches!(mapping.get("virtualAddress"), Some(Value::String(_))) {
                    let field = format!("{field}.{list}[{i}].virtualAddress");
                    return Err(Invalid::new(field, "is missing"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
