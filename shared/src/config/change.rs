//! What a revision changed, part by part, and taking it back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connector::Connector;
use super::delta::{Delta, Op};
use super::document::Document;
use super::invalid::Invalid;
use super::mapping::MappingPart;
use super::part::Part;
use super::subaccount::{SubaccountFields, SubaccountKey};
use crate::host::VirtualAddress;

/// How a part changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// Its content is another one.
    Changed,
}

/// One changed part of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// A place in the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Connector,
    Subaccount(SubaccountKey),
    Mapping(SubaccountKey, VirtualAddress),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector => f.write_str("connector"),
            Self::Subaccount(key) => write!(f, "subaccount {key}"),
            Self::Mapping(key, address) => write!(f, "mapping {address} of {key}"),
        }
    }
}

/// What is at a place; parts are equal where their hashes are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Connector(Arc<Part<Connector>>),
    Subaccount(Arc<Part<SubaccountFields>>),
    Mapping(Arc<MappingPart>),
}

impl Content {
    fn value(&self) -> Value {
        let value = match self {
            Self::Connector(part) => serde_json::to_value(part),
            Self::Subaccount(part) => serde_json::to_value(part),
            Self::Mapping(part) => serde_json::to_value(part),
        };
        value.expect("parts of the document serialise")
    }
}

/// What the steps put where; None where they remove.
fn contents(delta: &Delta) -> BTreeMap<Place, Option<Content>> {
    let step = |op: &Op| match op {
        Op::PutConnector(part) => (Place::Connector, Some(Content::Connector(Arc::clone(part)))),
        Op::RemoveSubaccount(key) => (Place::Subaccount(key.clone()), None),
        Op::PutSubaccount(part) => (
            Place::Subaccount(part.key.clone()),
            Some(Content::Subaccount(Arc::clone(part))),
        ),
        Op::RemoveMapping {
            subaccount,
            address,
        } => (Place::Mapping(subaccount.clone(), address.clone()), None),
        Op::PutMapping {
            subaccount,
            mapping,
        } => (
            Place::Mapping(subaccount.clone(), mapping.virtual_address.clone()),
            Some(Content::Mapping(Arc::clone(mapping))),
        ),
    };
    delta.ops.iter().map(step).collect()
}

/// What changed at each place that the steps or their inverse touch: before and after.
fn touched(
    forward: &Delta,
    inverse: &Delta,
) -> BTreeMap<Place, (Option<Content>, Option<Content>)> {
    let mut all = BTreeMap::new();
    for (place, before) in contents(inverse) {
        all.insert(place, (before, None));
    }
    for (place, after) in contents(forward) {
        all.entry(place).or_insert((None, None)).1 = after;
    }
    all
}

/// The changes that `forward` made, with `inverse` as the steps back.
pub fn changes(forward: &Delta, inverse: &Delta) -> Vec<Change> {
    let changed = |(place, (before, after)): (Place, (Option<Content>, Option<Content>))| {
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
        for (place, (before, after)) in &touched {
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
        Ok(self.apply(inverse)?)
    }

    fn content(&self, place: &Place) -> Option<Content> {
        match place {
            Place::Connector => Some(Content::Connector(Arc::clone(self.connector()))),
            Place::Subaccount(key) => {
                let own = self.subaccount(key)?.own();
                Some(Content::Subaccount(Arc::clone(own)))
            }
            Place::Mapping(key, address) => {
                let subaccount = self.subaccount(key)?;
                let mapping = subaccount.mapping(address.host.as_str(), address.port.get())?;
                Some(Content::Mapping(Arc::clone(mapping)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
