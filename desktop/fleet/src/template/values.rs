//! What variables are for which agent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use underpass_shared::config::Invalid;
use underpass_shared::id::AgentId;
use underpass_shared::strict;

use super::Template;
use super::variables::Known;
use crate::snapshot::AgentSnapshot;

/// What of an agent a template may name.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Who it is.
    pub id: AgentId,
    /// How the user calls it.
    pub label: &'a str,
    /// The group that the user put it in.
    pub group: Option<&'a str>,
}

impl<'a> About<'a> {
    /// What is known of an agent.
    pub fn of(agent: &'a AgentSnapshot) -> Self {
        Self {
            id: agent.id,
            label: &agent.label,
            group: agent.group.as_deref(),
        }
    }
}

/// Whom a value is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All agents.
    #[default]
    All,
    /// The agents of a group.
    Group(String),
    /// One agent, by its label or id.
    Agent(String),
}

/// Values of variables: what is said of one agent goes before what is said of its group, and that
/// before what is said of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Values {
    /// Of all agents.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub all: Map<String, Value>,
    /// Of the agents of groups, by the names of the groups.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Map<String, Value>>,
    /// Of single agents, by their labels or ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, Map<String, Value>>,
}

impl Values {
    /// Reads a file of values.
    ///
    /// # Errors
    /// When it is something else; the field is named.
    pub fn from_json(text: &str) -> Result<Self, Invalid> {
        Ok(strict::read(text.as_bytes())?)
    }

    /// Takes a value for all agents as somebody types it.
    ///
    /// # Errors
    /// When the template does not have the variable, or it may not have the value.
    pub fn set(&mut self, template: &Template, name: &str, typed: &str) -> Result<(), Invalid> {
        self.set_for(&Scope::All, template, name, typed)
    }

    /// Takes a value for some agents as somebody types it.
    ///
    /// # Errors
    /// When the template does not have the variable, or it may not have the value.
    pub fn set_for(
        &mut self,
        scope: &Scope,
        template: &Template,
        name: &str,
        typed: &str,
    ) -> Result<(), Invalid> {
        let variable = template.variables.get(name);
        let variable = variable.ok_or_else(|| unknown(template, name))?;
        let value = variable.read(name, typed)?;
        let values = match scope {
            Scope::All => &mut self.all,
            Scope::Group(group) => self.groups.entry(group.clone()).or_default(),
            Scope::Agent(agent) => self.agents.entry(agent.clone()).or_default(),
        };
        values.insert(name.to_owned(), value);
        Ok(())
    }

    /// Whether a template can use them, whatever the agent.
    ///
    /// # Errors
    /// When it does not have one of the variables, or one may not have its value.
    pub fn check(&self, template: &Template) -> Result<(), Invalid> {
        let special = self.groups.values().chain(self.agents.values());
        for (name, value) in std::iter::once(&self.all).chain(special).flatten() {
            let variable = template.variables.get(name);
            variable
                .ok_or_else(|| unknown(template, name))?
                .check_value(name, value)?;
        }
        Ok(())
    }

    /// What is said of one agent, the more special first.
    fn said(&self, about: &About<'_>) -> [Option<&Map<String, Value>>; 4] {
        let group = about.group.and_then(|group| self.groups.get(group));
        let by_label = self.agents.get(about.label);
        let by_id = self.agents.get(&about.id.to_string());
        [by_id, by_label, group, Some(&self.all)]
    }

    /// The variables of a template that have no value for one agent.
    pub fn missing<'a>(&self, template: &'a Template, about: &About<'_>) -> Vec<&'a str> {
        let said = self.said(about);
        let all = template.variables.iter();
        let open = all.filter(|(name, variable)| {
            let mut said = said.iter().flatten();
            variable.default.is_none() && !said.any(|values| values.contains_key(*name))
        });
        open.map(|(name, _)| name.as_str()).collect()
    }

    /// The values for one agent.
    pub(super) fn of(&self, template: &Template, about: &About<'_>) -> Result<Known, Invalid> {
        self.check(template)?;
        let id = about.id.to_string();
        let said = self.said(about);
        let mut known = Known::new();
        for (name, variable) in &template.variables {
            let said = said.iter().flatten().find_map(|values| values.get(name));
            let value = said.or(variable.default.as_ref()).ok_or_else(|| {
                let rule = format!(
                    "has no value for {}; give it one for all agents, for its group or for it alone",
                    about.label
                );
                Invalid::new(format!("variables.{name}"), rule)
            })?;
            known.insert(name.clone(), value.clone());
        }
        known.extend([
            ("agent.label".to_owned(), about.label.into()),
            (
                "agent.group".to_owned(),
                about.group.unwrap_or_default().into(),
            ),
            ("agent.id".to_owned(), id.into()),
        ]);
        Ok(known)
    }
}

fn unknown(template: &Template, name: &str) -> Invalid {
    let known: Vec<&str> = template.variables.keys().map(String::as_str).collect();
    let rule = match known.as_slice() {
        [] => "is unknown; the template has no variables".to_owned(),
        known => format!("is unknown; the template has {}", known.join(", ")),
    };
    Invalid::new(format!("variables.{name}"), rule)
}
