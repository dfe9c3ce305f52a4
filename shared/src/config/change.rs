//! What a revision changed, part by part, and taking it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alert_rules::AlertRules;
use super::alerting::Alerting;
use super::audit::AuditSettings;
use super::connector::Connector;
use super::delta::{Delta, Op};
use super::document::Document;
use super::fields::{FieldChange, field_changes};
use super::heartbeat::Heartbeat;
use super::history::HistorySettings;
use super::invalid::Invalid;
use super::logs::LogSettings;
use super::mail::Mail;
use super::part::Part;
use super::place::{Content, LASTING, Place, Touched, settings, touched};
use super::propagation::PpSettings;

/// How a part changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// Its content is another one.
    Changed,
}

impl ChangeKind {
    /// The sign before a changed part in lists for people.
    pub const fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

/// One changed part of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// How it changed.
    pub change: ChangeKind,
    /// Which part.
    pub part: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl Change {
    /// How people see it: settings at their defaults are not written, so ones that come or go were
    /// there before, and are there after.
    pub fn kind(&self) -> ChangeKind {
        match default_of(&self.part) {
            Some(_) => ChangeKind::Changed,
            None => self.change,
        }
    }

    /// Its fields that differ; those of settings from their defaults.
    pub fn fields(&self) -> Vec<FieldChange> {
        let default = default_of(&self.part);
        let before = self.before.as_ref().or(default.as_ref());
        let after = self.after.as_ref().or(default.as_ref());
        field_changes(before, after)
    }
}

/// The default of a setting of the agent that is one object, and not written while it is at it.
fn default_of(part: &str) -> Option<Value> {
    let default = match part.strip_prefix("connector.")? {
        "alerting" => serde_json::to_value(Alerting::default()),
        "alertRules" => serde_json::to_value(AlertRules::default()),
        "audit" => serde_json::to_value(AuditSettings::default()),
        "email" => serde_json::to_value(Mail::default()),
        "heartbeat" => serde_json::to_value(Heartbeat::default()),
        "history" => serde_json::to_value(HistorySettings::default()),
        "logAndTrace" => serde_json::to_value(LogSettings::default()),
        "ppSettings" => serde_json::to_value(PpSettings::default()),
        _ => return None,
    };
    default.ok()
}

/// The changes that `forward` made, with `inverse` as the steps back.
pub fn changes(forward: &Delta, inverse: &Delta) -> Vec<Change> {
    let changed = |(place, Touched { before, after }): (Place, Touched)| {
        let change = match (&before, &after) {
            (None, None) => return None,
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
            (Some(_), Some(_)) => ChangeKind::Changed,
        };
        Some(Change {
            change,
            part: place.to_string(),
            before: before.as_ref().map(Content::value),
            after: after.as_ref().map(Content::value),
        })
    };
    touched(forward, inverse)
        .into_iter()
        .filter_map(changed)
        .collect()
}

/// Why a revision cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// These parts were changed again since.
    #[error("these parts were changed again since: {}", .0.join(", "))]
    NoLongerFits(Vec<String>),
    /// The result would break a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Document {
    /// Takes back what `forward` did, by its `inverse`, where all that it touched is still as it
    /// left it. Other changes since then stay.
    ///
    /// # Errors
    /// Where it no longer fits.
    pub fn undo(&self, forward: &Delta, inverse: &Delta) -> Result<Self, UndoError> {
        let touched = touched(forward, inverse);
        let mut changed: Vec<String> = vec![];
        for (place, Touched { before, after }) in &touched {
            if self.content(place) != *after {
                changed.push(place.to_string());
            }
            // With a subaccount go all its mappings, also those that came later.
            if let (Place::Subaccount(key), None) = (place, before)
                && let Some(subaccount) = self.subaccount(key)
            {
                let places = subaccount.mappings().iter();
                let places =
                    places.map(|one| Place::Mapping(key.clone(), one.virtual_address.clone()));
                let later = places.filter(|place| !touched.contains_key(place));
                changed.extend(later.map(|place| place.to_string()));
            }
        }
        if !changed.is_empty() {
            return Err(UndoError::NoLongerFits(changed));
        }
        let merged = |op: &Op| match op {
            Op::PutConnector(_) => self.with_settings(&touched).map(Op::PutConnector),
            Op::RemoveSubaccount(_)
            | Op::PutSubaccount(_)
            | Op::RemoveMapping { .. }
            | Op::PutMapping { .. } => Ok(op.clone()),
        };
        let ops: Result<Vec<Op>, Invalid> = inverse.ops.iter().map(merged).collect();
        Ok(self.apply(&Delta { ops: ops? })?)
    }

    /// A state of the past as it may come back: what must last is as it is in this document.
    ///
    /// # Errors
    /// When the two together break a rule.
    pub fn restoring(&self, past: &Self) -> Result<Self, Invalid> {
        let (mut all, present) = (settings(past.connector()), settings(self.connector()));
        for &name in LASTING {
            match present.get(name) {
                Some(value) => drop(all.insert(name.to_owned(), value.clone())),
                None => drop(all.remove(name)),
            }
        }
        if all == settings(past.connector()) {
            return Ok(past.clone());
        }
        past.apply(&Delta {
            ops: vec![Op::PutConnector(connector(all)?)],
        })
    }

    /// The present settings, with those that were touched as they were before.
    fn with_settings(
        &self,
        touched: &BTreeMap<Place, Touched>,
    ) -> Result<Arc<Part<Connector>>, Invalid> {
        let mut all = settings(self.connector());
        for (place, Touched { before, .. }) in touched {
            if let Place::Setting(name) = place {
                match before {
                    Some(before) => drop(all.insert(name.clone(), before.value())),
                    None => drop(all.remove(name)),
                }
            }
        }
        connector(all)
    }
}

pub(crate) fn connector(
    settings: serde_json::Map<String, Value>,
) -> Result<Arc<Part<Connector>>, Invalid> {
    let connector: Connector = serde_json::from_value(Value::Object(settings))
        .map_err(|error| Invalid::new("connector", error.to_string()))?;
    Ok(Arc::new(Part::new(connector)))
}

#[cfg(test)]
mod tests;
